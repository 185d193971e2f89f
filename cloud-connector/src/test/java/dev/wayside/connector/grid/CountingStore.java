// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** Any store, with the writes counted by who, what and which kind. */
final class CountingStore implements ObjectStore {
    private final ObjectStore store;
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private final Map<ResourceType, LongAdder> lists = new ConcurrentHashMap<>();

    CountingStore(ObjectStore store) {
        this.store = store;
    }

    /** Such as {@code wayside-grid create deployments.apps}; a subresource follows a slash. */
    Map<String, Long> counts() {
        Map<String, Long> copy = new TreeMap<>();
        counts.forEach((what, count) -> copy.put(what, count.sum()));
        return copy;
    }

    /** What was written since. */
    Map<String, Long> since(Map<String, Long> before) {
        Map<String, Long> copy = counts();
        copy.replaceAll((what, count) -> count - before.getOrDefault(what, 0L));
        copy.values().removeIf(count -> count == 0);
        return copy;
    }

    long lists(ResourceType type) {
        LongAdder count = lists.get(type);
        return count == null ? 0 : count.sum();
    }

    private void count(WriteOptions options, String verb, ResourceType type, String subresource) {
        if (!options.dryRun()) {
            count(options.fieldManager(), verb, type, subresource);
        }
    }

    private void count(String by, String verb, ResourceType type, String subresource) {
        String what =
                by
                        + " "
                        + verb
                        + " "
                        + type.qualified()
                        + (subresource.isEmpty() ? "" : "/" + subresource);
        counts.computeIfAbsent(what, any -> new LongAdder()).increment();
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return store.get(key);
    }

    @Override
    public ObjectList list(ListQuery query) {
        lists.computeIfAbsent(query.type(), any -> new LongAdder()).increment();
        return store.list(query);
    }

    @Override
    public Watch watch(WatchQuery query, WatchListener listener) {
        return store.watch(query, listener);
    }

    @Override
    public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
        KubeObject made = store.create(type, object, options);
        count(options, "create", type, "");
        return made;
    }

    @Override
    public KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options) {
        KubeObject made = store.update(type, object, subresource, options);
        count(options, "update", type, subresource);
        return made;
    }

    @Override
    public KubeObject patch(
            ResourceType type,
            ObjectKey key,
            Patch patch,
            String subresource,
            WriteOptions options) {
        KubeObject made = store.patch(type, key, patch, subresource, options);
        count(options, "patch", type, subresource);
        return made;
    }

    @Override
    public Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options) {
        Deleted gone = store.delete(type, key, options);
        count("somebody", "delete", type, "");
        return gone;
    }
}
