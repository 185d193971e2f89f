// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** A real store with the namespaces that are always there, and short ways to fill it. */
public final class TestingStore {
    private static final WriteOptions WRITER = WriteOptions.by("test");

    private TestingStore() {}

    public static EmbeddedObjectStore open(Path folder, Clock clock) throws IOException {
        EmbeddedObjectStore store =
                EmbeddedObjectStore.open(folder, new BuiltInKinds(), StoreSettings.DEFAULT, clock);
        new NamespaceRules(store).ensure();
        return store;
    }

    public static KubeObject node(EmbeddedObjectStore store, String name) {
        return store.create(
                ResourceType.NODES, KubeObject.of(ResourceType.NODES, "", name), WRITER);
    }

    /** A pod bound to the node, that names a Secret "NAME-secret" and a ConfigMap "NAME-map". */
    public static KubeObject pod(EmbeddedObjectStore store, String node, String name) {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withSpec(
                                json(
                                        """
                                        {"nodeName": "%1$s",
                                         "containers": [{"name": "c", "image": "i",
                                           "envFrom": [{"configMapRef": {"name": "%2$s-map"}}]}],
                                         "volumes": [{"name": "v",
                                           "secret": {"secretName": "%2$s-secret"}},
                                           {"name": "d", "persistentVolumeClaim":
                                             {"claimName": "%2$s-claim"}}]}
                                        """
                                                .formatted(node, name)));
        return store.create(ResourceType.PODS, pod, WRITER);
    }

    public static JsonObject json(String text) {
        try {
            return (JsonObject) dev.wayside.model.Json.parse(text);
        } catch (dev.wayside.model.JsonException e) {
            throw new AssertionError(text, e);
        }
    }
}
