// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Says of each gateway whether it is heard of. A Lease that was not renewed for 60 s makes the
 * node's conditions Unknown and taints it {@code unreachable:NoSchedule}; never {@code NoExecute}:
 * a cut evicts nothing. A renewed Lease takes the taint off; Ready is for the gateway itself to
 * say. A node that says it is not ready is tainted {@code not-ready:NoSchedule}.
 *
 * <p>What counts is that {@code renewTime} changed while this process watched, by its own monotonic
 * clock: neither the gateways' clocks nor a jump of ours matter, and after a start of the connector
 * every Lease has its full time.
 */
public final class NodeLifecycle implements AutoCloseable {
    static final Duration LIFETIME = Duration.ofSeconds(60);
    static final String UNREACHABLE = "node.kubernetes.io/unreachable";
    static final String NOT_READY = "node.kubernetes.io/not-ready";

    private static final String NAME = "node-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);
    private static final String LEASES = "kube-node-lease";
    private static final List<String> CONDITIONS =
            List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");

    private record Heard(String renewTime, long nanos) {}

    private final Cluster cluster;
    private final Informer nodes;
    private final Controller<ObjectKey> controller;

    /** By the node's name. */
    private final Map<String, Heard> heard = new ConcurrentHashMap<>();

    public NodeLifecycle(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.nodes = cluster.nodes();
        this.controller =
                new Controller<>(
                        "node",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> nodes.all().forEach(this::add));
        nodes.addListener(
                (before, after) -> {
                    if (after == null) {
                        if (before != null) {
                            heard.remove(before.name());
                        }
                    } else if (before == null || isOfInterest(before, after)) {
                        add(after);
                    }
                });
        cluster.informer(ResourceType.LEASES).addListener(this::leaseChanged);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject node) {
        controller.add(node.key(ResourceType.NODES));
    }

    private static boolean isOfInterest(KubeObject before, KubeObject after) {
        return !before.spec().equals(after.spec())
                || !ready(before).equals(ready(after))
                || !before.uid().equals(after.uid());
    }

    private static String ready(KubeObject node) {
        return node.condition("Ready").map(condition -> condition.text("status")).orElse("");
    }

    /** Renewals are frequent: only one that ends a silence is worth a look at the node. */
    private void leaseChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null || !after.namespace().equals(LEASES)) {
            return;
        }
        String renewed = after.spec().text("renewTime");
        long now = cluster.nanoTime();
        heard.compute(
                after.name(),
                (name, last) ->
                        last != null && last.renewTime().equals(renewed)
                                ? last
                                : new Heard(renewed, now));
        boolean wasSilent =
                nodes.get("", after.name())
                        .filter(node -> PodFacts.isUnheardOf(node) || has(node, UNREACHABLE))
                        .isPresent();
        if (wasSilent) {
            controller.add(ResourceType.NODES.key("", after.name()));
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> known = nodes.get(key).filter(node -> node.deleted().isEmpty());
        if (known.isEmpty()) {
            return Optional.empty();
        }
        KubeObject node = known.get();
        long now = cluster.nanoTime();
        // A node without a Lease has its time from when it was first seen.
        Heard last = heard.computeIfAbsent(key.name(), any -> new Heard("", now));
        Duration silent = Duration.ofNanos(now - last.nanos());
        boolean lost = silent.compareTo(LIFETIME) > 0;
        if (lost) {
            node = markUnknown(node);
        }
        taint(node, lost);
        // The queue waits in real time; a look too early is only a look.
        Duration left = LIFETIME.minus(silent).plusMillis(100);
        return Optional.of(lost ? LIFETIME : left);
    }

    private KubeObject markUnknown(KubeObject node) {
        JsonArray before = node.status().array("conditions");
        JsonArray after = before;
        Instant now = cluster.clock().instant();
        for (String type : CONDITIONS) {
            Optional<JsonObject> old = Conditions.find(before, type);
            boolean wanted = type.equals("Ready") || old.isPresent();
            if (wanted
                    && !old.map(condition -> condition.text("status"))
                            .orElse("")
                            .equals("Unknown")) {
                JsonObject unknown =
                        Conditions.of(
                                type,
                                "Unknown",
                                "NodeStatusUnknown",
                                "Gateway stopped posting its lease.");
                Optional<Json> heartbeat = old.flatMap(last -> last.get("lastHeartbeatTime"));
                after =
                        Conditions.with(
                                after,
                                heartbeat.isPresent()
                                        ? unknown.with("lastHeartbeatTime", heartbeat.get())
                                        : unknown,
                                now);
            }
        }
        if (after.equals(before)) {
            return node;
        }
        // As it was seen: had the gateway written since, its word would be lost.
        KubeObject changed = node.withStatus(node.status().with("conditions", after));
        KubeObject written =
                nodes.write(
                        () -> cluster.store().update(ResourceType.NODES, changed, "status", AS_ME));
        cluster.warn(
                node, "NodeNotReady", "Node " + node.name() + " status is now: NodeNotReady", NAME);
        return written;
    }

    private void taint(KubeObject node, boolean lost) {
        JsonArray before = node.spec().array("taints");
        JsonArray after = with(before, UNREACHABLE, lost);
        after = with(after, NOT_READY, !lost && ready(node).equals("False"));
        if (after.equals(before)) {
            return;
        }
        JsonObject spec =
                after.isEmpty() ? node.spec().without("taints") : node.spec().with("taints", after);
        KubeObject changed = node.withSpec(spec);
        nodes.write(() -> cluster.store().update(ResourceType.NODES, changed, "", AS_ME));
    }

    private static boolean has(KubeObject node, String key) {
        return node.spec().array("taints").objects().stream().anyMatch(taint -> isOurs(taint, key));
    }

    /** Only the effect that is ours: an operator's own {@code NoExecute} stays. */
    private static boolean isOurs(JsonObject taint, String key) {
        return taint.text("key").equals(key) && taint.text("effect").equals("NoSchedule");
    }

    private JsonArray with(JsonArray taints, String key, boolean wanted) {
        boolean there = taints.objects().stream().anyMatch(taint -> isOurs(taint, key));
        if (there == wanted) {
            return taints;
        }
        if (wanted) {
            return taints.plus(
                    JsonObject.builder()
                            .put("key", key)
                            .put("effect", "NoSchedule")
                            .put("timeAdded", Conditions.time(cluster.clock().instant()))
                            .build());
        }
        List<Json> others = new ArrayList<>();
        for (Json taint : taints) {
            if (!(taint instanceof JsonObject object && isOurs(object, key))) {
                others.add(taint);
            }
        }
        return new JsonArray(others);
    }
}
