// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.KubeObject;
import dev.wayside.model.Names;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodReferences;
import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is followed because pods name it: one scope for each ConfigMap, Secret and claim. */
final class References {
    /** What pods name. */
    static final List<ResourceType> TYPES =
            List.of(
                    ResourceType.CONFIG_MAPS,
                    ResourceType.SECRETS,
                    ResourceType.PERSISTENT_VOLUME_CLAIMS);

    private References() {}

    static Set<Scope> of(Collection<KubeObject> pods) {
        return pods.stream().flatMap(pod -> of(pod).stream()).collect(Collectors.toSet());
    }

    /** In the order of their ids. */
    static List<Scope> of(KubeObject pod) {
        return PodReferences.of(pod).stream()
                // The name goes into a path and a selector: what is no name can't be the name of
                // anything.
                .filter(key -> Names.isDnsSubdomain(key.name()))
                .sorted()
                .map(References::scope)
                .toList();
    }

    private static Scope scope(ObjectKey key) {
        ResourceType type =
                TYPES.stream()
                        .filter(each -> each.qualified().equals(key.resource()))
                        .findFirst()
                        .orElseThrow();
        return Scope.single(type, key.namespace(), key.name());
    }
}
