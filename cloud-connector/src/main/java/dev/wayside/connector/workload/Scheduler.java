// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.NodeUsage.Usage;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Binds pods to nodes. One worker decides for all, so no room is given away twice; a binding counts
 * from the moment it is written (see {@link Informer}), whether or not the watch has brought it.
 *
 * <p>Of the nodes that may have the pod, it takes those with the fewest pods of the same owner,
 * then the least used, then the first by name: so a Deployment spreads over its site's gateways.
 *
 * <p>A pod that fits nowhere is parked under its nodeSelector, and comes again when a node that the
 * selector matches has changed or has lost a pod.
 */
public final class Scheduler implements AutoCloseable {
    static final String NAME = "default-scheduler";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    /** Parked pods are looked at this often even if nothing has changed. */
    private static final Duration PARKED = Duration.ofMinutes(5);

    /** Changes of nodes are gathered for so long before parked pods are woken. */
    private static final Duration GATHER = Duration.ofMillis(50);

    private static final String NODE_NAME = "@metadata.name";

    /** Stands in the queue for "wake what the changed nodes may take". */
    private static final ObjectKey WAKE = new ObjectKey("", "", "wake");

    private final Cluster cluster;
    private final Informer pods;
    private final Informer nodes;
    private final NodeUsage usage;
    private final VolumeBinding volumes;
    private final Informer.Index nodesByLabel;
    private final Controller<ObjectKey> controller;

    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<Map<String, String>, Set<ObjectKey>> parked = new HashMap<>();

    @GuardedBy("lock")
    private final Map<ObjectKey, Map<String, String>> parkedUnder = new HashMap<>();

    @GuardedBy("lock")
    private final Set<String> changedNodes = new LinkedHashSet<>();

    public Scheduler(Cluster cluster) {
        this.cluster = cluster;
        this.pods = cluster.pods();
        this.nodes = cluster.nodes();
        this.usage = pods.addView(new NodeUsage());
        this.nodesByLabel =
                nodes.addIndex(
                        node ->
                                node.labels().entrySet().stream()
                                        .map(label -> label.getKey() + "=" + label.getValue())
                                        .toList());
        this.controller =
                new Controller<>(
                        "scheduler",
                        1,
                        cluster.backoff(),
                        this::reconcile,
                        () -> pods.all().forEach(pod -> podChanged(null, pod)));
        this.volumes = new VolumeBinding(cluster, pod -> podChanged(null, pod));
        pods.addListener(
                (before, after) -> {
                    if (after != null) {
                        podChanged(before, after);
                    } else if (before != null) {
                        unpark(before.key(ResourceType.PODS));
                    }
                    if (before != null && freed(before, after)) {
                        nodeChanged(PodFacts.node(before));
                    }
                });
        nodes.addListener(
                (before, after) -> {
                    if (after != null && (before == null || matters(before, after))) {
                        nodeChanged(after.name());
                    }
                });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private static boolean isMine(KubeObject pod) {
        return PodFacts.node(pod).isEmpty()
                && PodFacts.isActive(pod)
                && pod.spec().string("schedulerName").orElse(NAME).equals(NAME);
    }

    private void podChanged(@Nullable KubeObject before, KubeObject pod) {
        ObjectKey key = pod.key(ResourceType.PODS);
        if (isMine(pod)) {
            boolean sameWish = before != null && before.spec().equals(pod.spec());
            synchronized (lock) {
                if (sameWish && parkedUnder.containsKey(key)) {
                    return;
                }
            }
            controller.add(key);
        } else {
            unpark(key);
        }
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
        synchronized (lock) {
            if (parked.isEmpty()) {
                return;
            }
            changedNodes.add(node);
        }
        controller.addAfter(WAKE, GATHER);
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        if (key.equals(WAKE)) {
            wake();
            return Optional.empty();
        }
        unpark(key);
        Optional<KubeObject> pod = pods.get(key).filter(Scheduler::isMine);
        return pod.isPresent() ? schedule(pod.get()) : Optional.empty();
    }

    private void wake() {
        Set<String> names;
        List<Map<String, String>> selectors;
        synchronized (lock) {
            names = new HashSet<>(changedNodes);
            changedNodes.clear();
            selectors = new ArrayList<>(parked.keySet());
        }
        List<Map<String, String>> changed = new ArrayList<>();
        names.forEach(name -> nodes.get("", name).map(Scheduler::named).ifPresent(changed::add));
        for (Map<String, String> selector : selectors) {
            LabelSelector labels = LabelSelector.of(selector);
            if (changed.stream().anyMatch(labels::matches)) {
                List<ObjectKey> woken;
                synchronized (lock) {
                    woken = List.copyOf(parked.getOrDefault(selector, Set.of()));
                    for (ObjectKey key : woken) {
                        unparkLocked(key);
                    }
                }
                woken.forEach(controller::add);
            }
        }
    }

    /** A node's labels with its name, which no label can be called. */
    private static Map<String, String> named(KubeObject node) {
        Map<String, String> all = new HashMap<>(node.labels());
        all.put(NODE_NAME, node.name());
        return all;
    }

    private void unpark(ObjectKey key) {
        synchronized (lock) {
            unparkLocked(key);
        }
    }

    @GuardedBy("lock")
    private void unparkLocked(ObjectKey key) {
        Map<String, String> selector = parkedUnder.remove(key);
        if (selector != null) {
            Set<ObjectKey> keys = parked.get(selector);
            if (keys != null && keys.remove(key) && keys.isEmpty()) {
                parked.remove(selector);
            }
        }
    }

    private void park(KubeObject pod) {
        ObjectKey key = pod.key(ResourceType.PODS);
        Map<String, String> selector =
                PodFacts.pinnedTo(pod)
                        .map(node -> Map.of(NODE_NAME, node))
                        .orElseGet(() -> pod.spec().object("nodeSelector").strings());
        synchronized (lock) {
            parkedUnder.put(key, selector);
            parked.computeIfAbsent(selector, any -> new LinkedHashSet<>()).add(key);
        }
    }

    private record Fit(KubeObject node, long discouraged, int ofSameOwner, double used) {}

    private Optional<Duration> schedule(KubeObject pod) {
        // Parked first: a node that changes while this looks must wake it again.
        park(pod);
        VolumeBinding.Wishes wishes = volumes.of(pod);
        if (!wishes.refusal().isEmpty()) {
            tellUnschedulable(
                    pod, "0/" + nodes.size() + " nodes are available: " + wishes.refusal() + ".");
            return Optional.of(PARKED);
        }
        PodRequests requests = NodeUsage.requests(pod);
        Map<String, Integer> reasons = new HashMap<>();
        List<Fit> fits = new ArrayList<>();
        List<KubeObject> candidates = candidates(pod);
        for (KubeObject node : candidates) {
            pods.read(
                    () -> {
                        consider(pod, requests, wishes, node, reasons, fits);
                        return true;
                    });
        }
        if (fits.isEmpty()) {
            int all = nodes.size();
            int others = all - candidates.size();
            if (others > 0) {
                reasons.merge(NodeFilters.NO_MATCH, others, Integer::sum);
            }
            tellUnschedulable(pod, NodeFilters.message(all, reasons));
            return Optional.of(PARKED);
        }
        fits.sort(BEST_FIRST);
        KubeObject node = fits.get(0).node();
        if (!volumes.isReady(wishes, node)) {
            return Optional.of(PARKED);
        }
        bind(pod, node);
        return Optional.empty();
    }

    private static final Comparator<Fit> BEST_FIRST =
            Comparator.comparingLong(Fit::discouraged)
                    .thenComparingInt(Fit::ofSameOwner)
                    .thenComparingDouble(Fit::used)
                    .thenComparing(fit -> fit.node().name());

    /** The one it is pinned to, those under the rarest label of its nodeSelector, or all. */
    private List<KubeObject> candidates(KubeObject pod) {
        Optional<String> pinned = PodFacts.pinnedTo(pod);
        if (pinned.isPresent()) {
            return nodes.get("", pinned.get()).stream().toList();
        }
        return pod.spec().object("nodeSelector").strings().entrySet().stream()
                .map(label -> label.getKey() + "=" + label.getValue())
                .min(Comparator.comparingInt(nodesByLabel::count))
                .map(nodesByLabel::get)
                .orElseGet(nodes::all);
    }

    private void consider(
            KubeObject pod,
            PodRequests requests,
            VolumeBinding.Wishes wishes,
            KubeObject node,
            Map<String, Integer> reasons,
            List<Fit> fits) {
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
            fits.add(
                    new Fit(
                            node,
                            NodeFilters.discouraging(pod, node),
                            used.podsOf(NodeUsage.owner(pod)),
                            cpu + memory + count));
        }
    }

    private static double share(long used, long of) {
        return of <= 0 ? 0 : (double) used / of;
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
        unpark(pod.key(ResourceType.PODS));
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
        pods.write(() -> cluster.store().update(ResourceType.PODS, changed, "status", AS_ME));
        cluster.warn(pod, "FailedScheduling", message, NAME);
    }
}
