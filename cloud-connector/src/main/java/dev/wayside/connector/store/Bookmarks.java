// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Makes bookmarks, one for all watches of a kind at a revision. Safe for any thread. */
final class Bookmarks {
    private record Made(long revision, Event event) {}

    private final Map<ResourceType, Made> last = new ConcurrentHashMap<>();

    Event at(ResourceType type, long revision) {
        return last.compute(
                        type,
                        (any, made) ->
                                made != null && made.revision() == revision
                                        ? made
                                        : new Made(
                                                revision, event(type, revision, JsonObject.EMPTY)))
                .event();
    }

    /** The one that ends the initial events. */
    static Event initialEnd(ResourceType type, long revision) {
        return event(type, revision, JsonObject.of("k8s.io/initial-events-end", "true"));
    }

    private static Event event(ResourceType type, long revision, JsonObject annotations) {
        JsonObject.Builder metadata =
                JsonObject.builder().put("resourceVersion", Long.toString(revision));
        metadata.putUnlessEmpty("annotations", annotations);
        return new Event(
                EventType.BOOKMARK,
                new KubeObject(
                        JsonObject.builder()
                                .put("apiVersion", type.apiVersion())
                                .put("kind", type.kind())
                                .put("metadata", metadata.build())
                                .build()));
    }
}
