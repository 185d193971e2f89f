// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.PodRequests;
import dev.wayside.model.Quantity;
import java.time.Instant;
import java.util.List;
import java.util.Map;

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
        PodRequests requests = new PodRequests(0, 0, java.util.Set.of());
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
                pod.key(dev.wayside.model.ResourceType.PODS),
                pod.uid(),
                rejection,
                message,
                now,
                requests,
                pod.spec().number("terminationGracePeriodSeconds").orElse(DEFAULT_GRACE_SECONDS),
                "");
    }

    private record Refusal(String reason, String message) {}

    private static @org.jspecify.annotations.Nullable Refusal refusal(
            KubeObject pod, KubeObject node, PodRequests requests, List<PodRequests> others) {
        if (!selected(pod, node)) {
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

    private static boolean selected(KubeObject pod, KubeObject node) {
        Map<String, String> wanted = pod.spec().object("nodeSelector").strings();
        if (!LabelSelector.of(wanted).matches(node.labels())) {
            return false;
        }
        JsonObject required =
                pod.spec()
                        .object(
                                "affinity",
                                "nodeAffinity",
                                "requiredDuringSchedulingIgnoredDuringExecution");
        List<JsonObject> terms = required.array("nodeSelectorTerms").objects();
        return required.isEmpty() || terms.stream().anyMatch(term -> matches(term, node));
    }

    private static boolean matches(JsonObject term, KubeObject node) {
        List<JsonObject> labels = term.array("matchExpressions").objects();
        List<JsonObject> fields = term.array("matchFields").objects();
        // core/v1: a term without requirements matches nothing.
        return !(labels.isEmpty() && fields.isEmpty())
                && labels.stream()
                        .allMatch(one -> LabelSelector.requirement(one).matches(node.labels()))
                && fields.stream()
                        .allMatch(
                                one ->
                                        LabelSelector.requirement(one)
                                                .matches(Map.of("metadata.name", node.name())));
    }
}
