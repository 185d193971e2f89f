// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.LabelSelector;
import java.util.Optional;

/** The rules for label selectors (meta/v1 LabelSelector). */
final class SelectorRules {
    private SelectorRules() {}

    static void check(JsonObject selector, String path, Errors errors) {
        selector.object("matchLabels")
                .strings()
                .forEach(
                        (key, value) -> {
                            errors.invalid(path + ".matchLabels", key, NameRules.qualified(key));
                            errors.invalid(
                                    path + ".matchLabels", value, NameRules.labelValue(value));
                        });
        JsonArray expressions = selector.array("matchExpressions");
        for (int i = 0; i < expressions.size(); i++) {
            if (expressions.get(i) instanceof JsonObject expression) {
                expression(expression, path + ".matchExpressions[" + i + "]", errors);
            }
        }
    }

    private static void expression(JsonObject expression, String path, Errors errors) {
        String operator = expression.text("operator");
        JsonArray values = expression.array("values");
        switch (operator) {
            case "In", "NotIn" -> {
                if (values.isEmpty()) {
                    errors.required(
                            path + ".values",
                            "must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (!values.isEmpty()) {
                    errors.forbidden(
                            path + ".values",
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
            }
            default ->
                    errors.invalid(path + ".operator", operator, "not a valid selector operator");
        }
        String key = expression.text("key");
        errors.invalid(path + ".key", key, NameRules.qualified(key));
        for (int i = 0; i < values.strings().size(); i++) {
            String value = values.strings().get(i);
            errors.invalid(path + ".values[" + i + "]", value, NameRules.labelValue(value));
        }
    }

    static boolean isEmpty(JsonObject selector) {
        return selector.object("matchLabels").isEmpty()
                && selector.array("matchExpressions").isEmpty();
    }

    /** The selector, if it can be read. */
    static Optional<LabelSelector> read(JsonObject selector) {
        try {
            return Optional.of(LabelSelector.of(selector));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // check says what is wrong
        }
    }
}
