// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** DaemonSet: a pod on every node that fits. */
final class DaemonSetKind extends TypedKind {

    DaemonSetKind(TypeTable table) {
        super(
                Facts.of(ResourceType.DAEMON_SETS, "apps/v1.DaemonSet", "ds")
                        .inAll()
                        .with("status")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject set) {
        JsonObject spec = set.spec();
        spec = spec.with("template", PodDefaults.template(spec.object("template")));
        JsonObject strategy =
                PodDefaults.absent(spec.object("updateStrategy"), "type", Json.of("RollingUpdate"));
        if (strategy.text("type").equals("RollingUpdate")) {
            JsonObject rolling = strategy.object("rollingUpdate");
            // One of the two has to stay 0.
            boolean surges = rolling.has("maxSurge") && !isZero(rolling, "maxSurge");
            rolling = PodDefaults.absent(rolling, "maxUnavailable", Json.of(surges ? 0 : 1));
            rolling = PodDefaults.absent(rolling, "maxSurge", Json.of(0));
            strategy = strategy.with("rollingUpdate", rolling);
        }
        spec = spec.with("updateStrategy", strategy);
        return set.withSpec(PodDefaults.absent(spec, "revisionHistoryLimit", Json.of(10)));
    }

    @Override
    void check(KubeObject set, Errors errors) {
        JsonObject spec = set.spec();
        DeploymentRules.selector(spec, "spec", "daemonset", errors);
        PodSpecRules.template(spec.object("template"), "spec.template", "DaemonSet", errors);
        errors.nonNegative("spec.minReadySeconds", spec.number("minReadySeconds").orElse(0));
        strategy(spec.object("updateStrategy"), errors);
        errors.nonNegative(
                "spec.revisionHistoryLimit", spec.number("revisionHistoryLimit").orElse(0));
    }

    private static void strategy(JsonObject strategy, Errors errors) {
        String path = "spec.updateStrategy";
        switch (strategy.text("type")) {
            case "OnDelete" -> {}
            case "RollingUpdate" -> {
                JsonObject rolling = strategy.object("rollingUpdate");
                String here = path + ".rollingUpdate";
                DeploymentRules.intOrPercent(rolling, "maxUnavailable", here, errors);
                DeploymentRules.intOrPercent(rolling, "maxSurge", here, errors);
                boolean takes = !isZero(rolling, "maxUnavailable");
                boolean surges = !isZero(rolling, "maxSurge");
                if (takes && surges) {
                    errors.invalid(
                            here + ".maxSurge",
                            rolling.get("maxSurge").orElse(JsonNull.INSTANCE),
                            "may not be set when maxUnavailable is non-zero");
                } else if (!takes && !surges) {
                    errors.required(here + ".maxUnavailable", "cannot be 0 when maxSurge is 0");
                }
            }
            default ->
                    errors.notSupported(
                            path + ".type",
                            strategy.text("type"),
                            List.of("RollingUpdate", "OnDelete"));
        }
    }

    private static boolean isZero(JsonObject rolling, String name) {
        Json value = rolling.get(name).orElse(JsonNumber.of(0));
        return value.equals(JsonNumber.of(0)) || value.toJson().matches("\"0+%\"");
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("spec.", "selector", before.spec(), after.spec());
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Cells.NAME);
        columns.add(Cells.number("Desired", "Nodes that should run the pod."));
        columns.add(Cells.number("Current", "Nodes that have the pod and should."));
        columns.add(Cells.number("Ready", "Nodes whose pod is ready."));
        columns.add(Cells.number("Up-to-date", "Pods that have the template as it is now."));
        columns.add(Cells.number("Available", "Pods that have been ready for long enough."));
        columns.add(Cells.text("Node Selector", "The labels of the nodes that run the pod."));
        columns.add(Cells.AGE);
        columns.addAll(Cells.WORKLOAD_WIDE);
        return columns;
    }

    @Override
    public List<Json> cells(KubeObject set, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(set));
        for (String count :
                List.of(
                        "desiredNumberScheduled",
                        "currentNumberScheduled",
                        "numberReady",
                        "updatedNumberScheduled",
                        "numberAvailable")) {
            cells.add(Cells.count(set.status(), count));
        }
        cells.add(
                Cells.orElse(
                        labels(set.spec().object("template", "spec", "nodeSelector").strings()),
                        "<none>"));
        cells.add(Cells.age(set, now));
        cells.addAll(Cells.workload(set.spec()));
        return cells;
    }

    private static String labels(Map<String, String> labels) {
        return new TreeMap<>(labels)
                .entrySet().stream()
                        .map(label -> label.getKey() + "=" + label.getValue())
                        .collect(Collectors.joining(","));
    }
}
