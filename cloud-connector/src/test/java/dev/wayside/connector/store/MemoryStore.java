// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.storage.LossyDisk;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.LongSupplier;

/** A store on a disk in memory that can be opened again, with the calls that tests make most. */
final class MemoryStore implements AutoCloseable {
    static final WriteOptions TEST = WriteOptions.by("test");
    private static final DeleteOptions NOW =
            new DeleteOptions(OptionalLong.of(0), null, null, null, false);

    private final LossyDisk disk;
    private final StoreSettings settings;
    private final EncryptionKeys.Source keys;
    private final LongSupplier usable;
    private EmbeddedObjectStore store;

    MemoryStore(String scheme, StoreSettings settings) throws IOException {
        this(scheme, settings, EncryptionKeys.Source.NONE, () -> Long.MAX_VALUE);
    }

    /**
     * @param usable how much room the disk says that it has
     */
    MemoryStore(
            String scheme, StoreSettings settings, EncryptionKeys.Source keys, LongSupplier usable)
            throws IOException {
        this.disk = LossyDisk.insert(scheme, new Random(1));
        this.settings = settings;
        this.keys = keys;
        this.usable = usable;
        this.store = open();
        store.create(
                ResourceType.NAMESPACES,
                KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                TEST);
        store.create(
                ResourceType.NAMESPACES, KubeObject.of(ResourceType.NAMESPACES, "", "shop"), TEST);
    }

    private EmbeddedObjectStore open() throws IOException {
        String path = disk.path("store");
        return EmbeddedObjectStore.openFile(
                path,
                new TestKinds(),
                settings,
                keys,
                new DiskSpace(path, usable),
                Clock.systemUTC());
    }

    EmbeddedObjectStore store() {
        return store;
    }

    LossyDisk disk() {
        return disk;
    }

    void restart() throws IOException {
        store.close();
        store = open();
    }

    /** As after a crash, at a moment when everything is synced. */
    void crash() throws IOException {
        disk.cut();
        store.close();
        store = open();
    }

    /** Creates or replaces a pod. */
    String pod(String name, String node, Map<String, String> labels) {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withSpec(
                                node.isEmpty() ? JsonObject.EMPTY : JsonObject.of("nodeName", node))
                        .withLabels(labels);
        return put(ResourceType.PODS, pod);
    }

    String put(ResourceType type, KubeObject object) {
        return (store.get(object.key(type)).isPresent()
                        ? store.update(type, object, "", TEST)
                        : store.create(type, object, TEST))
                .resourceVersion();
    }

    String map(String namespace, String name, String value) {
        return put(
                ResourceType.CONFIG_MAPS,
                KubeObject.of(ResourceType.CONFIG_MAPS, namespace, name)
                        .with("data", JsonObject.of("value", value)));
    }

    void delete(ResourceType type, String name) {
        store.delete(type, type.key("default", name), NOW);
    }

    String revision() {
        return store.list(ListQuery.all(ResourceType.NODES)).resourceVersion();
    }

    Watch watch(ResourceType type, String revision, FieldSelector fields, WatchListener listener) {
        return watch(type, "", revision, LabelSelector.EVERYTHING, fields, false, listener);
    }

    Watch watch(
            ResourceType type,
            String namespace,
            String revision,
            LabelSelector labels,
            FieldSelector fields,
            boolean initial,
            WatchListener listener) {
        return store.watch(
                new WatchQuery(type, namespace, labels, fields, revision, initial, true), listener);
    }

    /** What a watch that is resumed at a revision tells of the time since. */
    List<String> missed(ResourceType type, String revision, FieldSelector fields)
            throws InterruptedException {
        Recorder recorder = new Recorder();
        try (Watch watch = watch(type, revision, fields, recorder)) {
            watch.bookmark();
            return recorder.untilBookmark();
        }
    }

    @Override
    public void close() {
        store.close();
        disk.close();
    }
}
