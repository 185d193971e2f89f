// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Desired state in memory. Listeners are called in the thread that changes it. Complete for every
 * kind until {@link #incomplete} says otherwise.
 */
public final class FakeDesiredState implements DesiredState {
    private record Watch(String resource, Consumer<ObjectKey> listener) {}

    private final Map<ObjectKey, KubeObject> objects = new ConcurrentSkipListMap<>();
    private final Set<String> incomplete = ConcurrentHashMap.newKeySet();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();

    /** Adds or replaces an object, then wakes the listeners. */
    public void put(ResourceType type, KubeObject object) {
        objects.put(object.key(type), object);
        wake(object.key(type));
    }

    /** Removes an object, then wakes the listeners. */
    public void remove(ObjectKey key) {
        objects.remove(key);
        wake(key);
    }

    /** From now on the kind counts as never completely received. */
    public void incomplete(ResourceType type) {
        incomplete.add(type.qualified());
    }

    /** From now on the kind counts as completely received. */
    public void complete(ResourceType type, boolean complete) {
        if (complete) {
            incomplete.remove(type.qualified());
        } else {
            incomplete(type);
        }
    }

    private void wake(ObjectKey key) {
        watches.stream()
                .filter(watch -> watch.resource.equals(key.resource()))
                .forEach(watch -> watch.listener.accept(key));
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return Optional.ofNullable(objects.get(key));
    }

    @Override
    public List<KubeObject> list(ResourceType type) {
        return objects.entrySet().stream()
                .filter(entry -> entry.getKey().resource().equals(type.qualified()))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public boolean complete(ResourceType type) {
        return !incomplete.contains(type.qualified());
    }

    @Override
    public Subscription watch(ResourceType type, Consumer<ObjectKey> listener) {
        Watch watch = new Watch(type.qualified(), listener);
        watches.add(watch);
        list(type).forEach(object -> listener.accept(object.key(type)));
        return () -> watches.remove(watch);
    }

    /** How many watches are open: to see that a component ends its own. */
    public int openWatches() {
        return watches.size();
    }
}
