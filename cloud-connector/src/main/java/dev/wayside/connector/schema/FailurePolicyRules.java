// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for a Job's {@code podFailurePolicy}. */
final class FailurePolicyRules {
    private static final int MOST_RULES = 20;
    private static final int MOST_CODES = 255;
    private static final int MOST_PATTERNS = 20;
    private static final List<String> ACTIONS = List.of("Count", "FailIndex", "FailJob", "Ignore");
    private static final List<String> OPERATORS = List.of("In", "NotIn");
    private static final List<String> STATUSES = List.of("False", "True", "Unknown");

    private FailurePolicyRules() {}

    static void check(JsonObject spec, String path, Errors errors) {
        if (!spec.has("podFailurePolicy")) {
            return;
        }
        String restart = spec.text("template", "spec", "restartPolicy");
        if (!restart.equals("Never")) {
            errors.invalid(
                    path + ".template.spec.restartPolicy",
                    restart,
                    "only \"Never\" is supported when podFailurePolicy is specified");
        }
        String here = path + ".podFailurePolicy.rules";
        JsonArray rules = spec.array("podFailurePolicy", "rules");
        if (rules.size() > MOST_RULES) {
            errors.tooMany(here, rules.size(), MOST_RULES);
        }
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i) instanceof JsonObject rule) {
                rule(rule, spec, here + "[" + i + "]", errors);
            }
        }
    }

    private static void rule(JsonObject rule, JsonObject spec, String path, Errors errors) {
        String action = rule.text("action");
        if (action.isEmpty()) {
            errors.required(
                    path + ".action",
                    "valid values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\"");
        } else if (!ACTIONS.contains(action)) {
            errors.notSupported(path + ".action", action, ACTIONS);
        } else if (action.equals("FailIndex") && !spec.has("backoffLimitPerIndex")) {
            errors.invalid(path + ".action", action, "requires the backoffLimitPerIndex to be set");
        }
        JsonArray patterns = rule.array("onPodConditions");
        if (rule.has("onExitCodes")) {
            exitCodes(rule.object("onExitCodes"), spec, path + ".onExitCodes", errors);
        }
        if (rule.has("onExitCodes") && !patterns.isEmpty()) {
            errors.invalid(
                    path, "", "specifying both OnExitCodes and OnPodConditions is not supported");
        } else if (!rule.has("onExitCodes") && patterns.isEmpty()) {
            errors.invalid(
                    path, "", "specifying one of OnExitCodes and OnPodConditions is required");
        }
        if (patterns.size() > MOST_PATTERNS) {
            errors.tooMany(path + ".onPodConditions", patterns.size(), MOST_PATTERNS);
        }
        for (int i = 0; i < patterns.size(); i++) {
            if (patterns.get(i) instanceof JsonObject pattern) {
                String here = path + ".onPodConditions[" + i + "]";
                errors.invalid(
                        here + ".type",
                        pattern.text("type"),
                        NameRules.qualified(pattern.text("type")));
                if (!STATUSES.contains(pattern.text("status"))) {
                    errors.notSupported(here + ".status", pattern.text("status"), STATUSES);
                }
            }
        }
    }

    private static void exitCodes(JsonObject codes, JsonObject spec, String path, Errors errors) {
        String operator = codes.text("operator");
        if (operator.isEmpty()) {
            errors.required(path + ".operator", "valid values: \"In\", \"NotIn\"");
        } else if (!OPERATORS.contains(operator)) {
            errors.notSupported(path + ".operator", operator, OPERATORS);
        }
        String container = codes.text("containerName");
        if (!container.isEmpty() && !JobRules.hasContainer(spec, container)) {
            errors.invalid(
                    path + ".containerName",
                    container,
                    "must be one of the container or initContainer names in the pod template");
        }
        JsonArray values = codes.array("values");
        if (values.isEmpty()) {
            errors.invalid(path + ".values", values, "at least one value is required");
        } else if (values.size() > MOST_CODES) {
            errors.tooMany(path + ".values", values.size(), MOST_CODES);
        }
        Set<Json> seen = new HashSet<>();
        boolean ordered = true;
        long last = Long.MIN_VALUE;
        for (int i = 0; i < values.size(); i++) {
            Json value = values.get(i);
            long code = value instanceof JsonNumber number ? number.whole().orElse(0) : 0;
            if (operator.equals("In") && code == 0) {
                errors.invalid(
                        path + ".values[" + i + "]", value, "must not be 0 for the In operator");
            }
            if (!seen.add(value)) {
                errors.duplicate(path + ".values[" + i + "]", value);
            }
            ordered &= code >= last;
            last = code;
        }
        if (!ordered) {
            errors.invalid(path + ".values", values, "must be ordered");
        }
    }
}
