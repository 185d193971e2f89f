// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The server certainly did not act upon the request: repeat it on a new connection. */
public final class NotSentException extends IOException {
    private static final long serialVersionUID = 1L;

    NotSentException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
