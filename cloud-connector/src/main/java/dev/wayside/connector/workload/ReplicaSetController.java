// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
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
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps as many pods as each ReplicaSet asks for.
 *
 * <p>No pod is made twice. One worker at a time has a ReplicaSet; its own writes are seen at once
 * (see {@link Informer}); and before the first pod that this process makes for a ReplicaSet, and
 * again after every create whose outcome is unknown, the pods are listed afresh from the store: if
 * that shows a pod that has not arrived here yet, nothing is made until it has.
 *
 * <p>A pod's word that it is ready counts only while its gateway is heard of. The pod itself is not
 * touched when its gateway falls silent: its status has one writer, the gateway, which would
 * otherwise have to be told of, and to correct, every pod each time it comes back.
 */
public final class ReplicaSetController implements AutoCloseable {
    private static final String NAME = "replicaset-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final int BURST = 500;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

    /** Refusals that say for certain that nothing was created. */
    private static final Set<Reason> CERTAIN =
            EnumSet.complementOf(EnumSet.of(Reason.INTERNAL, Reason.UNAVAILABLE, Reason.TIMEOUT));

    private final Cluster cluster;
    private final Informer pods;
    private final Informer replicaSets;
    private final Claims claims;
    private final Controller<ObjectKey> controller;

    /** UIDs of ReplicaSets whose pods are all known here. */
    private final Set<String> verified = ConcurrentHashMap.newKeySet();

    public ReplicaSetController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.pods = cluster.pods();
        this.replicaSets = cluster.replicaSets();
        this.claims = new Claims(cluster.store(), replicaSets, pods, AS_ME);
        this.controller =
                new Controller<>(
                        "replicaset", workers, cluster.backoff(), this::reconcile, this::addAll);
        replicaSets.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    } else if (before != null) {
                        verified.remove(before.uid());
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
            if (!isVerified(replicaSet)) {
                return Optional.of(LOOK_AGAIN);
            }
            int now = (int) Math.min(missing, BURST);
            for (int i = 0; i < now; i++) {
                createPod(replicaSet);
            }
            return now < missing ? Optional.of(Duration.ofMillis(1)) : Optional.empty();
        }
        if (missing < 0) {
            int now = (int) Math.min(-missing, BURST);
            PodRanking ranking = new PodRanking(active, this::isReady, this::podsOnSameNode);
            for (KubeObject pod : ranking.firstToGo(now)) {
                deletePod(replicaSet, pod);
            }
            return now < -missing ? Optional.of(Duration.ofMillis(1)) : Optional.empty();
        }
        return Optional.empty();
    }

    /** Whether every pod of the ReplicaSet that the store has is known here. */
    private boolean isVerified(KubeObject replicaSet) {
        if (verified.contains(replicaSet.uid())) {
            return true;
        }
        LabelSelector selector = Claims.selector(replicaSet);
        List<KubeObject> fresh =
                cluster.store()
                        .list(ListQuery.in(ResourceType.PODS, replicaSet.namespace(), selector))
                        .items();
        Set<String> known = new HashSet<>();
        pods.ownedBy(replicaSet.uid()).forEach(pod -> known.add(pod.uid()));
        for (KubeObject pod : fresh) {
            boolean mine =
                    pod.controller()
                            .filter(owner -> owner.uid().equals(replicaSet.uid()))
                            .isPresent();
            if (mine && PodFacts.isActive(pod) && !known.contains(pod.uid())) {
                return false;
            }
        }
        verified.add(replicaSet.uid());
        return true;
    }

    private void createPod(KubeObject replicaSet) {
        KubeObject pod = PodTemplates.pod(replicaSet, cluster.random());
        try {
            KubeObject admitted = cluster.admitted(pod);
            KubeObject made =
                    pods.write(() -> cluster.store().create(ResourceType.PODS, admitted, AS_ME));
            cluster.normal(replicaSet, "SuccessfulCreate", "Created pod: " + made.name(), NAME);
        } catch (ApiException e) {
            if (!CERTAIN.contains(e.reason())) {
                verified.remove(replicaSet.uid());
            }
            cluster.warn(replicaSet, "FailedCreate", "Error creating: " + e.getMessage(), NAME);
            throw e;
        } catch (RuntimeException e) {
            verified.remove(replicaSet.uid());
            throw e;
        }
    }

    private void deletePod(KubeObject replicaSet, KubeObject pod) {
        try {
            if (cluster.delete(ResourceType.PODS, pod, OptionalLong.empty())) {
                cluster.normal(replicaSet, "SuccessfulDelete", "Deleted pod: " + pod.name(), NAME);
            }
        } catch (ApiException e) {
            cluster.warn(replicaSet, "FailedDelete", "Error deleting: " + e.getMessage(), NAME);
            throw e;
        }
    }

    private boolean isReady(KubeObject pod) {
        return PodFacts.isReady(pod)
                && cluster.nodes()
                        .get("", PodFacts.node(pod))
                        .filter(node -> !PodFacts.isUnheardOf(node))
                        .isPresent();
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
            if (!isReady(pod)) {
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
