// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.List;

/** The rules for affinity and topology spread. */
final class AffinityRules {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
    private static final List<String> UNSATISFIABLE = List.of("DoNotSchedule", "ScheduleAnyway");

    private AffinityRules() {}

    static void check(JsonObject spec, String path, Errors errors) {
        JsonObject affinity = spec.object("affinity");
        node(affinity.object("nodeAffinity"), path + ".affinity.nodeAffinity", errors);
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            pods(affinity.object(kind), path + ".affinity." + kind, errors);
        }
        JsonArray spreads = spec.array("topologySpreadConstraints");
        for (int i = 0; i < spreads.size(); i++) {
            if (spreads.get(i) instanceof JsonObject spread) {
                spread(spread, path + ".topologySpreadConstraints[" + i + "]", errors);
            }
        }
    }

    private static void node(JsonObject affinity, String path, Errors errors) {
        if (affinity.has(REQUIRED)) {
            nodeSelector(affinity.object(REQUIRED), path + "." + REQUIRED, errors);
        }
        JsonArray preferred = affinity.array(PREFERRED);
        for (int i = 0; i < preferred.size(); i++) {
            if (preferred.get(i) instanceof JsonObject term) {
                String here = path + "." + PREFERRED + "[" + i + "]";
                weight(term, here, errors);
                nodeTerm(term.object("preference"), here + ".preference", errors);
            }
        }
    }

    /** A NodeSelector: what nodes must be like. */
    static void nodeSelector(JsonObject selector, String path, Errors errors) {
        JsonArray terms = selector.array("nodeSelectorTerms");
        String here = path + ".nodeSelectorTerms";
        if (terms.isEmpty()) {
            errors.required(here, "must have at least one node selector term");
        }
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i) instanceof JsonObject term) {
                nodeTerm(term, here + "[" + i + "]", errors);
            }
        }
    }

    private static void nodeTerm(JsonObject term, String path, Errors errors) {
        JsonArray expressions = term.array("matchExpressions");
        for (int i = 0; i < expressions.size(); i++) {
            if (expressions.get(i) instanceof JsonObject expression) {
                expression(expression, path + ".matchExpressions[" + i + "]", errors);
            }
        }
    }

    private static void expression(JsonObject expression, String path, Errors errors) {
        int values = expression.array("values").size();
        switch (expression.text("operator")) {
            case "In", "NotIn" -> {
                if (values == 0) {
                    errors.required(
                            path + ".values",
                            "must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (values > 0) {
                    errors.forbidden(
                            path + ".values",
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
            }
            case "Gt", "Lt" -> {
                if (values != 1) {
                    errors.required(
                            path + ".values",
                            "must be specified single value when `operator` is 'Lt' or 'Gt'");
                }
            }
            default ->
                    errors.invalid(
                            path + ".operator",
                            expression.text("operator"),
                            "not a valid selector operator");
        }
        String key = expression.text("key");
        errors.invalid(path + ".key", key, NameRules.qualified(key));
    }

    private static void pods(JsonObject affinity, String path, Errors errors) {
        JsonArray required = affinity.array(REQUIRED);
        for (int i = 0; i < required.size(); i++) {
            if (required.get(i) instanceof JsonObject term) {
                podTerm(term, path + "." + REQUIRED + "[" + i + "]", errors);
            }
        }
        JsonArray preferred = affinity.array(PREFERRED);
        for (int i = 0; i < preferred.size(); i++) {
            if (preferred.get(i) instanceof JsonObject term) {
                String here = path + "." + PREFERRED + "[" + i + "]";
                weight(term, here, errors);
                podTerm(term.object("podAffinityTerm"), here + ".podAffinityTerm", errors);
            }
        }
    }

    private static void podTerm(JsonObject term, String path, Errors errors) {
        SelectorRules.check(term.object("labelSelector"), path + ".labelSelector", errors);
        topologyKey(term, path, errors);
    }

    private static void topologyKey(JsonObject object, String path, Errors errors) {
        String key = object.text("topologyKey");
        if (key.isEmpty()) {
            errors.required(path + ".topologyKey", "can not be empty");
        } else {
            errors.invalid(path + ".topologyKey", key, NameRules.qualified(key));
        }
    }

    private static void weight(JsonObject term, String path, Errors errors) {
        long weight = term.number("weight").orElse(0);
        if (weight < 1 || weight > 100) {
            errors.invalid(path + ".weight", weight, "must be in the range 1-100");
        }
    }

    private static void spread(JsonObject spread, String path, Errors errors) {
        long skew = spread.number("maxSkew").orElse(0);
        if (skew <= 0) {
            errors.invalid(path + ".maxSkew", skew, "must be greater than zero");
        }
        topologyKey(spread, path, errors);
        String action = spread.text("whenUnsatisfiable");
        if (!UNSATISFIABLE.contains(action)) {
            errors.notSupported(path + ".whenUnsatisfiable", action, UNSATISFIABLE);
        }
        SelectorRules.check(spread.object("labelSelector"), path + ".labelSelector", errors);
    }
}
