// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** PriorityClass: which pods come first. */
final class PriorityClassKind extends TypedKind {
    static final List<String> POLICIES = List.of("Never", "PreemptLowerPriority");
    private static final long HIGHEST = 1_000_000_000;
    private static final String RESERVED = "system-";
    private static final Map<String, Long> SYSTEM =
            Map.of(
                    "system-cluster-critical",
                    2 * HIGHEST,
                    "system-node-critical",
                    2 * HIGHEST + 1000);

    PriorityClassKind(TypeTable table) {
        super(
                Facts.of(ResourceType.PRIORITY_CLASSES, "scheduling/v1.PriorityClass", "pc")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject object) {
        return new KubeObject(
                PodDefaults.absent(
                        object.json(), "preemptionPolicy", Json.of("PreemptLowerPriority")));
    }

    @Override
    void check(KubeObject object, Errors errors) {
        long value = value(object);
        if (object.name().startsWith(RESERVED)) {
            String wrong = notOfTheSystem(object);
            if (!wrong.isEmpty()) {
                errors.forbidden(
                        "metadata.name",
                        "priority class names with 'system-' prefix are reserved for system use"
                                + " only. error: "
                                + wrong);
            }
        } else if (value > HIGHEST) {
            errors.forbidden(
                    "value", "maximum allowed value of a user defined priority is " + HIGHEST);
        }
        policy(object.json().text("preemptionPolicy"), "preemptionPolicy", errors);
    }

    private static String notOfTheSystem(KubeObject object) {
        Long value = SYSTEM.get(object.name());
        if (value == null) {
            return object.name() + " is not a known system priority class";
        }
        if (value(object) != value) {
            return "value of " + object.name() + " PriorityClass must be " + value;
        }
        return object.json().flag("globalDefault")
                ? "globalDefault of " + object.name() + " PriorityClass must be false"
                : "";
    }

    static void policy(String policy, String path, Errors errors) {
        if (!policy.isEmpty() && !POLICIES.contains(policy)) {
            errors.notSupported(path, policy, POLICIES);
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        if (value(before) != value(after)) {
            errors.forbidden("value", "may not be changed in an update.");
        }
        errors.immutable(
                "preemptionPolicy",
                Json.of(before.json().text("preemptionPolicy")),
                Json.of(after.json().text("preemptionPolicy")));
    }

    private static long value(KubeObject object) {
        return object.json().number("value").orElse(0);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.number("Value", "The priority of the pods that name it."),
                Cells.text("Global-Default", "Whether pods that name no class have this priority."),
                Cells.AGE,
                Cells.text(
                        "PreemptionPolicy",
                        "Whether its pods may take the place of others of lower priority."));
    }

    @Override
    public List<Json> cells(KubeObject object, Instant now) {
        return List.of(
                Cells.name(object),
                Json.of(value(object)),
                Json.of(object.json().flag("globalDefault")),
                Cells.age(object, now),
                Json.of(object.json().text("preemptionPolicy")));
    }
}
