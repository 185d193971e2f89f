// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the pods of each StatefulSet: {@code <set>-<ordinal>}, made upwards and taken away
 * downwards, one after the other unless the set is {@code Parallel}.
 *
 * <p>A pod is replaced only when it is gone: its successor has the same name, so the store itself
 * lets no two be. A pod whose gateway is silent is neither ready nor gone; it is waited for.
 *
 * <p>A new template is rolled out from the highest ordinal down. Otherwise than in Kubernetes, a
 * pod that does not become ready does not hold up the template that mends it: a pod that is not
 * available and not of the present template is replaced at once, one at a time.
 */
public final class StatefulSetController implements AutoCloseable {
    private static final String NAME = "statefulset-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final int BURST = 500;
    private static final Duration SOON = Duration.ofMillis(1);

    private final Cluster cluster;
    private final Informer sets;
    private final Informer pods;
    private final Claims members;
    private final TemplateRevisions revisions;
    private final StatefulClaims storage;
    private final Controller<ObjectKey> controller;

    public StatefulSetController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.sets = cluster.statefulSets();
        this.pods = cluster.pods();
        this.members = new Claims(cluster.store(), sets, pods, StatefulPods::isMember, AS_ME);
        this.revisions = new TemplateRevisions(cluster, sets, NAME);
        this.storage = new StatefulClaims(cluster, NAME);
        this.controller =
                new Controller<>(
                        "statefulset",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> sets.all().forEach(this::add));
        sets.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        pods.addListener(
                (before, after) -> {
                    addOwner(before);
                    addOwner(after);
                    if (after != null && Claims.isNewlyUnclaimed(before, after)) {
                        members.thatMayClaim(after).forEach(this::add);
                    }
                    if (after == null && before != null) {
                        // It may have stood in the way of one of ours.
                        addThatNeed(before);
                    }
                });
        cluster.informer(ResourceType.CONTROLLER_REVISIONS)
                .addListener(
                        (before, after) -> {
                            if (after == null) {
                                addOwner(before);
                            } else if (Claims.isNewlyUnclaimed(before, after)) {
                                revisions.thatMayClaim(after).forEach(this::add);
                            }
                        });
        cluster.informer(ResourceType.PERSISTENT_VOLUME_CLAIMS)
                .addListener(
                        (before, after) -> {
                            if (after == null && before != null) {
                                addThatNeed(before);
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

    private void add(KubeObject set) {
        controller.add(set.key(ResourceType.STATEFUL_SETS));
    }

    private void addOwner(@Nullable KubeObject child) {
        if (child != null) {
            child.controller()
                    .filter(owner -> owner.kind().equals(ResourceType.STATEFUL_SETS.kind()))
                    .map(owner -> ResourceType.STATEFUL_SETS.key(child.namespace(), owner.name()))
                    .ifPresent(controller::add);
        }
    }

    /** The set whose pod, or any whose claim, may be called so: {@code [CLAIM-]SET-ORDINAL}. */
    private void addThatNeed(KubeObject gone) {
        String set = gone.name().substring(0, Math.max(0, gone.name().lastIndexOf('-')));
        while (true) {
            sets.get(gone.namespace(), set).ifPresent(this::add);
            int cut = set.indexOf('-');
            if (cut < 0) {
                return;
            }
            set = set.substring(cut + 1);
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = sets.get(key);
        if (found.isEmpty() || Claims.selector(found.get()).isEmpty()) {
            return Optional.empty();
        }
        return new Step(found.get()).run();
    }

    /** One step of one StatefulSet. */
    private final class Step {
        private final KubeObject set;
        private final Instant now = cluster.clock().instant();
        private final boolean inOrder;
        private final long first;
        private final long end;
        private final NavigableMap<Long, KubeObject> wanted = new TreeMap<>();
        private final NavigableMap<Long, KubeObject> surplus = new TreeMap<>();
        private @Nullable RuntimeException failure;
        private @Nullable Duration again;

        Step(KubeObject set) {
            this.set = set;
            this.inOrder = !set.spec().text("podManagementPolicy").equals("Parallel");
            this.first = StatefulPods.start(set);
            this.end = first + StatefulPods.replicas(set);
        }

        Optional<Duration> run() {
            for (KubeObject pod : members.claim(set)) {
                long ordinal = StatefulPods.ordinal(set, pod).orElseThrow();
                (StatefulPods.isInRange(set, ordinal) ? wanted : surplus).put(ordinal, pod);
            }
            if (set.deleted().isPresent()) {
                JsonObject status = set.status();
                writeStatus(
                        status.text("currentRevision"),
                        status.text("updateRevision"),
                        status.number("collisionCount").orElse(0));
                return Optional.empty();
            }
            List<KubeObject> known = revisions.of(set);
            TemplateRevisions.Latest latest = revisions.latest(set, known);
            KubeObject update = latest.revision();
            KubeObject current =
                    known.stream()
                            .filter(
                                    revision ->
                                            revision.name()
                                                    .equals(set.status().text("currentRevision")))
                            .findFirst()
                            .orElse(update);
            try {
                keepClaims();
                follow(current, update);
            } catch (RuntimeException e) {
                // The status must tell of what was done before it is tried again.
                failure = e;
            }
            writeStatus(current.name(), update.name(), latest.collisions());
            if (failure != null) {
                throw failure;
            }
            trim(known, current, update);
            return Optional.ofNullable(again);
        }

        /** Before anything is deleted, so that what is to go with a pod goes with it. */
        private void keepClaims() {
            wanted.forEach((ordinal, pod) -> storage.own(set, ordinal, pod, false));
            surplus.forEach((ordinal, pod) -> storage.own(set, ordinal, pod, true));
        }

        private void follow(KubeObject current, KubeObject update) {
            boolean rolls = StatefulSetStatus.isRollingUpdate(set);
            long partition =
                    first
                            + set.spec()
                                    .object("updateStrategy", "rollingUpdate")
                                    .number("partition")
                                    .orElse(0);
            if (rolls && mend(partition, update)) {
                return;
            }
            boolean waits = false;
            int made = 0;
            for (long ordinal = first; ordinal < end && !waits; ordinal++) {
                KubeObject pod = wanted.get(ordinal);
                if (pod == null && made++ == BURST) {
                    lookAgain(SOON);
                    return;
                }
                KubeObject revision = rolls && ordinal < partition ? current : update;
                waits = !keep(ordinal, pod, revision) && inOrder;
            }
            if (!waits && !takeAway() && rolls && failure == null) {
                roll(partition, update);
            }
        }

        /** Whether the pod is as it should be, so that the next may follow. */
        private boolean keep(long ordinal, @Nullable KubeObject pod, KubeObject revision) {
            try {
                if (pod == null) {
                    create(ordinal, revision);
                    return false;
                }
                if (pod.deleted().isPresent()) {
                    return false;
                }
                if (PodFacts.isFinished(pod)) {
                    cluster.warn(
                            set,
                            PodFacts.phase(pod).equals("Failed")
                                    ? "RecreatingFailedPod"
                                    : "RecreatingTerminatedPod",
                            "StatefulSet "
                                    + set.namespace()
                                    + "/"
                                    + set.name()
                                    + " is recreating "
                                    + PodFacts.phase(pod).toLowerCase(java.util.Locale.ROOT)
                                    + " Pod "
                                    + pod.name(),
                            NAME);
                    delete(pod);
                    return false;
                }
                if (PodFacts.phase(pod).equals("Pending")) {
                    storage.prepare(set, ordinal, pod);
                }
                repairIdentity(ordinal, pod);
                return isAvailable(pod);
            } catch (ApiException e) {
                if (inOrder) {
                    throw e;
                }
                // One that cannot be made must not keep the others from being made.
                failure = e;
                return false;
            }
        }

        private void create(long ordinal, KubeObject revision) {
            storage.own(set, ordinal, null, false);
            if (!storage.prepare(set, ordinal, null)) {
                return; // the claim's end wakes us
            }
            KubeObject pod = StatefulPods.pod(set, revision, ordinal);
            String what = "create Pod " + pod.name() + " in StatefulSet " + set.name();
            try {
                KubeObject admitted = cluster.admitted(pod);
                KubeObject made =
                        pods.write(
                                () -> cluster.store().create(ResourceType.PODS, admitted, AS_ME));
                wanted.put(ordinal, made);
                cluster.normal(set, "SuccessfulCreate", what + " successful", NAME);
            } catch (ApiException e) {
                if (e.reason() != Reason.ALREADY_EXISTS || !isOurs(pod)) {
                    cluster.warn(
                            set, "FailedCreate", what + " failed error: " + e.getMessage(), NAME);
                }
                throw e;
            }
        }

        /** Whether what has the name is ours, and not seen here yet. */
        private boolean isOurs(KubeObject pod) {
            return cluster.store()
                    .get(pod.key(ResourceType.PODS))
                    .flatMap(KubeObject::controller)
                    .filter(owner -> owner.uid().equals(set.uid()))
                    .isPresent();
        }

        private void repairIdentity(long ordinal, KubeObject pod) {
            Map<String, String> labels = new HashMap<>(pod.labels());
            labels.putAll(StatefulPods.identity(set, ordinal));
            if (!labels.equals(pod.labels())) {
                KubeObject repaired = pod.withLabels(labels);
                pods.write(() -> cluster.store().update(ResourceType.PODS, repaired, "", AS_ME));
            }
        }

        /** Replaces a pod that is of no use and not of the present template; whether it did. */
        private boolean mend(long partition, KubeObject update) {
            boolean oneGoes = wanted.values().stream().anyMatch(pod -> pod.deleted().isPresent());
            for (KubeObject pod : wanted.tailMap(partition, true).descendingMap().values()) {
                if (!oneGoes
                        && PodFacts.isActive(pod)
                        && isOld(pod, update)
                        && !isReady(pod)
                        && isWithinReach(pod)) {
                    delete(pod);
                    return inOrder;
                }
            }
            return false;
        }

        private static boolean isOld(KubeObject pod, KubeObject update) {
            return !StatefulPods.revision(pod).equals(update.name());
        }

        /** Whether deleting it would do anything before a silent gateway is back. */
        private boolean isWithinReach(KubeObject pod) {
            return PodFacts.node(pod).isEmpty() || cluster.isHeardOf(pod);
        }

        /** Deletes what is too much, from the top; whether there is something to wait for. */
        private boolean takeAway() {
            for (KubeObject pod : surplus.descendingMap().values()) {
                if (pod.deleted().isEmpty()) {
                    delete(pod);
                }
                if (inOrder) {
                    return true;
                }
            }
            return false;
        }

        private void roll(long partition, KubeObject update) {
            long unavailable =
                    end - first - wanted.values().stream().filter(this::isAvailable).count();
            long most = mostUnavailable();
            for (KubeObject pod : wanted.tailMap(partition, true).descendingMap().values()) {
                if (unavailable >= most) {
                    return;
                }
                if (isOld(pod, update) && isAvailable(pod)) {
                    delete(pod);
                    unavailable++;
                }
            }
        }

        private long mostUnavailable() {
            Json most =
                    set.spec()
                            .object("updateStrategy", "rollingUpdate")
                            .get("maxUnavailable")
                            .orElse(JsonNumber.of(1));
            return Math.max(1, RollingUpdate.scaled(most, end - first, false));
        }

        private void delete(KubeObject pod) {
            String what = "delete Pod " + pod.name() + " in StatefulSet " + set.name();
            try {
                if (cluster.delete(ResourceType.PODS, pod, OptionalLong.empty())) {
                    cluster.normal(set, "SuccessfulDelete", what + " successful", NAME);
                }
            } catch (ApiException e) {
                cluster.warn(set, "FailedDelete", what + " failed error: " + e.getMessage(), NAME);
                throw e;
            }
        }

        private boolean isReady(KubeObject pod) {
            return PodFacts.isActive(pod)
                    && PodFacts.phase(pod).equals("Running")
                    && cluster.isReady(pod);
        }

        /** Whether it has been ready for long enough; if not yet, the step comes again. */
        private boolean isAvailable(KubeObject pod) {
            if (!isReady(pod)) {
                return false;
            }
            long seconds = set.spec().number("minReadySeconds").orElse(0);
            Instant at = PodFacts.readySince(pod).orElse(Instant.EPOCH).plusSeconds(seconds);
            if (seconds > 0 && at.isAfter(now)) {
                lookAgain(Duration.between(now, at).plusMillis(10));
                return false;
            }
            return true;
        }

        private void lookAgain(Duration delay) {
            if (again == null || delay.compareTo(again) < 0) {
                again = delay;
            }
        }

        private void writeStatus(String current, String update, long collisions) {
            List<KubeObject> there =
                    pods.ownedBy(set.uid()).stream()
                            .filter(pod -> StatefulPods.isMember(set, pod))
                            .filter(pod -> !PodFacts.isFinished(pod))
                            .toList();
            JsonObject status =
                    new StatefulSetStatus(
                                    set,
                                    there,
                                    current,
                                    update,
                                    collisions,
                                    this::isReady,
                                    this::isAvailable)
                            .json();
            cluster.writeStatus(ResourceType.STATEFUL_SETS, set, status, NAME);
        }

        private void trim(List<KubeObject> known, KubeObject current, KubeObject update) {
            Set<String> live = new HashSet<>(Set.of(current.name()));
            live.add(update.name());
            pods.ownedBy(set.uid()).forEach(pod -> live.add(StatefulPods.revision(pod)));
            revisions.trim(set, known, live);
        }
    }
}
