// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** All bindings of one kind, by whom they are for. A question is one look-up. */
final class BindingView implements Mirror.View {
    private record Place(String namespace, String subject) {}

    private final ResourceType type;
    private final Map<ObjectKey, Binding> bindings = new ConcurrentHashMap<>();
    private final Map<Place, Map<ObjectKey, Binding>> bySubject = new ConcurrentHashMap<>();

    BindingView(ResourceType type) {
        this.type = type;
    }

    @Override
    public void apply(Event event) {
        Binding binding = Binding.of(type, event.object());
        Binding before = bindings.get(binding.key());
        boolean gone = event.type() == EventType.DELETED;
        if (!gone) {
            bindings.put(binding.key(), binding);
            for (String subject : binding.subjects()) {
                bySubject
                        .computeIfAbsent(
                                place(binding, subject), place -> new ConcurrentHashMap<>())
                        .put(binding.key(), binding);
            }
        } else {
            bindings.remove(binding.key());
        }
        if (before != null) {
            for (String subject : before.subjects()) {
                if (gone || !binding.subjects().contains(subject)) {
                    remove(place(before, subject), binding.key());
                }
            }
        }
    }

    /**
     * @param namespace {@code ""} for those of the cluster
     */
    Collection<Binding> of(String namespace, String subject) {
        return bySubject.getOrDefault(new Place(namespace, subject), Map.of()).values();
    }

    private void remove(Place place, ObjectKey key) {
        bySubject.computeIfPresent(
                place,
                (same, bound) -> {
                    bound.remove(key);
                    return bound.isEmpty() ? null : bound;
                });
    }

    private static Place place(Binding binding, String subject) {
        return new Place(binding.key().namespace(), subject);
    }
}
