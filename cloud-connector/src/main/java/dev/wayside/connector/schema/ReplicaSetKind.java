// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** ReplicaSet. */
final class ReplicaSetKind extends TypedKind {

    ReplicaSetKind(TypeTable table) {
        super(
                Facts.of(ResourceType.REPLICA_SETS, "apps/v1.ReplicaSet", "rs")
                        .inAll()
                        .with("status", "scale")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject set) {
        JsonObject spec = PodDefaults.absent(set.spec(), "replicas", Json.of(1));
        return set.withSpec(spec.with("template", PodDefaults.template(spec.object("template"))));
    }

    @Override
    void check(KubeObject set, Errors errors) {
        errors.nonNegative("spec.replicas", set.spec().number("replicas").orElse(0));
        errors.nonNegative("spec.minReadySeconds", set.spec().number("minReadySeconds").orElse(0));
        DeploymentRules.selectorAndTemplate(set.spec(), "spec", "deployment", errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("spec.", "selector", before.spec(), after.spec());
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of(
                "status.replicas", set -> Long.toString(set.status().number("replicas").orElse(0)));
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Cells.NAME);
        columns.add(Cells.number("Desired", "Pods that should be there."));
        columns.add(Cells.number("Current", "Pods that are there."));
        columns.add(Cells.number("Ready", "Pods that are ready."));
        columns.add(Cells.AGE);
        columns.addAll(Cells.WORKLOAD_WIDE);
        return columns;
    }

    @Override
    public List<Json> cells(KubeObject set, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(set));
        cells.add(Cells.count(set.spec(), "replicas"));
        cells.add(Cells.count(set.status(), "replicas"));
        cells.add(Cells.count(set.status(), "readyReplicas"));
        cells.add(Cells.age(set, now));
        cells.addAll(Cells.workload(set.spec()));
        return cells;
    }
}
