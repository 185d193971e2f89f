// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

import org.jspecify.annotations.Nullable;

/** The driver could not do it. {@link #kind} tells the caller what to do next. */
public final class DriverException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What the caller should do. */
    public enum Kind {
        /** Nothing more: what was to be changed is not there. */
        GONE,
        /** Not ask again for the same: it will never work. */
        REFUSED,
        /** Retry later. */
        UNAVAILABLE
    }

    private final Kind kind;
    private final String reason;

    /**
     * @param reason one CamelCase word for a container's {@code waiting.reason} or an event, for
     *     instance {@code ErrImagePull}
     * @param message what, which, and what would help; no secrets
     */
    public DriverException(Kind kind, String reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.reason = reason;
    }

    public Kind kind() {
        return kind;
    }

    public String reason() {
        return reason;
    }
}
