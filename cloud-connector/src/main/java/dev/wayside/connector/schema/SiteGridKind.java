// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/**
 * A grid whose sites have a child each: DeploymentGrid, StatefulSetGrid. The templates stay as the
 * user wrote them; they are checked as if their defaults were filled in.
 */
final class SiteGridKind extends TypedKind {
    private static final String DEFAULT = "default";

    /** The rules of a child's spec. */
    private interface Rules {
        void check(JsonObject spec, String path, Errors errors);
    }

    private final ResourceType child;
    private final Rules rules;

    private SiteGridKind(Facts facts, ResourceType child, Rules rules, TypeTable table) {
        super(facts.with("status").countingGenerations().asCustom(), table);
        this.child = child;
        this.rules = rules;
    }

    static SiteGridKind ofDeployments(TypeTable table) {
        return new SiteGridKind(
                Facts.of(ResourceType.DEPLOYMENT_GRIDS, "superedge/v1.DeploymentGrid", "dg"),
                ResourceType.DEPLOYMENTS,
                (spec, path, errors) ->
                        DeploymentRules.check(DeploymentRules.defaulted(spec), path, errors),
                table);
    }

    static SiteGridKind ofStatefulSets(TypeTable table) {
        return new SiteGridKind(
                Facts.of(ResourceType.STATEFUL_SET_GRIDS, "superedge/v1.StatefulSetGrid", "ssg"),
                ResourceType.STATEFUL_SETS,
                (spec, path, errors) ->
                        StatefulSetRules.check(StatefulSetRules.defaulted(spec), path, errors),
                table);
    }

    /** StatefulSets and their pods are called after the grid, and names of pods have no dots. */
    @Override
    NameRules.Rule nameRule() {
        return child.equals(ResourceType.STATEFUL_SETS) ? NameRules::label : super.nameRule();
    }

    @Override
    void check(KubeObject grid, Errors errors) {
        checkGrid(grid, errors);
        JsonObject spec = grid.spec();
        JsonObject pool = spec.object("templatePool");
        // With a pool and a default of its own, a grid needs no template.
        String defaultName = spec.text("defaultTemplateName");
        if (spec.has("template") || usesTemplate(spec, defaultName)) {
            rules.check(spec.object("template"), "spec.template", errors);
        }
        pool.members()
                .forEach(
                        (name, entry) -> {
                            String path = "spec.templatePool[" + name + "]";
                            if (entry instanceof JsonObject template) {
                                rules.check(template, path, errors);
                            }
                        });
        if (!defaultName.isEmpty()) {
            known(defaultName, pool, "spec.defaultTemplateName", errors);
        }
        spec.object("templates")
                .strings()
                .forEach((site, name) -> known(name, pool, "spec.templates[" + site + "]", errors));
    }

    /** What all grids share. */
    static void checkGrid(KubeObject grid, Errors errors) {
        // Each child carries the grid's name as a label.
        if (NameRules.bytes(grid.name()) > 63) {
            errors.invalid("metadata.name", grid.name(), "must be no more than 63 bytes");
        }
        String key = grid.spec().text("gridUniqKey");
        if (key.isEmpty()) {
            errors.required(
                    "spec.gridUniqKey", "the label of the nodes whose values tell sites apart");
        } else {
            errors.invalid("spec.gridUniqKey", key, NameRules.qualified(key));
        }
    }

    /** Whether some site, now or later, may get {@code spec.template}. */
    private static boolean usesTemplate(JsonObject spec, String defaultName) {
        return isTemplate(defaultName)
                || spec.object("templates").strings().values().stream()
                        .anyMatch(SiteGridKind::isTemplate);
    }

    private static boolean isTemplate(String name) {
        return name.isEmpty() || name.equals(DEFAULT);
    }

    private static void known(String name, JsonObject pool, String path, Errors errors) {
        if (!isTemplate(name) && !pool.has(name)) {
            errors.notFound(path, name);
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.number("Sites", "Sites that have a " + child.kind() + " of this grid."),
                Cells.text("Ready", "Ready replicas of all replicas, over all sites."),
                Cells.number("Updated", "Replicas that have the template as it is now."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject grid, Instant now) {
        JsonObject states = grid.status().object("states");
        JsonObject current = states;
        for (Json held : grid.status().array("heldSites").items()) {
            current = held instanceof JsonString site ? current.without(site.value()) : current;
        }
        return List.of(
                Cells.name(grid),
                Json.of(states.members().size()),
                Json.of(sum(states, "readyReplicas") + "/" + sum(states, "replicas")),
                Json.of(sum(current, "updatedReplicas")),
                Cells.age(grid, now));
    }

    private static long sum(JsonObject states, String field) {
        return states.members().keySet().stream()
                .mapToLong(site -> states.number(site, field).orElse(0))
                .sum();
    }
}
