// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The cloud's objects in the state store. */
final class StoredState implements DesiredState {
    private final StateStore store;
    private final Watchers watchers;

    StoredState(StateStore store, Executor loop) {
        this.store = store;
        this.watchers = new Watchers(loop);
    }

    /** Passes on what was synced. */
    void synced(Set<String> keys) {
        for (String key : keys) {
            if (key.startsWith(Keys.OBJECTS)) {
                watchers.tell(Keys.objectKey(key));
            }
        }
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return store.get(Keys.object(key)).map(KubeObject::new);
    }

    @Override
    public List<KubeObject> list(ResourceType type) {
        return store.all(Keys.objects(type)).values().stream().map(KubeObject::new).toList();
    }

    @Override
    public boolean complete(ResourceType type) {
        // The scopes of whole kinds are called like their kinds.
        if (!References.TYPES.contains(type)) {
            return cursorExists(type.qualified());
        }
        // Of the others we hold what the pods name, each with a cursor of its own.
        return cursorExists(Scope.PODS)
                && References.of(list(ResourceType.PODS)).stream()
                        .filter(scope -> scope.type().equals(type))
                        .allMatch(scope -> cursorExists(scope.id()));
    }

    private boolean cursorExists(String scope) {
        return store.has(Keys.CURSORS + scope);
    }

    @Override
    public Subscription watch(ResourceType type, Consumer<ObjectKey> listener) {
        return watchers.add(
                type,
                listener,
                () ->
                        store.keys(Keys.objects(type)).stream()
                                .map(Keys::objectKey)
                                .collect(Collectors.toSet()));
    }
}
