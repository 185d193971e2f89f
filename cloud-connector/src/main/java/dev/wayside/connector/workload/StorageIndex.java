// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;

/** Pods, claims and volumes, found by each other. Safe for any thread. */
public final class StorageIndex {
    /** Stands for "no class named"; no class can be called so. */
    private static final String NO_CLASS = "<default>";

    private final Informer.Index podsByClaim;
    private final Informer.Index volumesByClaim;
    private final Informer.Index volumesByNode;
    private final Informer.Index freeVolumes;
    private final Informer.Index claimsByVolume;
    private final Informer.Index unboundClaims;

    StorageIndex(Informer pods, Informer claims, Informer volumes) {
        podsByClaim =
                pods.addIndex(
                        pod ->
                                claimNames(pod).stream()
                                        .map(name -> pod.namespace() + "/" + name)
                                        .toList());
        volumesByClaim =
                volumes.addIndex(
                        volume -> {
                            JsonObject claim = volume.spec().object("claimRef");
                            return claim.isEmpty()
                                    ? List.of()
                                    : List.of(claim.text("namespace") + "/" + claim.text("name"));
                        });
        volumesByNode = volumes.addIndex(volume -> List.of(LocalVolumes.node(volume)));
        freeVolumes =
                volumes.addIndex(
                        volume -> {
                            String of = VolumeMatch.classOf(volume);
                            return volume.spec().text("claimRef", "uid").isEmpty()
                                    ? List.of(of, of + "|" + LocalVolumes.node(volume))
                                    : List.of();
                        });
        claimsByVolume =
                claims.addIndex(
                        claim -> {
                            String volume = claim.spec().text("volumeName");
                            return volume.isEmpty() ? List.of() : List.of(volume);
                        });
        unboundClaims =
                claims.addIndex(
                        claim ->
                                VolumeMatch.isBound(claim)
                                        ? List.of()
                                        : List.of(VolumeMatch.className(claim).orElse(NO_CLASS)));
    }

    /** The claims that a pod uses. */
    public static List<String> claimNames(KubeObject pod) {
        List<String> names = new ArrayList<>();
        for (JsonObject volume : pod.spec().array("volumes").objects()) {
            String name = volume.text("persistentVolumeClaim", "claimName");
            if (!name.isEmpty() && !names.contains(name)) {
                names.add(name);
            }
        }
        return names;
    }

    /** The pods that name a claim. */
    public List<KubeObject> podsUsing(String namespace, String claim) {
        return podsByClaim.get(namespace + "/" + claim);
    }

    /** The volumes that are promised to a claim of this name. */
    public List<KubeObject> volumesOf(String namespace, String claim) {
        return volumesByClaim.get(namespace + "/" + claim);
    }

    /** The volumes that are on a gateway. */
    public List<KubeObject> volumesOn(String node) {
        return volumesByNode.get(node);
    }

    /** The volumes of a class that no claim has. */
    public List<KubeObject> freeVolumes(String storageClass) {
        return freeVolumes.get(storageClass);
    }

    /** As {@link #freeVolumes(String)}, on one gateway. */
    public List<KubeObject> freeVolumes(String storageClass, String node) {
        return freeVolumes.get(storageClass + "|" + node);
    }

    /** The claims that name a volume. */
    public List<KubeObject> claimsOf(String volume) {
        return claimsByVolume.get(volume);
    }

    /** The claims of a class, and those that name none, that have no volume. */
    public List<KubeObject> unboundClaims(String storageClass) {
        List<KubeObject> all = new ArrayList<>(unboundClaims.get(storageClass));
        all.addAll(unboundClaims.get(NO_CLASS));
        return all;
    }

    /** The claim that a volume is promised to. */
    public static ObjectKey claimOf(KubeObject volume) {
        JsonObject claim = volume.spec().object("claimRef");
        return ResourceType.PERSISTENT_VOLUME_CLAIMS.key(
                claim.text("namespace"), claim.text("name"));
    }
}
