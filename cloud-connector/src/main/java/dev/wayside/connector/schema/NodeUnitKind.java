// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** NodeUnit: the gateways of one place. In one of its two versions. */
final class NodeUnitKind extends SiteKind {
    private static final List<String> TYPES = List.of("cloud", "edge", "master", "other");
    private static final List<String> LEVELS = List.of("L3", "L4", "L5");

    NodeUnitKind(TypeTable table, ResourceType type) {
        super(type, "nu", table);
    }

    @Override
    KubeObject defaulted(KubeObject unit) {
        JsonObject spec = PodDefaults.absent(unit.spec(), "type", Json.of("edge"));
        return unit.withSpec(PodDefaults.absent(spec, "autonomyLevel", Json.of("L3")));
    }

    @Override
    void checkSpec(JsonObject spec, Errors errors) {
        if (!TYPES.contains(spec.text("type"))) {
            errors.notSupported("spec.type", spec.text("type"), TYPES);
        }
        if (!LEVELS.contains(spec.text("autonomyLevel"))) {
            errors.notSupported("spec.autonomyLevel", spec.text("autonomyLevel"), LEVELS);
        }
        List<String> nodes = spec.array("nodes").strings();
        for (int i = 0; i < nodes.size(); i++) {
            errors.invalid(
                    "spec.nodes[" + i + "]", nodes.get(i), NameRules.subdomain(nodes.get(i)));
        }
        String setNode = "spec." + spelled("setNode");
        JsonObject set = spec.object("setNode");
        set.object("labels")
                .strings()
                .forEach(
                        (key, value) -> {
                            errors.invalid(setNode + ".labels", key, NameRules.qualified(key));
                            errors.invalid(setNode + ".labels", value, NameRules.labelValue(value));
                        });
        set.object("annotations")
                .members()
                .keySet()
                .forEach(
                        key ->
                                errors.invalid(
                                        setNode + ".annotations", key, NameRules.qualified(key)));
        NodeKind.taints(set.array("taints"), setNode + ".taints", errors);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Type", "edge, cloud, master or other."),
                Cells.text("Ready", "Ready nodes of all its nodes."),
                Cells.AGE,
                Cells.text("Deleting", "Since when it is being deleted."));
    }

    @Override
    public List<Json> cells(KubeObject unit, Instant now) {
        return List.of(
                Cells.name(unit),
                Json.of(unit.spec().text("type")),
                Json.of(unit.status().text(spelled("readyRate"))),
                Cells.age(unit, now),
                deleting(unit, now));
    }
}
