// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The UIDs of the Nodes by name. */
final class NodeView implements Mirror.View {
    private final Map<String, String> uids = new ConcurrentHashMap<>();

    @Override
    public void apply(Event event) {
        if (event.type() == EventType.DELETED) {
            uids.remove(event.object().name());
        } else {
            uids.put(event.object().name(), event.object().uid());
        }
    }

    /** {@code ""} if there is no such Node. */
    String uid(String name) {
        return uids.getOrDefault(name, "");
    }
}
