// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.workload.NodeUsage.Usage;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.NodeAffinity;
import dev.wayside.model.PodRequests;
import dev.wayside.model.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether a pod may run on a node, and why not, in Kubernetes' words and order. Pure. */
final class NodeFilters {
    static final String NO_MATCH = "node(s) didn't match Pod's node affinity/selector";
    static final String UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
    private static final long PODS_UNLESS_SAID = 110;

    private NodeFilters() {}

    /** The first reasons against the node; empty if the pod may run there. */
    static List<String> against(
            KubeObject pod, PodRequests requests, KubeObject node, Usage usage) {
        if (node.spec().flag("unschedulable") && !tolerates(pod, taint(UNSCHEDULABLE))) {
            return List.of("node(s) were unschedulable");
        }
        Optional<JsonObject> taint = untolerated(pod, node, "NoSchedule", "NoExecute");
        if (taint.isPresent()) {
            return List.of(
                    "node(s) had untolerated taint {"
                            + taint.get().text("key")
                            + ": "
                            + taint.get().text("value")
                            + "}");
        }
        if (!NodeAffinity.matches(pod, node)) {
            return List.of(NO_MATCH);
        }
        if (node.deleted().isPresent() || !isReadyFor(pod, node)) {
            return List.of("node(s) were not ready");
        }
        if (usage.clashesWith(requests.hostPorts())) {
            return List.of("node(s) didn't have free ports for the requested pod ports");
        }
        return resources(requests, node, usage);
    }

    /**
     * Who puts up with the taint that a node gets for it, puts up with a node that is not ready.
     */
    private static boolean isReadyFor(KubeObject pod, KubeObject node) {
        return node.conditionIsTrue("Ready")
                || tolerates(
                        pod,
                        taint(
                                PodFacts.isUnheardOf(node)
                                        ? NodeLifecycle.UNREACHABLE
                                        : NodeLifecycle.NOT_READY));
    }

    private static JsonObject taint(String key) {
        return JsonObject.builder().put("key", key).put("effect", "NoSchedule").build();
    }

    private static List<String> resources(PodRequests requests, KubeObject node, Usage usage) {
        List<String> reasons = new ArrayList<>();
        if (usage.pods() + 1L > allocatable(node, "pods")) {
            reasons.add("Too many pods");
        }
        if (requests.milliCpu() > 0
                && requests.milliCpu() + usage.milliCpu() > allocatable(node, "cpu")) {
            reasons.add("Insufficient cpu");
        }
        if (requests.memoryBytes() > 0
                && requests.memoryBytes() + usage.memoryBytes() > allocatable(node, "memory")) {
            reasons.add("Insufficient memory");
        }
        requests.others()
                .forEach(
                        (resource, amount) -> {
                            if (amount + usage.other(resource) > allocatable(node, resource)) {
                                reasons.add("Insufficient " + resource);
                            }
                        });
        return reasons;
    }

    /** In thousandths for cpu, else in whole units. */
    static long allocatable(KubeObject node, String resource) {
        JsonObject allocatable = node.status().object("allocatable");
        if (resource.equals("pods") && !allocatable.has("pods")) {
            return PODS_UNLESS_SAID;
        }
        try {
            Quantity quantity = Quantity.of(allocatable, resource);
            return resource.equals("cpu") ? quantity.milli() : quantity.whole();
        } catch (IllegalArgumentException e) {
            // A node that does not say how much it has, has none.
            return 0;
        }
    }

    /** Whether no taint keeps the pod away for good. */
    static boolean toleratesAll(KubeObject pod, KubeObject node) {
        return untolerated(pod, node, "NoSchedule", "NoExecute").isEmpty();
    }

    /** How many taints would rather not have the pod. */
    static long discouraging(KubeObject pod, KubeObject node) {
        return node.spec().array("taints").objects().stream()
                .filter(taint -> taint.text("effect").equals("PreferNoSchedule"))
                .filter(taint -> !tolerates(pod, taint))
                .count();
    }

    static Optional<JsonObject> untolerated(KubeObject pod, KubeObject node, String... effects) {
        return node.spec().array("taints").objects().stream()
                .filter(taint -> List.of(effects).contains(taint.text("effect")))
                .filter(taint -> !tolerates(pod, taint))
                .findFirst();
    }

    private static boolean tolerates(KubeObject pod, JsonObject taint) {
        return pod.spec().array("tolerations").objects().stream()
                .anyMatch(toleration -> tolerated(toleration, taint));
    }

    private static boolean tolerated(JsonObject toleration, JsonObject taint) {
        String effect = toleration.text("effect");
        String key = toleration.text("key");
        boolean exists = toleration.text("operator").equals("Exists");
        if (!effect.isEmpty() && !effect.equals(taint.text("effect"))) {
            return false;
        }
        if (key.isEmpty()) {
            return exists;
        }
        return key.equals(taint.text("key"))
                && (exists || toleration.text("value").equals(taint.text("value")));
    }

    /** {@code 0/3 nodes are available: 2 …, 1 ….} */
    static String message(int nodes, Map<String, Integer> reasons) {
        if (nodes == 0) {
            return "no nodes available to schedule pods";
        }
        List<String> parts = new ArrayList<>();
        reasons.forEach((reason, count) -> parts.add(count + " " + reason));
        parts.sort(null);
        return "0/" + nodes + " nodes are available: " + String.join(", ", parts) + ".";
    }
}
