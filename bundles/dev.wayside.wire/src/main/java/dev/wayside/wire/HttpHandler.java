// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

/**
 * Answers requests. Called on an event loop, for many requests at once: it must not block, and must
 * be safe for any thread.
 */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Answers now or later, from any thread, exactly once: by {@link HttpExchange#respond} or
     * {@link HttpExchange#stream}. If it throws, the answer is 500 without detail.
     */
    void handle(HttpRequest request, HttpExchange exchange);
}
