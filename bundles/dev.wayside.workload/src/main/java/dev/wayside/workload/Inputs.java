// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodContainers;
import dev.wayside.model.ResourceType;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The ConfigMaps and Secrets that one pod names, as they were when the pod was looked at.
 *
 * @param complete the kinds of which absence means something
 */
record Inputs(Map<ObjectKey, KubeObject> objects, Set<ResourceType> complete) {

    static final Inputs NONE = new Inputs(Map.of(), Set.of());

    static Inputs of(KubeObject pod, DesiredState state) {
        Map<ObjectKey, KubeObject> objects = new LinkedHashMap<>();
        for (ObjectKey key : named(pod)) {
            state.get(key).ifPresent(object -> objects.put(key, object));
        }
        Set<ResourceType> complete = new LinkedHashSet<>();
        for (ResourceType type : Set.of(ResourceType.CONFIG_MAPS, ResourceType.SECRETS)) {
            if (state.complete(type)) {
                complete.add(type);
            }
        }
        return new Inputs(objects, complete);
    }

    /**
     * The object that the pod names.
     *
     * @param optional whether the pod does without it
     * @return empty only if it is optional and known not to exist
     */
    Optional<KubeObject> find(ResourceType type, String namespace, String name, boolean optional)
            throws InputException {
        KubeObject found = objects.get(type.key(namespace, name));
        if (found != null) {
            return Optional.of(found);
        }
        String kind = type.kind().toLowerCase(java.util.Locale.ROOT);
        if (!complete.contains(type)) {
            throw new InputException(kind + " \"" + name + "\" has not been received yet");
        }
        if (optional) {
            return Optional.empty();
        }
        throw new InputException(kind + " \"" + name + "\" not found");
    }

    /** Every ConfigMap and Secret that the pod names. */
    static Set<ObjectKey> named(KubeObject pod) {
        Set<ObjectKey> keys = new LinkedHashSet<>();
        String namespace = pod.namespace();
        for (JsonObject container : PodContainers.all(pod)) {
            for (JsonObject from : container.array("envFrom").objects()) {
                add(keys, ResourceType.CONFIG_MAPS, namespace, from.text("configMapRef", "name"));
                add(keys, ResourceType.SECRETS, namespace, from.text("secretRef", "name"));
            }
            for (JsonObject variable : container.array("env").objects()) {
                JsonObject from = variable.object("valueFrom");
                add(
                        keys,
                        ResourceType.CONFIG_MAPS,
                        namespace,
                        from.text("configMapKeyRef", "name"));
                add(keys, ResourceType.SECRETS, namespace, from.text("secretKeyRef", "name"));
            }
        }
        for (JsonObject volume : pod.spec().array("volumes").objects()) {
            add(keys, ResourceType.CONFIG_MAPS, namespace, volume.text("configMap", "name"));
            add(keys, ResourceType.SECRETS, namespace, volume.text("secret", "secretName"));
            for (JsonObject source : volume.array("projected", "sources").objects()) {
                add(keys, ResourceType.CONFIG_MAPS, namespace, source.text("configMap", "name"));
                add(keys, ResourceType.SECRETS, namespace, source.text("secret", "name"));
            }
        }
        return keys;
    }

    private static void add(Set<ObjectKey> keys, ResourceType type, String namespace, String name) {
        if (!name.isEmpty()) {
            keys.add(type.key(namespace, name));
        }
    }
}
