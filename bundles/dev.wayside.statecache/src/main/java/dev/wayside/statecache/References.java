// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Finds the ConfigMaps and Secrets that pods name. */
final class References {
    private final TreeMap<String, Scope> found = new TreeMap<>();
    private final String namespace;

    private References(String namespace) {
        this.namespace = namespace;
    }

    static Set<Scope> of(Collection<KubeObject> pods) {
        return pods.stream()
                .flatMap(pod -> of(pod).stream())
                .collect(java.util.stream.Collectors.toSet());
    }

    static Collection<Scope> of(KubeObject pod) {
        References references = new References(pod.namespace());
        JsonObject spec = pod.spec();
        for (String containers : List.of("initContainers", "containers", "ephemeralContainers")) {
            spec.array(containers).objects().forEach(references::container);
        }
        spec.array("volumes").objects().forEach(references::volume);
        spec.array("imagePullSecrets").objects().forEach(it -> references.secret(it.text("name")));
        return references.found.values();
    }

    private void container(JsonObject container) {
        for (JsonObject env : container.array("env").objects()) {
            configMap(env.text("valueFrom", "configMapKeyRef", "name"));
            secret(env.text("valueFrom", "secretKeyRef", "name"));
        }
        for (JsonObject source : container.array("envFrom").objects()) {
            configMap(source.text("configMapRef", "name"));
            secret(source.text("secretRef", "name"));
        }
    }

    private void volume(JsonObject volume) {
        configMap(volume.text("configMap", "name"));
        secret(volume.text("secret", "secretName"));
        for (JsonObject source : volume.array("projected", "sources").objects()) {
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
        // The name goes into a path and a selector: what is no name can't be the name of anything.
        if (dev.wayside.model.Names.isDnsSubdomain(name)) {
            Scope scope = Scope.single(type, namespace, name);
            found.put(scope.id(), scope);
        }
    }
}
