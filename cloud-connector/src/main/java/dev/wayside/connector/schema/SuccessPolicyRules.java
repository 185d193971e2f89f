// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;

/** The rules for a Job's {@code successPolicy}. */
final class SuccessPolicyRules {
    private static final int MOST_RULES = 20;

    private SuccessPolicyRules() {}

    static void check(JsonObject spec, String path, Errors errors) {
        String here = path + ".successPolicy";
        if (!spec.text("completionMode").equals("Indexed")) {
            errors.invalid(here, spec.object("successPolicy"), "requires indexed completion mode");
            return;
        }
        JsonArray rules = spec.array("successPolicy", "rules");
        if (rules.isEmpty()) {
            errors.required(
                    here + ".rules",
                    "at least one rules must be specified when the successPolicy is specified");
        } else if (rules.size() > MOST_RULES) {
            errors.tooMany(here + ".rules", rules.size(), MOST_RULES);
        }
        long completions = spec.number("completions").orElse(0);
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i) instanceof JsonObject rule) {
                rule(rule, completions, here + ".rules[" + i + "]", errors);
            }
        }
    }

    private static void rule(JsonObject rule, long completions, String path, Errors errors) {
        long most = completions;
        if (rule.has("succeededIndexes")) {
            String text = rule.text("succeededIndexes");
            try {
                most = Indexes.parse(text, completions).size();
            } catch (IllegalArgumentException e) {
                errors.invalid(
                        path + ".succeededIndexes",
                        text,
                        "error parsing succeededIndexes: " + e.getMessage());
            }
        }
        if (rule.has("succeededCount")) {
            long count = rule.number("succeededCount").orElse(0);
            if (count <= 0) {
                errors.invalid(path + ".succeededCount", count, "must be greater than 0");
            } else if (count > most) {
                errors.invalid(
                        path + ".succeededCount",
                        count,
                        "must be less than or equal to "
                                + most
                                + (rule.has("succeededIndexes")
                                        ? " (the number of indexes in the specified"
                                                + " succeededIndexes field)"
                                        : " (the number of specified completions)"));
            }
        }
        if (!rule.has("succeededIndexes") && !rule.has("succeededCount")) {
            errors.required(
                    path, "at least one of succeededCount or succeededIndexes must be specified");
        }
    }
}
