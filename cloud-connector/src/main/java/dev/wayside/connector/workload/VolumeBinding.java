// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a pod's claims say of where it may run. A pod whose volumes are bound runs where they are. A
 * claim that waits for its first consumer follows the pod: the node that was found is written on
 * the claim, and when its volume is there the pod comes again.
 */
final class VolumeBinding {
    static final String CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
    static final String NONE = "node(s) didn't find available persistent volumes to bind";
    private static final WriteOptions AS_SCHEDULER = WriteOptions.by(Scheduler.NAME);

    private final StorageIndex index;
    private final Informer claims;
    private final Informer volumes;
    private final Informer classes;
    private final ObjectStore store;
    private final Predicate<KubeObject> isPlaced;

    /**
     * @param isPlaced whether a pod has a node, or is about to get it
     * @param wake called with each pod without a node for which a claim has changed
     */
    VolumeBinding(Cluster cluster, Predicate<KubeObject> isPlaced, Consumer<KubeObject> wake) {
        this.isPlaced = isPlaced;
        this.store = cluster.store();
        this.index = cluster.storage();
        this.claims = cluster.informer(ResourceType.PERSISTENT_VOLUME_CLAIMS);
        this.volumes = cluster.informer(ResourceType.PERSISTENT_VOLUMES);
        this.classes = cluster.informer(ResourceType.STORAGE_CLASSES);
        Consumer<KubeObject> changed =
                claim ->
                        index.podsUsing(claim.namespace(), claim.name()).stream()
                                .filter(pod -> PodFacts.node(pod).isEmpty())
                                .forEach(wake);
        claims.addListener((before, after) -> changed.accept(either(before, after)));
        volumes.addListener(
                (before, after) -> {
                    KubeObject volume = either(before, after);
                    claims.get(StorageIndex.claimOf(volume)).ifPresent(changed);
                    if (after != null && !after.spec().has("claimRef")) {
                        index.unboundClaims(VolumeMatch.classOf(after)).forEach(changed);
                    }
                });
        classes.addListener(
                (before, after) -> {
                    String name = either(before, after).name();
                    index.unboundClaims(name).forEach(changed);
                });
        // A claim that one pod alone may use is free when that pod is gone.
        cluster.pods()
                .addListener(
                        (before, after) -> {
                            if (before != null && (after == null || PodFacts.isFinished(after))) {
                                StorageIndex.claimNames(before).stream()
                                        .flatMap(
                                                name ->
                                                        claims
                                                                .get(before.namespace(), name)
                                                                .stream())
                                        .forEach(changed);
                            }
                        });
    }

    private static KubeObject either(@Nullable KubeObject before, @Nullable KubeObject after) {
        return Objects.requireNonNull(after == null ? before : after);
    }

    /**
     * @param refusal why the pod may run nowhere; {@code ""} if that is not so
     * @param bound the volumes it has
     * @param unbound the claims that follow it, with their classes
     */
    record Wishes(String refusal, List<KubeObject> bound, Map<KubeObject, KubeObject> unbound) {
        static final Wishes NONE = new Wishes("", List.of(), Map.of());

        static Wishes refused(String why) {
            return new Wishes(why, List.of(), Map.of());
        }
    }

    Wishes of(KubeObject pod) {
        List<String> names = StorageIndex.claimNames(pod);
        if (names.isEmpty()) {
            return Wishes.NONE;
        }
        List<KubeObject> bound = new ArrayList<>();
        Map<KubeObject, KubeObject> unbound = new LinkedHashMap<>();
        boolean immediate = false;
        for (String name : names) {
            String called = "persistentvolumeclaim \"" + name + "\"";
            Optional<KubeObject> found = claims.get(pod.namespace(), name);
            if (found.isEmpty()) {
                return Wishes.refused(called + " not found");
            }
            KubeObject claim = found.get();
            if (claim.deleted().isPresent()) {
                return Wishes.refused(called + " is being deleted");
            }
            if (isTaken(claim, pod)) {
                return Wishes.refused(
                        "node has pod using PersistentVolumeClaim with the same name and"
                                + " ReadWriteOncePod access mode");
            }
            Optional<KubeObject> storageClass =
                    VolumeMatch.className(claim).flatMap(each -> classes.get("", each));
            if (VolumeMatch.isBound(claim)) {
                String volume = claim.spec().text("volumeName");
                Optional<KubeObject> had =
                        volumes.get("", volume).filter(each -> VolumeMatch.isFor(each, claim));
                if (had.isEmpty()) {
                    return Wishes.refused(
                            called + " bound to non-existent persistentvolume \"" + volume + "\"");
                }
                bound.add(had.get());
            } else if (claim.spec().text("volumeName").isEmpty()
                    && storageClass.filter(VolumeMatch::isWaitingForConsumer).isPresent()) {
                unbound.put(claim, storageClass.get());
            } else {
                immediate = true;
            }
        }
        return immediate
                ? Wishes.refused("pod has unbound immediate PersistentVolumeClaims")
                : new Wishes("", bound, unbound);
    }

    private boolean isTaken(KubeObject claim, KubeObject pod) {
        return claim.spec().array("accessModes").strings().contains("ReadWriteOncePod")
                && index.podsUsing(claim.namespace(), claim.name()).stream()
                        .anyMatch(
                                other ->
                                        !other.uid().equals(pod.uid())
                                                && isPlaced.test(other)
                                                && !PodFacts.isFinished(other));
    }

    /** Why the pod's volumes are against the node; empty if they are not. */
    Optional<String> against(Wishes wishes, KubeObject node) {
        for (KubeObject volume : wishes.bound()) {
            if (!VolumeMatch.isReachable(volume, node)) {
                return Optional.of(CONFLICT);
            }
        }
        for (Map.Entry<KubeObject, KubeObject> each : wishes.unbound().entrySet()) {
            if (!mayBeOn(each.getKey(), each.getValue(), node)) {
                return Optional.of(NONE);
            }
        }
        return Optional.empty();
    }

    private boolean mayBeOn(KubeObject claim, KubeObject storageClass, KubeObject node) {
        return (VolumeMatch.isOurs(storageClass)
                        && VolumeMatch.unprovisionable(claim, storageClass).isEmpty()
                        && VolumeMatch.isAllowed(storageClass, node))
                || VolumeMatch.best(
                                index.freeVolumes(storageClass.name(), node.name()).stream()
                                        .filter(volume -> VolumeMatch.isReachable(volume, node))
                                        .toList(),
                                claim)
                        .isPresent();
    }

    /** Tells the claims where the pod is to run; whether there was nothing to wait for. */
    boolean isReady(Wishes wishes, KubeObject node) {
        for (KubeObject claim : wishes.unbound().keySet()) {
            if (!claim.annotation(VolumeMatch.SELECTED_NODE).orElse("").equals(node.name())) {
                Map<String, String> annotations = new LinkedHashMap<>(claim.annotations());
                annotations.put(VolumeMatch.SELECTED_NODE, node.name());
                claims.write(
                        () ->
                                store.update(
                                        ResourceType.PERSISTENT_VOLUME_CLAIMS,
                                        claim.withAnnotations(annotations),
                                        "",
                                        AS_SCHEDULER));
            }
        }
        return wishes.unbound().isEmpty();
    }
}
