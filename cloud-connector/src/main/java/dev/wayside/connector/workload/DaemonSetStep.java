// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.workload.DaemonPods.Place;
import dev.wayside.connector.workload.TemplateRevisions.Latest;
import dev.wayside.model.Json;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One look at one DaemonSet: node by node, then the update, then the status. */
final class DaemonSetStep {
    private static final int BURST = 500;
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration MOST_BACKOFF = Duration.ofMinutes(15);

    private static final Comparator<KubeObject> OLDEST =
            Comparator.comparing((KubeObject pod) -> pod.created().orElse(Instant.MAX))
                    .thenComparing(KubeObject::name);

    /**
     * @param podUid the last pod that failed
     * @param count how many failed one after the other
     * @param nanos when the last was first seen
     */
    record Failures(String podUid, int count, long nanos) {
        Duration left(long now) {
            Duration wait = FIRST_BACKOFF.multipliedBy(1L << Math.min(count - 1, 10));
            return (wait.compareTo(MOST_BACKOFF) > 0 ? MOST_BACKOFF : wait).minusNanos(now - nanos);
        }
    }

    /**
     * A node with the pods that live there, oldest first.
     *
     * @param waits whether a pod is still on its way out
     * @param hasPod whether there is any pod at all
     */
    private record Cell(
            KubeObject node, Place place, List<KubeObject> alive, boolean waits, boolean hasPod) {
        boolean isSilent() {
            return PodFacts.isUnheardOf(node);
        }
    }

    private final Cluster cluster;
    private final OwnedPods owned;
    private final TemplateRevisions revisions;
    private final ConcurrentHashMap<String, Failures> failures;
    private final KubeObject set;
    private final DaemonPods daemons;
    private final Instant now;
    private final long minReady;
    private final boolean surges;
    private String hash = "";
    private int writes;
    private @Nullable List<Cell> counted;
    private int countedAfter;

    /** Whether there may be pods that were not counted. */
    private boolean isOutdated;

    private @Nullable Duration again;

    DaemonSetStep(
            Cluster cluster,
            OwnedPods owned,
            TemplateRevisions revisions,
            ConcurrentHashMap<String, Failures> failures,
            KubeObject set) {
        this.cluster = cluster;
        this.owned = owned;
        this.revisions = revisions;
        this.failures = failures;
        this.set = set;
        this.daemons = new DaemonPods(set);
        this.now = cluster.clock().instant();
        this.minReady = set.spec().number("minReadySeconds").orElse(0);
        JsonObject rolling = set.spec().object("updateStrategy", "rollingUpdate");
        this.surges = !isOnDelete() && scaled(rolling, "maxSurge", 100) > 0;
    }

    private boolean isOnDelete() {
        return set.spec().text("updateStrategy", "type").equals("OnDelete");
    }

    Optional<Duration> run() {
        List<KubeObject> history = revisions.of(set);
        Latest latest = revisions.latest(set, history);
        hash = latest.revision().labels().getOrDefault("controller.kubernetes.io/hash", "");
        RuntimeException failure = null;
        try {
            cells().forEach(this::manage);
            if (!isOnDelete()) {
                update(cells());
            }
        } catch (RuntimeException e) {
            // The status must tell of what was done before it is tried again.
            failure = e;
        }
        writeStatus(cells(), latest);
        trim(history, latest);
        if (failure != null) {
            throw failure;
        }
        return Optional.ofNullable(again);
    }

    /** As they are after what was written; a look at all nodes, so not without need. */
    private List<Cell> cells() {
        if (counted == null || writes != countedAfter) {
            counted = count();
            countedAfter = writes;
        }
        return counted;
    }

    private List<Cell> count() {
        Map<String, List<KubeObject>> byNode = new HashMap<>();
        for (KubeObject pod : cluster.pods().ownedBy(set.uid())) {
            if (pod.controller().filter(owner -> owner.uid().equals(set.uid())).isPresent()) {
                byNode.computeIfAbsent(DaemonPods.node(pod), any -> new ArrayList<>()).add(pod);
            }
        }
        List<Cell> cells = new ArrayList<>();
        for (KubeObject node : cluster.nodes().all()) {
            List<KubeObject> pods = byNode.remove(node.name());
            Place place = daemons.on(node);
            if (pods != null) {
                List<KubeObject> alive =
                        pods.stream()
                                .filter(pod -> pod.deleted().isEmpty())
                                .sorted(OLDEST)
                                .toList();
                cells.add(new Cell(node, place, alive, alive.size() < pods.size(), true));
            } else if (place.runs()) {
                cells.add(new Cell(node, place, List.of(), false, false));
            }
        }
        // Who was bound to a node that is gone is the pod cleaner's.
        byNode.values().stream()
                .flatMap(List::stream)
                .filter(pod -> PodFacts.node(pod).isEmpty() && pod.deleted().isEmpty())
                .forEach(this::delete);
        return cells;
    }

    private void manage(Cell cell) {
        if (!cell.hasPod()) {
            if (cell.place().runs()) {
                create(cell);
            }
        } else if (!cell.place().stays()) {
            cell.alive().forEach(this::delete);
        } else {
            List<KubeObject> running = new ArrayList<>();
            for (KubeObject pod : cell.alive()) {
                if (PodFacts.isFinished(pod)) {
                    deleteFinished(cell, pod);
                } else {
                    running.add(pod);
                }
            }
            // With a surge one of each revision may be there, else one alone.
            Set<Boolean> seen = new HashSet<>();
            for (KubeObject pod : running) {
                if (!seen.add(surges && isUpdated(pod))) {
                    delete(pod);
                }
            }
        }
    }

    private void deleteFinished(Cell cell, KubeObject pod) {
        String reason =
                PodFacts.phase(pod).equals("Failed") ? "FailedDaemonPod" : "SucceededDaemonPod";
        Failures known =
                failures.compute(
                        set.uid() + "/" + cell.node().name(),
                        (any, last) ->
                                last != null && last.podUid().equals(pod.uid())
                                        ? last
                                        : new Failures(
                                                pod.uid(),
                                                last == null ? 1 : last.count() + 1,
                                                cluster.nanoTime()));
        Duration left = known.left(cluster.nanoTime());
        if (left.isNegative() || left.isZero()) {
            cluster.warn(
                    set,
                    reason,
                    "Found finished daemon pod "
                            + pod.namespace()
                            + "/"
                            + pod.name()
                            + " on node "
                            + cell.node().name()
                            + ", will delete it and start another",
                    DaemonSetController.NAME);
            delete(pod);
        } else {
            lookAgainAfter(left.plusMillis(10));
        }
    }

    private void update(List<Cell> all) {
        // Who is silent hears of nothing, and must not use up what the others may take.
        List<Cell> cells = all.stream().filter(cell -> !cell.isSilent()).toList();
        long desired = all.stream().filter(cell -> cell.place().runs()).count();
        JsonObject rolling = set.spec().object("updateStrategy", "rollingUpdate");
        if (surges) {
            surge(cells, scaled(rolling, "maxSurge", desired));
        } else {
            replace(cells, scaled(rolling, "maxUnavailable", desired));
        }
    }

    private static long scaled(JsonObject rolling, String name, long of) {
        Json value = rolling.get(name).orElse(JsonNumber.of(0));
        return RollingUpdate.scaled(value, of, true);
    }

    /** Deletes old pods; the new ones follow when they are gone. */
    private void replace(List<Cell> cells, long maxUnavailable) {
        long left = maxUnavailable;
        List<KubeObject> available = new ArrayList<>();
        List<KubeObject> useless = new ArrayList<>();
        for (Cell cell : cells) {
            if (!cell.place().runs()) {
                continue; // no new one would follow
            }
            if (cell.alive().isEmpty()) {
                left--;
                continue;
            }
            KubeObject pod = cell.alive().get(0);
            if (!isUpdated(pod)) {
                (isAvailable(pod) ? available : useless).add(pod);
            }
            left -= isAvailable(pod) ? 0 : 1;
        }
        // What does not work is not missed.
        useless.forEach(this::delete);
        available.stream().limit(Math.max(0, left)).forEach(this::delete);
    }

    /** Makes new pods beside old ones; the old ones go when the new ones are available. */
    private void surge(List<Cell> cells, long maxSurge) {
        long left = maxSurge;
        List<Cell> now = new ArrayList<>();
        List<Cell> later = new ArrayList<>();
        for (Cell cell : cells) {
            Optional<KubeObject> old =
                    cell.alive().stream().filter(pod -> !isUpdated(pod)).findFirst();
            Optional<KubeObject> fresh = cell.alive().stream().filter(this::isUpdated).findFirst();
            if (old.isEmpty() || !cell.place().runs()) {
                continue;
            }
            if (fresh.isPresent()) {
                if (isAvailable(fresh.get())) {
                    delete(old.get());
                } else {
                    left--;
                }
            } else if (cell.waits()) {
                left--;
            } else {
                (isAvailable(old.get()) ? later : now).add(cell);
            }
        }
        now.forEach(this::create);
        later.stream().limit(Math.max(0, left - now.size())).forEach(this::create);
    }

    private boolean isUpdated(KubeObject pod) {
        return hash.equals(pod.labels().get(DaemonPods.HASH));
    }

    private boolean isAvailable(KubeObject pod) {
        if (!cluster.isReady(pod)) {
            return false;
        }
        if (minReady == 0) {
            return true;
        }
        Instant at = PodFacts.readySince(pod).orElse(Instant.EPOCH).plusSeconds(minReady);
        if (at.isAfter(now)) {
            lookAgainAfter(Duration.between(now, at).plusMillis(10));
            return false;
        }
        return true;
    }

    private void create(Cell cell) {
        if (!isOutdated && mayWrite()) {
            Optional<Duration> untilKnown = owned.untilKnown(set);
            if (untilKnown.isEmpty()) {
                owned.create(set, daemons.pod(cell.node().name(), hash, cluster.random()));
            } else {
                isOutdated = true;
                lookAgainAfter(untilKnown.get());
            }
        }
    }

    private void delete(KubeObject pod) {
        if (mayWrite()) {
            owned.delete(set, pod);
        }
    }

    private boolean mayWrite() {
        if (++writes > BURST) {
            lookAgainAfter(Duration.ofMillis(1));
            return false;
        }
        return true;
    }

    private void writeStatus(List<Cell> cells, Latest latest) {
        long desired = 0;
        long current = 0;
        long misscheduled = 0;
        long ready = 0;
        long available = 0;
        long updated = 0;
        for (Cell cell : cells) {
            if (!cell.place().runs()) {
                misscheduled += cell.hasPod() ? 1 : 0;
                continue;
            }
            desired++;
            current += cell.hasPod() ? 1 : 0;
            if (!cell.alive().isEmpty()) {
                KubeObject pod = cell.alive().get(0);
                ready += cluster.isReady(pod) ? 1 : 0;
                updated += isUpdated(pod) ? 1 : 0;
                if (isAvailable(pod)) {
                    available++;
                    failures.remove(set.uid() + "/" + cell.node().name());
                }
            }
        }
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("currentNumberScheduled", current)
                        .put("numberMisscheduled", misscheduled)
                        .put("desiredNumberScheduled", desired)
                        .put("numberReady", ready)
                        .put("observedGeneration", set.generation());
        ReplicaSetController.putUnlessZero(status, "updatedNumberScheduled", updated);
        ReplicaSetController.putUnlessZero(status, "numberAvailable", available);
        ReplicaSetController.putUnlessZero(status, "numberUnavailable", desired - available);
        ReplicaSetController.putUnlessZero(status, "collisionCount", latest.collisions());
        cluster.writeStatus(
                ResourceType.DAEMON_SETS, set, status.build(), DaemonSetController.NAME);
    }

    private void trim(List<KubeObject> history, Latest latest) {
        Set<String> hashes = new HashSet<>();
        cluster.pods()
                .ownedBy(set.uid())
                .forEach(pod -> hashes.add(pod.labels().getOrDefault(DaemonPods.HASH, "")));
        Set<String> live = new HashSet<>();
        live.add(latest.revision().name());
        for (KubeObject revision : history) {
            String its = revision.labels().getOrDefault("controller.kubernetes.io/hash", "");
            if (hashes.contains(its)) {
                live.add(revision.name());
            }
        }
        revisions.trim(set, history, live);
    }

    private void lookAgainAfter(Duration wait) {
        again = again == null || wait.compareTo(again) < 0 ? wait : again;
    }
}
