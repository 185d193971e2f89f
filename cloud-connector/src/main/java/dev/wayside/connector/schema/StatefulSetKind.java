// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** StatefulSet. */
final class StatefulSetKind extends TypedKind {

    StatefulSetKind(TypeTable table) {
        super(
                Facts.of(ResourceType.STATEFUL_SETS, "apps/v1.StatefulSet", "sts")
                        .inAll()
                        .with("status", "scale")
                        .countingGenerations(),
                table);
    }

    /** Its pods are called after it, and their names are host names. */
    @Override
    NameRules.Rule nameRule() {
        return NameRules::label;
    }

    @Override
    KubeObject defaulted(KubeObject set) {
        return set.withSpec(StatefulSetRules.defaulted(set.spec()));
    }

    @Override
    void check(KubeObject set, Errors errors) {
        StatefulSetRules.check(set.spec(), "spec", errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        StatefulSetRules.checkUpdate(before.spec(), after.spec(), errors);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Ready", "Number of the pod with ready state"),
                Cells.AGE,
                Cells.WORKLOAD_WIDE.get(0),
                Cells.WORKLOAD_WIDE.get(1));
    }

    @Override
    public List<Json> cells(KubeObject set, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(set));
        cells.add(
                Json.of(
                        set.status().number("readyReplicas").orElse(0)
                                + "/"
                                + set.spec().number("replicas").orElse(0)));
        cells.add(Cells.age(set, now));
        cells.addAll(Cells.workload(set.spec()).subList(0, 2));
        return cells;
    }
}
