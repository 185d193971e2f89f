// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.model.KubeObject;
import java.util.EnumMap;
import java.util.Map;

/**
 * A change on its way to the watches. What is ADDED to one may be MODIFIED to another, but each of
 * these events is made once, so that what is made of it can be shared. It lives as long as a watch
 * has still to tell it.
 */
final class Announcement {
    private final Change change;

    @GuardedBy("this")
    private final Map<EventType, Event> events = new EnumMap<>(EventType.class);

    Announcement(Change change) {
        this.change = change;
    }

    Change change() {
        return change;
    }

    synchronized Event as(EventType type) {
        return events.computeIfAbsent(type, any -> new Event(type, object(type)));
    }

    private KubeObject object(EventType type) {
        Stored state = type == EventType.DELETED ? change.before() : change.after();
        if (state == null) {
            throw new IllegalStateException("no state for " + type + " of " + change.key());
        }
        return type == EventType.DELETED
                ? Stored.at(state.object(), change.revision())
                : state.object();
    }
}
