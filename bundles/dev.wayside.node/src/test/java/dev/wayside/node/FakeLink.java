// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.link.LinkException;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Writes down what is sent; answers with success, or with the status that a test sets. */
final class FakeLink implements CloudLink {
    record Sent(String method, String path, JsonObject body) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    final List<Sent> sent = new ArrayList<>();

    /** By a part of {@code METHOD PATH$}; 0 for no answer. */
    final Map<String, Integer> failures = new TreeMap<>();

    boolean connected = true;

    @Override
    public CompletableFuture<JsonObject> send(String method, String path, JsonObject body) {
        Sent now = new Sent(method, path, body);
        sent.add(now);
        for (Map.Entry<String, Integer> failure : failures.entrySet()) {
            if ((now + "$").contains(failure.getKey())) {
                return CompletableFuture.failedFuture(
                        new LinkException(failure.getValue(), "said no", null));
            }
        }
        return CompletableFuture.completedFuture(JsonObject.EMPTY);
    }

    @Override
    public boolean connected() {
        return connected;
    }

    /** What was sent since the last call. */
    List<Sent> take() {
        List<Sent> taken = List.copyOf(sent);
        sent.clear();
        return taken;
    }

    List<Sent> takeMatching(String part) {
        return take().stream().filter(it -> it.toString().contains(part)).toList();
    }
}
