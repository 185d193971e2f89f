// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/** The text is no JSON within the limits; the message says what and where. */
public final class JsonException extends Exception {
    private static final long serialVersionUID = 1L;

    public JsonException(String message) {
        super(message);
    }

    public JsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
