// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.custom;

import dev.wayside.connector.schema.UncheckedRules;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;

/** What the status of a definition says. Pure. */
final class DefinitionStatus {
    /** Not one of Kubernetes': rules that nobody checks must be seen where one looks. */
    static final String UNCHECKED = "ValidationRulesUnchecked";

    private DefinitionStatus() {}

    /** The status with the verdict on the names. */
    static JsonObject judged(KubeObject definition, DefinitionNames names, Instant now) {
        JsonArray conditions = definition.status().array("conditions");
        conditions =
                Conditions.with(
                        conditions,
                        names.areAccepted()
                                ? Conditions.of(
                                        "NamesAccepted",
                                        "True",
                                        "NoConflicts",
                                        "no conflicts found")
                                : Conditions.of(
                                        "NamesAccepted",
                                        "False",
                                        names.conflict(),
                                        names.message()),
                        now);
        // What is served once stays served: objects of the kind may be there.
        if (!definition.conditionIsTrue("Established")) {
            conditions =
                    Conditions.with(
                            conditions,
                            names.areAccepted()
                                    ? Conditions.of(
                                            "Established",
                                            "True",
                                            "InitialNamesAccepted",
                                            "the initial names have been accepted")
                                    : Conditions.of(
                                            "Established",
                                            "False",
                                            "NotAccepted",
                                            "not all names are accepted"),
                            now);
        }
        conditions = unchecked(definition, conditions, now);
        return definition
                .status()
                .with("acceptedNames", names.accepted())
                .with("conditions", (Json) conditions);
    }

    private static JsonArray unchecked(KubeObject definition, JsonArray conditions, Instant now) {
        int rules = UncheckedRules.in(definition.spec().array("versions"));
        return rules == 0
                ? Conditions.without(conditions, UNCHECKED)
                : Conditions.with(
                        conditions,
                        Conditions.of(
                                UNCHECKED,
                                "True",
                                "RulesNotEvaluated",
                                rules
                                        + " x-kubernetes-validations rules are kept but not"
                                        + " checked; objects that break them are accepted"),
                        now);
    }

    /** The status while objects are deleted, and when they are. */
    static JsonObject ending(KubeObject definition, long left, Instant now) {
        JsonArray conditions = definition.status().array("conditions");
        return definition
                .status()
                .with(
                        "conditions",
                        (Json)
                                Conditions.with(
                                        conditions,
                                        left > 0
                                                ? Conditions.of(
                                                        "Terminating",
                                                        "True",
                                                        "InstanceDeletionInProgress",
                                                        "CustomResource deletion is in progress")
                                                : Conditions.of(
                                                        "Terminating",
                                                        "False",
                                                        "InstanceDeletionCompleted",
                                                        "removed all instances"),
                                        now));
    }
}
