// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.storage;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;

/**
 * The StorageClass that is there from the start. It is made once in the life of a store, which an
 * annotation of kube-system remembers; what the operator makes of it afterwards holds.
 */
public final class FirstClass {
    static final String NAME = "wayside-local";

    private static final String MADE = "wayside.dev/storage-class-made";
    private static final ObjectKey MEMORY = ResourceType.NAMESPACES.key("", "kube-system");
    private static final WriteOptions WRITER = WriteOptions.by("wayside-connector");

    private FirstClass() {}

    /** Does nothing if it was made before. kube-system must be there. */
    public static void ensure(ObjectStore store) {
        if (store.get(MEMORY).flatMap(it -> it.annotation(MADE)).isPresent()) {
            return;
        }
        try {
            store.create(ResourceType.STORAGE_CLASSES, storageClass(), WRITER);
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                throw e;
            }
        }
        JsonObject annotations = JsonObject.of("annotations", JsonObject.of(MADE, "true"));
        store.patch(
                ResourceType.NAMESPACES,
                MEMORY,
                Patch.merge(JsonObject.of("metadata", annotations)),
                "",
                WRITER);
    }

    private static KubeObject storageClass() {
        JsonObject named = KubeObject.of(ResourceType.STORAGE_CLASSES, "", NAME).json();
        return Storage.annotated(
                new KubeObject(
                        named.with("provisioner", LocalVolumes.PROVISIONER)
                                .with("reclaimPolicy", "Delete")
                                .with("volumeBindingMode", "WaitForFirstConsumer")),
                "storageclass.kubernetes.io/is-default-class",
                "true");
    }
}
