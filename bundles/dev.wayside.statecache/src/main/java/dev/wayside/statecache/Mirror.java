// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What one scope has in the store: its objects and how far it has come, always written as one. */
final class Mirror {
    /**
     * What became of one object.
     *
     * @param object null if it was deleted
     * @param uid of the object; a deletion counts only for the object that has it
     */
    record Change(@Nullable KubeObject object, String uid) {}

    private final StateStore store;
    private final Scope scope;
    private final String cursor;

    Mirror(StateStore store, Scope scope) {
        this.store = store;
        this.scope = scope;
        this.cursor = Keys.CURSORS + scope.id();
    }

    /** The revision up to which everything is on disk; empty if there never was a whole list. */
    Optional<String> revision() {
        return store.get(cursor).map(it -> it.text("revision"));
    }

    Optional<KubeObject> get(ObjectKey key) {
        return store.get(Keys.object(key)).map(KubeObject::new);
    }

    /**
     * Applies the events between two revisions.
     *
     * @return fails if the store is not at {@code from}: after a write that failed it may have more
     *     than was thought, and going back would bring what is deleted to life again
     */
    CompletableFuture<Void> apply(Map<ObjectKey, Change> changes, String from, String revision) {
        return store.submit(
                edit -> {
                    if (!edit.get(cursor)
                            .map(it -> it.text("revision"))
                            .equals(Optional.of(from))) {
                        throw new StateException("the store is not at revision " + from, null);
                    }
                    changes.forEach((key, change) -> apply(edit, key, change));
                    edit.put(cursor, JsonObject.of("revision", revision));
                });
    }

    /** Makes the scope hold exactly this list. */
    CompletableFuture<Void> replace(
            Collection<KubeObject> list, String revision, Provenance.Verdict verdict) {
        return store.submit(
                edit -> {
                    Provenance.remember(edit, verdict);
                    Map<ObjectKey, KubeObject> listed = byKey(list);
                    for (String key : edit.keys(Keys.objects(scope.type()))) {
                        ObjectKey object = Keys.objectKey(key);
                        if (scope.holds(object) && !listed.containsKey(object)) {
                            remove(edit, object);
                        }
                    }
                    listed.forEach((key, object) -> put(edit, key, object));
                    edit.put(cursor, JsonObject.of("revision", revision));
                });
    }

    /**
     * Takes from a doubtful list what is new or newer, but nothing that would take the place of
     * another object; the revision stays.
     */
    CompletableFuture<Void> add(Collection<KubeObject> list) {
        return store.submit(
                edit ->
                        byKey(list)
                                .forEach(
                                        (key, object) -> {
                                            Optional<JsonObject> there = edit.get(Keys.object(key));
                                            if (there.isEmpty()
                                                    || uid(there.get()).equals(object.uid())) {
                                                put(edit, key, object);
                                            }
                                        }));
    }

    /** Forgets it all: nobody needs it any more. */
    CompletableFuture<Void> forget() {
        return store.submit(
                edit -> {
                    for (String key : edit.keys(Keys.objects(scope.type()))) {
                        if (scope.holds(Keys.objectKey(key))) {
                            edit.remove(key);
                        }
                    }
                    edit.remove(cursor);
                });
    }

    private static void apply(Edit edit, ObjectKey key, Change change) {
        if (change.object() != null) {
            put(edit, key, change.object());
        } else if (edit.get(Keys.object(key))
                .filter(it -> uid(it).equals(change.uid()))
                .isPresent()) {
            remove(edit, key);
        }
    }

    private static void put(Edit edit, ObjectKey key, KubeObject object) {
        edit.get(Keys.object(key))
                .map(Mirror::uid)
                .filter(uid -> !uid.equals(object.uid()))
                .ifPresent(uid -> DurableOutbox.forget(edit, key, uid));
        edit.put(Keys.object(key), object.json());
    }

    private static void remove(Edit edit, ObjectKey key) {
        edit.get(Keys.object(key)).ifPresent(there -> DurableOutbox.forget(edit, key, uid(there)));
        edit.remove(Keys.object(key));
    }

    private static String uid(JsonObject object) {
        return object.text("metadata", "uid");
    }

    private Map<ObjectKey, KubeObject> byKey(Collection<KubeObject> list) {
        Map<ObjectKey, KubeObject> byKey = new HashMap<>();
        list.forEach(object -> byKey.put(object.key(scope.type()), object));
        return byKey;
    }
}
