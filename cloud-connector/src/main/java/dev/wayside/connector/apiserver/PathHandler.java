// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpRequest;

/** Answers GETs of one path, of those who may. Safe for any thread. */
public interface PathHandler {
    /**
     * Must not block for long.
     *
     * @throws dev.wayside.connector.store.ApiException to refuse
     */
    void handle(HttpRequest request, HttpExchange exchange);
}
