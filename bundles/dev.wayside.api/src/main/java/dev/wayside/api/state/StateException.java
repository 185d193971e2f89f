// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.state;

import org.jspecify.annotations.Nullable;

/** The state cache could not store something; what was stored before is unharmed. */
public final class StateException extends Exception {
    private static final long serialVersionUID = 1L;

    public StateException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
