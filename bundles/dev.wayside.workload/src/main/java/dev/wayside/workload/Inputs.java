// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodReferences;
import dev.wayside.model.ResourceType;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The ConfigMaps, Secrets and claims that one pod names, and the volumes of these claims, as they
 * were when the pod was looked at.
 *
 * @param complete the kinds of which absence means something
 */
record Inputs(Map<ObjectKey, KubeObject> objects, Set<ResourceType> complete) {

    static final Inputs NONE = new Inputs(Map.of(), Set.of());

    static Inputs of(KubeObject pod, DesiredState state) {
        Map<ObjectKey, KubeObject> objects = new LinkedHashMap<>();
        for (ObjectKey key : PodReferences.of(pod)) {
            state.get(key).ifPresent(object -> objects.put(key, object));
        }
        for (KubeObject claim : List.copyOf(objects.values())) {
            ObjectKey key =
                    ResourceType.PERSISTENT_VOLUMES.key("", claim.spec().text("volumeName"));
            if (claim.kind().equals(ResourceType.PERSISTENT_VOLUME_CLAIMS.kind())) {
                state.get(key).ifPresent(volume -> objects.put(key, volume));
            }
        }
        Set<ResourceType> complete = new LinkedHashSet<>();
        for (ResourceType type :
                Set.of(
                        ResourceType.CONFIG_MAPS,
                        ResourceType.SECRETS,
                        ResourceType.PERSISTENT_VOLUME_CLAIMS)) {
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

    /** The volume that a claim of the pod has. */
    Optional<KubeObject> volume(String name) {
        return Optional.ofNullable(objects.get(ResourceType.PERSISTENT_VOLUMES.key("", name)));
    }
}
