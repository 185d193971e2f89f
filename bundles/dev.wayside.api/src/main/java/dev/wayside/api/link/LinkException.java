// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.link;

import org.jspecify.annotations.Nullable;

/** A request to the connector did not succeed. */
public final class LinkException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * @param status the HTTP status, 0 if there was no answer: then the request may or may not have
     *     taken effect
     */
    public LinkException(int status, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /** The HTTP status of the answer, 0 if there was none. */
    public int status() {
        return status;
    }
}
