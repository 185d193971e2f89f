// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The ConfigMaps, Secrets and PersistentVolumeClaims that a Pod names: what its gateway needs to
 * run it. The connector grants a gateway these and no others, and the gateway asks for these and no
 * others.
 */
public final class PodReferences {
    private final String namespace;
    private final Set<ObjectKey> found = new HashSet<>();

    private PodReferences(String namespace) {
        this.namespace = namespace;
    }

    /** Their keys, in the Pod's own namespace; what has an empty name is left out. */
    public static Set<ObjectKey> of(KubeObject pod) {
        PodReferences references = new PodReferences(pod.namespace());
        JsonObject spec = pod.spec();
        for (String containers : List.of("containers", "initContainers", "ephemeralContainers")) {
            spec.array(containers).objects().forEach(references::container);
        }
        spec.array("volumes").objects().forEach(references::volume);
        spec.array("imagePullSecrets")
                .objects()
                .forEach(secret -> references.secret(secret.text("name")));
        return Set.copyOf(references.found);
    }

    private void container(JsonObject container) {
        for (JsonObject variable : container.array("env").objects()) {
            configMap(variable.text("valueFrom", "configMapKeyRef", "name"));
            secret(variable.text("valueFrom", "secretKeyRef", "name"));
        }
        for (JsonObject source : container.array("envFrom").objects()) {
            configMap(source.text("configMapRef", "name"));
            secret(source.text("secretRef", "name"));
        }
    }

    private void volume(JsonObject volume) {
        configMap(volume.text("configMap", "name"));
        secret(volume.text("secret", "secretName"));
        add(
                ResourceType.PERSISTENT_VOLUME_CLAIMS,
                volume.text("persistentVolumeClaim", "claimName"));
        for (JsonObject source : volume.object("projected").array("sources").objects()) {
            configMap(source.text("configMap", "name"));
            secret(source.text("secret", "name"));
        }
    }

    private void configMap(String name) {
        add(ResourceType.CONFIG_MAPS, name);
    }

    private void secret(String name) {
        add(ResourceType.SECRETS, name);
    }

    private void add(ResourceType type, String name) {
        if (!name.isEmpty()) {
            found.add(type.key(namespace, name));
        }
    }
}
