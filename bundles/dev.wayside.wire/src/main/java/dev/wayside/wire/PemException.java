// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import org.jspecify.annotations.Nullable;

/** A PEM text is not what was expected. The message never holds the text itself. */
public final class PemException extends Exception {
    private static final long serialVersionUID = 1L;

    PemException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
