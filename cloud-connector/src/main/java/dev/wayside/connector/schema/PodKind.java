// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Pod. */
final class PodKind extends TypedKind {
    private static final Set<String> OVER = Set.of("Succeeded", "Failed");
    private static final List<String> PHASES =
            List.of("Pending", "Running", "Succeeded", "Failed", "Unknown");
    private static final long DEFAULT_GRACE_SECONDS = 30;

    PodKind(TypeTable table) {
        super(
                Facts.of(ResourceType.PODS, "core/v1.Pod", "po")
                        .inAll()
                        .with("status", "binding", "eviction"),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject pod) {
        return PodDefaults.pod(pod);
    }

    @Override
    void check(KubeObject pod, Errors errors) {
        PodSpecRules.check(pod.spec(), "spec", errors);
        String phase = pod.status().text("phase");
        if (!phase.isEmpty() && !PHASES.contains(phase)) {
            errors.notSupported("status.phase", phase, PHASES);
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        PodUpdateRules.check(before.spec(), after.spec(), subresource, errors);
    }

    /**
     * What admission filled in at its creation stays, also when its author's manifest replaces it.
     */
    @Override
    public KubeObject keeping(KubeObject before, KubeObject after) {
        KubeObject result = after;
        for (String field : List.of("priority", "preemptionPolicy")) {
            if (before.spec().has(field)) {
                result =
                        result.withSpec(
                                PodDefaults.absent(
                                        result.spec(),
                                        field,
                                        before.spec().get(field).orElseThrow()));
            }
        }
        return result;
    }

    /** A pod that no gateway has, or that is over, need not wait for anyone. */
    @Override
    public long deletionGraceSeconds(KubeObject pod) {
        return pod.spec().text("nodeName").isEmpty() || OVER.contains(pod.status().text("phase"))
                ? 0
                : pod.spec().number("terminationGracePeriodSeconds").orElse(DEFAULT_GRACE_SECONDS);
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        Map<String, Function<KubeObject, String>> fields = new LinkedHashMap<>();
        fields.put("spec.nodeName", at("spec", "nodeName"));
        fields.put("spec.restartPolicy", at("spec", "restartPolicy"));
        fields.put("spec.schedulerName", at("spec", "schedulerName"));
        fields.put("spec.serviceAccountName", at("spec", "serviceAccountName"));
        fields.put("spec.hostNetwork", pod -> String.valueOf(pod.spec().flag("hostNetwork")));
        fields.put("status.phase", at("status", "phase"));
        fields.put("status.podIP", at("status", "podIP"));
        fields.put("status.nominatedNodeName", at("status", "nominatedNodeName"));
        return fields;
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text(
                        "Ready",
                        "The aggregate readiness state of this pod for accepting traffic."),
                Cells.text("Status", "The aggregate status of the containers in this pod."),
                Cells.text(
                        "Restarts",
                        "The number of times the containers in this pod have been restarted and"
                                + " when the last container in this pod has restarted."),
                Cells.AGE,
                Cells.wide("IP", "Address allocated to the pod."),
                Cells.wide("Node", "The node that this pod is bound to."),
                Cells.wide(
                        "Nominated Node", "The node that this pod may be bound to by preemption."),
                Cells.wide("Readiness Gates", "Conditions beyond readiness of the containers."));
    }

    @Override
    public List<Json> cells(KubeObject pod, Instant now) {
        PodSummary summary = PodSummary.of(pod);
        return List.of(
                Cells.name(pod),
                Json.of(summary.ready() + "/" + summary.total()),
                Json.of(summary.reason()),
                Json.of(summary.restartsText(now)),
                Cells.age(pod, now),
                Cells.orElse(pod.status().text("podIP"), "<none>"),
                Cells.orElse(pod.spec().text("nodeName"), "<none>"),
                Cells.orElse(pod.status().text("nominatedNodeName"), "<none>"),
                Json.of(gates(pod)));
    }

    private static String gates(KubeObject pod) {
        List<String> gates =
                pod.spec().array("readinessGates").objects().stream()
                        .map(gate -> gate.text("conditionType"))
                        .toList();
        return gates.isEmpty()
                ? "<none>"
                : gates.stream().filter(pod::conditionIsTrue).count() + "/" + gates.size();
    }
}
