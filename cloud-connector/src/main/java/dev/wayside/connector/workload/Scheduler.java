// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.NodeUsage.Usage;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Binds pods to nodes. One worker decides for all, so no room is given away twice; a pod counts on
 * its node from the decision on (see {@link AssumedPods}), and several decisions are written at a
 * time: thousands of pods that fit nowhere do not delay one that does.
 *
 * <p>Of the nodes that may have the pod, it takes those that are liked most ({@link Preferences}),
 * then those with the fewest pods of the same owner, then the least used, then the first by name:
 * so a Deployment spreads over its site's gateways.
 *
 * <p>Of the pods that wait, those with the highest priority come first. A pod that fits nowhere is
 * parked ({@link Parking}); no other is taken away for it.
 */
public final class Scheduler implements AutoCloseable {
    static final String NAME = "default-scheduler";
    private static final Logger log = LoggerFactory.getLogger(Scheduler.class);

    /** Decisions that are written at a time; the store syncs them together. */
    private static final int WRITERS = 16;

    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    /** Parked pods are looked at this often even if nothing has changed. */
    private static final Duration PARKED = Duration.ofMinutes(5);

    /** Changes of nodes are gathered for so long before parked pods are woken. */
    private static final Duration GATHER = Duration.ofMillis(50);

    /** A pod's turn, by its priority. */
    private record Turn(int priority, ObjectKey key) {}

    /** Stands in the queue for "wake what the changes may let in". */
    private static final Turn WAKE = new Turn(Integer.MAX_VALUE, new ObjectKey("", "", "wake"));

    private final Cluster cluster;
    private final Informer pods;
    private final Informer nodes;
    private final NodeUsage usage;
    private final PlacedPods placed;
    private final AssumedPods assumed;
    private final Fleet fleet;
    private final Parking parking;
    private final VolumeBinding volumes;
    private final Controller<Turn> controller;
    private final ThreadPoolExecutor writers;
    private long nodeLooks;

    public Scheduler(Cluster cluster) {
        this(cluster, new Fleet.Live(cluster.nodes(), cluster.informer(ResourceType.NAMESPACES)));
    }

    private Scheduler(Cluster cluster, Fleet fleet) {
        this.cluster = cluster;
        this.fleet = fleet;
        this.pods = cluster.pods();
        this.nodes = cluster.nodes();
        this.usage = new NodeUsage();
        this.placed = new PlacedPods();
        this.assumed = pods.addView(new AssumedPods(usage, placed));
        this.parking = new Parking(fleet);
        AtomicInteger threads = new AtomicInteger();
        this.writers =
                new ThreadPoolExecutor(
                        WRITERS,
                        WRITERS,
                        1,
                        TimeUnit.MINUTES,
                        new ArrayBlockingQueue<>(WRITERS),
                        task -> {
                            Thread thread =
                                    new Thread(
                                            task,
                                            "wayside-connector-scheduler-writer-"
                                                    + threads.getAndIncrement());
                            thread.setDaemon(true);
                            return thread;
                        },
                        // With all at work the scheduler writes one itself.
                        new ThreadPoolExecutor.CallerRunsPolicy());
        writers.allowCoreThreadTimeOut(true);
        this.controller =
                new Controller<>(
                        "scheduler",
                        1,
                        cluster.backoff(),
                        this::reconcile,
                        () -> pods.all().forEach(pod -> podChanged(null, pod)),
                        Turn::priority);
        this.volumes = new VolumeBinding(cluster, this::isPlaced, pod -> podChanged(null, pod));
        pods.addListener(
                (before, after) -> {
                    if (after != null) {
                        podChanged(before, after);
                    } else if (before != null) {
                        parking.unpark(before.key(ResourceType.PODS));
                    }
                    if (before != null && freed(before, after)) {
                        nodeChanged(PodFacts.node(before));
                    }
                    neighbourChanged(before, after);
                });
        nodes.addListener(
                (before, after) -> {
                    if (after != null && (before == null || matters(before, after))) {
                        nodeChanged(after.name());
                    }
                    if (before != null && (after == null || isAnotherPlace(before, after))) {
                        soonIf(parking.neighboursChanged());
                    }
                });
        cluster.informer(ResourceType.NAMESPACES)
                .addListener(
                        (before, after) -> {
                            if (before != null
                                    && after != null
                                    && !before.labels().equals(after.labels())) {
                                soonIf(parking.neighboursChanged());
                            }
                        });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
        writers.shutdown();
        try {
            if (!writers.awaitTermination(5, TimeUnit.SECONDS)) {
                log.warn("{} decisions were not written within 5 s", writers.getActiveCount());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isMine(KubeObject pod) {
        return PodFacts.node(pod).isEmpty()
                && PodFacts.isActive(pod)
                && pod.spec().array("schedulingGates").isEmpty()
                && pod.spec().string("schedulerName").orElse(NAME).equals(NAME);
    }

    private void podChanged(@Nullable KubeObject before, KubeObject pod) {
        ObjectKey key = pod.key(ResourceType.PODS);
        if (isMine(pod)) {
            boolean sameWish =
                    before != null
                            && before.spec().equals(pod.spec())
                            && before.labels().equals(pod.labels());
            if (!(sameWish && parking.has(key))) {
                controller.add(new Turn(PodFacts.priority(pod), key));
            }
        } else {
            parking.unpark(key);
        }
    }

    private void neighbourChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        KubeObject was = before != null && PlacedPods.isPlaced(before) ? before : null;
        KubeObject is = after != null && PlacedPods.isPlaced(after) ? after : null;
        if (was != null
                && is != null
                && was.labels().equals(is.labels())
                && was.deleted().isPresent() == is.deleted().isPresent()) {
            return;
        }
        if (was != null) {
            soonIf(parking.podChanged(was));
        }
        if (is != null) {
            soonIf(parking.podChanged(is));
        }
    }

    private static boolean isAnotherPlace(KubeObject before, KubeObject after) {
        return !before.labels().equals(after.labels())
                || !before.spec().array("taints").equals(after.spec().array("taints"));
    }

    private static boolean freed(KubeObject before, @Nullable KubeObject after) {
        return !PodFacts.node(before).isEmpty()
                && !PodFacts.isFinished(before)
                && (after == null || PodFacts.isFinished(after));
    }

    private static boolean matters(KubeObject before, KubeObject after) {
        return !before.labels().equals(after.labels())
                || !before.spec().equals(after.spec())
                || before.conditionIsTrue("Ready") != after.conditionIsTrue("Ready")
                || !before.status()
                        .object("allocatable")
                        .equals(after.status().object("allocatable"));
    }

    private void nodeChanged(String node) {
        soonIf(parking.nodeChanged(node));
    }

    private void soonIf(boolean waiting) {
        if (waiting) {
            controller.addAfter(WAKE, GATHER);
        }
    }

    private Optional<Duration> reconcile(Turn turn) {
        if (turn.equals(WAKE)) {
            for (ObjectKey key : parking.wake()) {
                pods.get(key).ifPresent(pod -> podChanged(null, pod));
            }
            return Optional.empty();
        }
        parking.unpark(turn.key());
        Optional<KubeObject> pod = pods.get(turn.key()).filter(Scheduler::isMine);
        if (pod.isPresent() && pods.read(() -> assumed.has(pod.get().uid()))) {
            return Optional.empty();
        }
        return pod.isPresent() ? schedule(pod.get()) : Optional.empty();
    }

    /** Whether it has a node, or will have one as soon as that is written. */
    private boolean isPlaced(KubeObject pod) {
        return !PodFacts.node(pod).isEmpty() || pods.read(() -> assumed.has(pod.uid()));
    }

    /** How many nodes and pods were looked at so far. */
    long[] looks() {
        return pods.read(() -> new long[] {nodeLooks, placed.looks()});
    }

    private record Fit(KubeObject node, int ofSameOwner, double used) {}

    private Optional<Duration> schedule(KubeObject pod) {
        // Parked first: a node that changes while this looks must wake it again.
        parking.park(pod);
        VolumeBinding.Wishes wishes = volumes.of(pod);
        if (!wishes.refusal().isEmpty()) {
            parking.keptByNodes(pod.key(ResourceType.PODS));
            tellUnschedulable(
                    pod, "0/" + nodes.size() + " nodes are available: " + wishes.refusal() + ".");
            return Optional.of(PARKED);
        }
        PodRequests requests = NodeUsage.requests(pod);
        Map<String, Integer> reasons = new HashMap<>();
        List<Fit> fits = new ArrayList<>();
        Collection<KubeObject> candidates = fleet.candidates(pod);
        for (KubeObject node : candidates) {
            pods.read(
                    () -> {
                        consider(pod, requests, wishes, node, reasons, fits);
                        return true;
                    });
        }
        List<Fit> chosen = pods.read(() -> best(pod, fits, candidates, reasons));
        if (chosen.isEmpty()) {
            if (Collections.disjoint(reasons.keySet(), Neighbours.CAUSED_BY_PODS)) {
                parking.keptByNodes(pod.key(ResourceType.PODS));
            }
            int all = nodes.size();
            int others = all - candidates.size();
            if (others > 0) {
                reasons.merge(NodeFilters.NO_MATCH, others, Integer::sum);
            }
            tellUnschedulable(pod, NodeFilters.message(all, reasons));
            return Optional.of(PARKED);
        }
        KubeObject node = chosen.get(0).node();
        if (!volumes.isReady(wishes, node)) {
            return Optional.of(PARKED);
        }
        pods.read(
                () -> {
                    assumed.assume(pod, node.name());
                    return true;
                });
        parking.unpark(pod.key(ResourceType.PODS));
        writers.execute(() -> tryToBind(pod, node));
        return Optional.empty();
    }

    private static final Comparator<Fit> BEST_FIRST =
            Comparator.comparingInt(Fit::ofSameOwner)
                    .thenComparingDouble(Fit::used)
                    .thenComparing(fit -> fit.node().name());

    /** Of the nodes that may have the pod, those that its neighbours allow; the best first. */
    private List<Fit> best(
            KubeObject pod,
            List<Fit> fits,
            Collection<KubeObject> candidates,
            Map<String, Integer> reasons) {
        if (fits.isEmpty()) {
            return fits;
        }
        Neighbours neighbours = new Neighbours(pod, nodes(fits), candidates, fleet, placed);
        List<Fit> allowed = new ArrayList<>();
        for (Fit fit : fits) {
            Optional<String> against = neighbours.against(fit.node());
            against.ifPresent(reason -> reasons.merge(reason, 1, Integer::sum));
            if (against.isEmpty()) {
                allowed.add(fit);
            }
        }
        Preferences liked = new Preferences(pod, nodes(allowed), candidates, fleet, placed);
        allowed.sort(
                Comparator.comparingDouble((Fit fit) -> -liked.score(fit.node()))
                        .thenComparing(BEST_FIRST));
        return allowed;
    }

    private static List<KubeObject> nodes(List<Fit> fits) {
        return fits.stream().map(Fit::node).toList();
    }

    private void consider(
            KubeObject pod,
            PodRequests requests,
            VolumeBinding.Wishes wishes,
            KubeObject node,
            Map<String, Integer> reasons,
            List<Fit> fits) {
        nodeLooks++;
        Usage used = usage.on(node.name());
        List<String> against = NodeFilters.against(pod, requests, node, used);
        if (against.isEmpty()) {
            against = volumes.against(wishes, node).stream().toList();
        }
        against.forEach(reason -> reasons.merge(reason, 1, Integer::sum));
        if (against.isEmpty()) {
            double cpu = share(used.milliCpu(), NodeFilters.allocatable(node, "cpu"));
            double memory = share(used.memoryBytes(), NodeFilters.allocatable(node, "memory"));
            double count = share(used.pods(), NodeFilters.allocatable(node, "pods"));
            fits.add(new Fit(node, used.podsOf(NodeUsage.owner(pod)), cpu + memory + count));
        }
    }

    private static double share(long used, long of) {
        return of <= 0 ? 0 : (double) used / of;
    }

    private void tryToBind(KubeObject pod, KubeObject node) {
        try {
            bind(pod, node);
            // What was written is seen in the informer by now.
            forget(pod);
        } catch (RuntimeException e) {
            // The edge of the thread. Forgotten first: a turn of an assumed pod does nothing.
            forget(pod);
            // Others may have been kept away by it.
            nodeChanged(node.name());
            soonIf(parking.neighboursChanged());
            again(pod, e);
        }
    }

    private void forget(KubeObject pod) {
        pods.read(
                () -> {
                    assumed.forget(pod.uid());
                    return true;
                });
    }

    private void bind(KubeObject pod, KubeObject node) {
        // The revision that the decision was made on is the precondition.
        JsonObject metadata =
                JsonObject.builder()
                        .put("name", pod.name())
                        .put("namespace", pod.namespace())
                        .put("uid", pod.uid())
                        .put("resourceVersion", pod.resourceVersion())
                        .build();
        JsonObject target =
                JsonObject.builder().put("kind", "Node").put("name", node.name()).build();
        KubeObject binding =
                new KubeObject(
                        JsonObject.builder()
                                .put("apiVersion", "v1")
                                .put("kind", "Binding")
                                .put("metadata", metadata)
                                .put("target", target)
                                .build());
        pods.write(() -> cluster.store().update(ResourceType.PODS, binding, "binding", AS_ME));
        cluster.normal(
                pod,
                "Scheduled",
                "Successfully assigned "
                        + pod.namespace()
                        + "/"
                        + pod.name()
                        + " to "
                        + node.name(),
                NAME);
    }

    private void tellUnschedulable(KubeObject pod, String message) {
        JsonObject condition = Conditions.of("PodScheduled", "False", "Unschedulable", message);
        JsonArray before = pod.status().array("conditions");
        JsonArray after = Conditions.with(before, condition, cluster.clock().instant());
        if (after.equals(before)) {
            return;
        }
        JsonObject status = pod.status().with("conditions", after);
        if (!status.has("phase")) {
            status = status.with("phase", "Pending");
        }
        KubeObject changed = pod.withStatus(status);
        writers.execute(() -> tryToTell(changed, message));
    }

    private void tryToTell(KubeObject pod, String message) {
        try {
            pods.write(() -> cluster.store().update(ResourceType.PODS, pod, "status", AS_ME));
        } catch (RuntimeException e) {
            // The edge of the thread.
            again(pod, e);
            return;
        }
        cluster.warn(pod, "FailedScheduling", message, NAME);
    }

    private void again(KubeObject pod, RuntimeException why) {
        boolean conflict =
                why instanceof ApiException refused && refused.reason() == Reason.CONFLICT;
        log.debug("what was decided on {} is not written; it comes again", pod, why);
        controller.addAfter(
                new Turn(PodFacts.priority(pod), pod.key(ResourceType.PODS)),
                conflict ? AFTER_CONFLICT : AFTER_FAILURE);
    }
}
