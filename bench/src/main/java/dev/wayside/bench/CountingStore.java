// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Any store, with the writes counted: {@code update deployments.apps/status}. */
final class CountingStore implements ObjectStore {
    private final ObjectStore store;
    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    CountingStore(ObjectStore store) {
        this.store = store;
    }

    long count(String what) {
        LongAdder count = counts.get(what);
        return count == null ? 0 : count.sum();
    }

    Map<String, Long> counts() {
        Map<String, Long> copy = new TreeMap<>();
        counts.forEach((what, count) -> copy.put(what, count.sum()));
        return copy;
    }

    Map<String, Long> since(Map<String, Long> before) {
        Map<String, Long> copy = counts();
        copy.replaceAll((what, count) -> count - before.getOrDefault(what, 0L));
        copy.values().removeIf(count -> count == 0);
        return copy;
    }

    private void count(boolean dryRun, String verb, ResourceType type, String subresource) {
        if (!dryRun) {
            String part = subresource.isEmpty() ? "" : "/" + subresource;
            counts.computeIfAbsent(verb + " " + type.qualified() + part, any -> new LongAdder())
                    .increment();
        }
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return store.get(key);
    }

    @Override
    public ObjectList list(ListQuery query) {
        return store.list(query);
    }

    @Override
    public Watch watch(WatchQuery query, WatchListener listener) {
        return store.watch(query, listener);
    }

    @Override
    public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
        KubeObject made = store.create(type, object, options);
        count(options.dryRun(), "create", type, "");
        return made;
    }

    @Override
    public KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options) {
        KubeObject made = store.update(type, object, subresource, options);
        count(options.dryRun(), "update", type, subresource);
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
        count(options.dryRun(), "patch", type, subresource);
        return made;
    }

    @Override
    public Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options) {
        Deleted gone = store.delete(type, key, options);
        count(options.dryRun(), "delete", type, "");
        return gone;
    }
}
