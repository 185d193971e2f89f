// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Words the answers that the listener gives by itself, for requests that never reach the handler:
 * 400, 408, 413, 414, 431, 500, 503. Called on an event loop.
 */
@FunctionalInterface
public interface Refusal {
    /** The whole answer; the message says what, and is meant for people. */
    HttpResponse response(int status, String message);

    /** One line of text. */
    static HttpResponse plainText(int status, String message) {
        return new HttpResponse(
                status,
                Map.of("content-type", "text/plain; charset=utf-8"),
                (message + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
