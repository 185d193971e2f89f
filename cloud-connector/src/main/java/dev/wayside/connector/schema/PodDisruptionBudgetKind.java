// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** PodDisruptionBudget: how many of a set of pods may be taken away on purpose. */
final class PodDisruptionBudgetKind extends TypedKind {
    private static final List<String> POLICIES = List.of("AlwaysAllow", "IfHealthyBudget");

    PodDisruptionBudgetKind(TypeTable table) {
        super(
                Facts.of(
                                ResourceType.POD_DISRUPTION_BUDGETS,
                                "policy/v1.PodDisruptionBudget",
                                "pdb")
                        .with("status")
                        .countingGenerations(),
                table);
    }

    @Override
    void check(KubeObject budget, Errors errors) {
        JsonObject spec = budget.spec();
        if (spec.has("minAvailable") && spec.has("maxUnavailable")) {
            errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }
        for (String field : List.of("minAvailable", "maxUnavailable")) {
            DeploymentRules.intOrPercent(spec, field, "spec", errors);
        }
        SelectorRules.check(spec.object("selector"), "spec.selector", errors);
        String policy = spec.text("unhealthyPodEvictionPolicy");
        if (!policy.isEmpty() && !POLICIES.contains(policy)) {
            errors.notSupported("spec.unhealthyPodEvictionPolicy", policy, POLICIES);
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Min Available", "The minimum number of pods that must be available."),
                Cells.text(
                        "Max Unavailable", "The maximum number of pods that can be unavailable."),
                Cells.number(
                        "Allowed Disruptions",
                        "How many more pods may be taken away on purpose now."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject budget, Instant now) {
        return List.of(
                Cells.name(budget),
                given(budget, "minAvailable"),
                given(budget, "maxUnavailable"),
                Cells.count(budget.status(), "disruptionsAllowed"),
                Cells.age(budget, now));
    }

    private static Json given(KubeObject budget, String field) {
        return budget.spec()
                .get(field)
                .map(
                        value ->
                                Json.of(
                                        value instanceof JsonString text
                                                ? text.value()
                                                : value.toJson()))
                .orElse(Json.of("N/A"));
    }
}
