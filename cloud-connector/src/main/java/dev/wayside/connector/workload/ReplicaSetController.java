// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps as many pods as each ReplicaSet asks for.
 *
 * <p>No pod is made twice: one worker at a time has a ReplicaSet, and {@link OwnedPods} sees to the
 * rest.
 *
 * <p>A pod's word that it is ready counts only while its gateway is heard of. The pod itself is not
 * touched when its gateway falls silent: its status has one writer, the gateway, which would
 * otherwise have to be told of, and to correct, every pod each time it comes back.
 */
public final class ReplicaSetController implements AutoCloseable {
    private static final String NAME = "replicaset-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final int BURST = 500;

    private final Cluster cluster;
    private final Informer pods;
    private final Informer replicaSets;
    private final Claims claims;
    private final OwnedPods owned;
    private final Controller<ObjectKey> controller;

    public ReplicaSetController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.pods = cluster.pods();
        this.replicaSets = cluster.replicaSets();
        this.claims = new Claims(cluster.store(), replicaSets, pods, AS_ME);
        this.owned = new OwnedPods(cluster, NAME);
        this.controller =
                new Controller<>(
                        "replicaset", workers, cluster.backoff(), this::reconcile, this::addAll);
        replicaSets.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    } else if (before != null) {
                        owned.forget(before);
                    }
                });
        pods.addListener(
                (before, after) -> {
                    addOwner(before);
                    addOwner(after);
                    if (after != null && Claims.isNewlyUnclaimed(before, after)) {
                        claims.thatMayClaim(after).forEach(this::add);
                    }
                });
        cluster.onSilence(this::addOwner);
    }

    public void start() {
        owned.begin(replicaSets.all());
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void addAll() {
        replicaSets.all().forEach(this::add);
    }

    private void add(KubeObject replicaSet) {
        controller.add(replicaSet.key(ResourceType.REPLICA_SETS));
    }

    private void addOwner(@Nullable KubeObject pod) {
        if (pod != null) {
            pod.controller()
                    .filter(owner -> owner.kind().equals(ResourceType.REPLICA_SETS.kind()))
                    .map(owner -> ResourceType.REPLICA_SETS.key(pod.namespace(), owner.name()))
                    .ifPresent(controller::add);
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = replicaSets.get(key);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject replicaSet = found.get();
        List<KubeObject> active =
                claims.claim(replicaSet).stream().filter(PodFacts::isActive).toList();
        Optional<Duration> again = Optional.empty();
        RuntimeException failure = null;
        if (replicaSet.deleted().isEmpty()) {
            try {
                again = scale(replicaSet, active);
            } catch (RuntimeException e) {
                // The status must tell of it before it is tried again.
                failure = e;
            }
            active = pods.ownedBy(replicaSet.uid()).stream().filter(PodFacts::isActive).toList();
        }
        Optional<Duration> ripe = writeStatus(replicaSet, active, failure);
        if (failure != null) {
            throw failure;
        }
        return again.isPresent() ? again : ripe;
    }

    private static long replicas(KubeObject replicaSet) {
        return replicaSet.spec().number("replicas").orElse(1);
    }

    private Optional<Duration> scale(KubeObject replicaSet, List<KubeObject> active) {
        long missing = replicas(replicaSet) - active.size();
        if (missing > 0) {
            Optional<Duration> untilKnown = owned.untilKnown(replicaSet);
            if (untilKnown.isPresent()) {
                return untilKnown;
            }
            int now = (int) Math.min(missing, BURST);
            for (int i = 0; i < now; i++) {
                owned.create(replicaSet, PodTemplates.pod(replicaSet, cluster.random()));
            }
            return now < missing ? Optional.of(Duration.ofMillis(1)) : Optional.empty();
        }
        if (missing < 0) {
            int now = (int) Math.min(-missing, BURST);
            PodRanking ranking = new PodRanking(active, cluster::isReady, this::podsOnSameNode);
            for (KubeObject pod : ranking.firstToGo(now)) {
                owned.delete(replicaSet, pod);
            }
            return now < -missing ? Optional.of(Duration.ofMillis(1)) : Optional.empty();
        }
        return Optional.empty();
    }

    private long podsOnSameNode(KubeObject pod) {
        Optional<String> owner = pod.controller().map(OwnerReference::uid);
        return cluster.podsOn(PodFacts.node(pod)).stream()
                .filter(PodFacts::isActive)
                .filter(other -> other.controller().map(OwnerReference::uid).equals(owner))
                .count();
    }

    /** Writes the status if it changed; when a pod that is ready now becomes available. */
    private Optional<Duration> writeStatus(
            KubeObject replicaSet, List<KubeObject> active, @Nullable RuntimeException failure) {
        LabelSelector template =
                LabelSelector.of(
                        replicaSet.spec().object("template", "metadata", "labels").strings());
        long minReady = replicaSet.spec().number("minReadySeconds").orElse(0);
        Instant now = cluster.clock().instant();
        long labelled = 0;
        long ready = 0;
        long available = 0;
        Duration ripe = null;
        for (KubeObject pod : active) {
            labelled += template.matches(pod.labels()) ? 1 : 0;
            if (!cluster.isReady(pod)) {
                continue;
            }
            ready++;
            Instant at = PodFacts.readySince(pod).orElse(Instant.EPOCH).plusSeconds(minReady);
            if (minReady == 0 || !at.isAfter(now)) {
                available++;
            } else {
                Duration left = Duration.between(now, at);
                ripe = ripe == null || left.compareTo(ripe) < 0 ? left : ripe;
            }
        }
        JsonObject.Builder counts = JsonObject.builder().put("replicas", active.size());
        putUnlessZero(counts, "fullyLabeledReplicas", labelled);
        putUnlessZero(counts, "readyReplicas", ready);
        putUnlessZero(counts, "availableReplicas", available);
        JsonObject status =
                counts.put("observedGeneration", replicaSet.generation())
                        .putUnlessEmpty("conditions", conditions(replicaSet, failure, now))
                        .build();
        if (!status.equals(replicaSet.status())) {
            KubeObject changed = replicaSet.withStatus(status).withoutMetadata("resourceVersion");
            replicaSets.write(
                    () ->
                            cluster.store()
                                    .update(ResourceType.REPLICA_SETS, changed, "status", AS_ME));
        }
        return Optional.ofNullable(ripe).map(left -> left.plusMillis(10));
    }

    /** As Kubernetes' types have it, so that what is read back equals what was written. */
    static void putUnlessZero(JsonObject.Builder builder, String name, long value) {
        if (value != 0) {
            builder.put(name, value);
        }
    }

    private static JsonArray conditions(
            KubeObject replicaSet, @Nullable RuntimeException failure, Instant now) {
        JsonArray before = replicaSet.status().array("conditions");
        return failure == null
                ? Conditions.without(before, "ReplicaFailure")
                : Conditions.with(
                        before,
                        Conditions.of(
                                "ReplicaFailure",
                                "True",
                                "FailedCreate",
                                Objects.requireNonNullElse(failure.getMessage(), "")),
                        now);
    }
}
