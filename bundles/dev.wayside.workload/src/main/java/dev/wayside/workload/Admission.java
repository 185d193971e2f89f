// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.NodeAffinity;
import dev.wayside.model.PodRequests;
import dev.wayside.model.Quantity;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a pod may run on this Node. Pure: the same facts, the same answer. */
final class Admission {
    static final long DEFAULT_GRACE_SECONDS = 30;

    private Admission() {}

    /**
     * @param others the admitted pods that still take something from the Node
     * @param adopted whether containers of the pod exist: then it was admitted once, and stays so
     */
    static PodRecord decide(
            KubeObject pod,
            KubeObject node,
            List<PodRequests> others,
            boolean adopted,
            Instant now) {
        String rejection = "";
        String message = "";
        PodRequests requests = new PodRequests(0, 0, Set.of());
        try {
            requests = PodRequests.of(pod);
            Refusal refusal = adopted ? null : refusal(pod, node, requests, others);
            if (refusal != null) {
                rejection = refusal.reason;
                message = refusal.message;
            }
        } catch (IllegalArgumentException e) {
            rejection = adopted ? "" : "InvalidPod";
            message = adopted ? "" : "Pod was rejected: " + e.getMessage();
        }
        return new PodRecord(
                pod.key(ResourceType.PODS),
                pod.uid(),
                rejection,
                message,
                now,
                requests,
                pod.spec().number("terminationGracePeriodSeconds").orElse(DEFAULT_GRACE_SECONDS),
                "",
                "",
                Map.of());
    }

    private record Refusal(String reason, String message) {}

    private static @Nullable Refusal refusal(
            KubeObject pod, KubeObject node, PodRequests requests, List<PodRequests> others) {
        if (!NodeAffinity.matches(pod, node)) {
            return new Refusal(
                    "NodeAffinity",
                    "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's"
                            + " node affinity/selector");
        }
        for (PodRequests other : others) {
            if (requests.clashesWith(other)) {
                return new Refusal(
                        "HostPortConflict",
                        "Pod was rejected: a host port that it asks for is taken by another pod of"
                                + " this node");
            }
        }
        JsonObject allocatable = node.status().object("allocatable");
        long cpu = others.stream().mapToLong(PodRequests::milliCpu).sum();
        long memory = others.stream().mapToLong(PodRequests::memoryBytes).sum();
        if (allocatable.has("pods")
                && others.size() + 1 > Quantity.of(allocatable, "pods").whole()) {
            return outOf("pods", 1, others.size(), Quantity.of(allocatable, "pods").whole());
        }
        if (requests.milliCpu() > 0
                && cpu + requests.milliCpu() > Quantity.of(allocatable, "cpu").milli()) {
            return outOf("cpu", requests.milliCpu(), cpu, Quantity.of(allocatable, "cpu").milli());
        }
        if (requests.memoryBytes() > 0
                && memory + requests.memoryBytes() > Quantity.of(allocatable, "memory").whole()) {
            return outOf(
                    "memory",
                    requests.memoryBytes(),
                    memory,
                    Quantity.of(allocatable, "memory").whole());
        }
        return null;
    }

    private static Refusal outOf(String resource, long requested, long used, long capacity) {
        return new Refusal(
                "OutOf" + resource,
                "Pod was rejected: Node didn't have enough resource: "
                        + resource
                        + ", requested: "
                        + requested
                        + ", used: "
                        + used
                        + ", capacity: "
                        + capacity);
    }
}
