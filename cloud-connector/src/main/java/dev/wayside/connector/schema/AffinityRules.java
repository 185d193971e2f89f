// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for affinity and topology spread. */
final class AffinityRules {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
    private static final List<String> UNSATISFIABLE = List.of("DoNotSchedule", "ScheduleAnyway");

    private static final List<String> INCLUSION = List.of("Honor", "Ignore");

    private AffinityRules() {}

    static void check(JsonObject spec, String path, Errors errors) {
        JsonObject affinity = spec.object("affinity");
        node(affinity.object("nodeAffinity"), path + ".affinity.nodeAffinity", errors);
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            pods(affinity.object(kind), path + ".affinity." + kind, errors);
        }
        JsonArray spreads = spec.array("topologySpreadConstraints");
        Set<String> pairs = new HashSet<>();
        for (int i = 0; i < spreads.size(); i++) {
            if (spreads.get(i) instanceof JsonObject spread) {
                String here = path + ".topologySpreadConstraints[" + i + "]";
                spread(spread, here, errors);
                String pair = pair(spread);
                if (!pairs.add(pair)) {
                    errors.duplicate(here + ".{topologyKey, whenUnsatisfiable}", pair);
                }
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
                fields(term.object("preference"), here + ".preference", errors);
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
                fields(term, here + "[" + i + "]", errors);
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

    private static void fields(JsonObject term, String path, Errors errors) {
        JsonArray fields = term.array("matchFields");
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i) instanceof JsonObject field) {
                field(field, path + ".matchFields[" + i + "]", errors);
            }
        }
    }

    private static void field(JsonObject field, String path, Errors errors) {
        List<String> values = field.array("values").strings();
        String operator = field.text("operator");
        if (!operator.equals("In") && !operator.equals("NotIn")) {
            errors.invalid(path + ".operator", operator, "not a valid selector operator");
        } else if (values.size() != 1) {
            errors.required(
                    path + ".values",
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field"
                            + " selector");
        }
        if (!field.text("key").equals("metadata.name")) {
            errors.invalid(path + ".key", field.text("key"), "not a valid field selector key");
            return;
        }
        for (int i = 0; i < values.size(); i++) {
            errors.invalid(
                    path + ".values[" + i + "]", values.get(i), NameRules.subdomain(values.get(i)));
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
        SelectorRules.check(term.object("namespaceSelector"), path + ".namespaceSelector", errors);
        List<String> namespaces = term.array("namespaces").strings();
        for (int i = 0; i < namespaces.size(); i++) {
            errors.invalid(
                    path + ".namespace", namespaces.get(i), NameRules.label(namespaces.get(i)));
        }
        LabelKeyRules.check(term, List.of("matchLabelKeys", "mismatchLabelKeys"), path, errors);
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
        if (spread.has("minDomains")) {
            long domains = spread.number("minDomains").orElse(0);
            if (domains <= 0) {
                errors.invalid(path + ".minDomains", domains, "must be greater than zero");
            }
            if (!action.equals("DoNotSchedule")) {
                errors.invalid(
                        path + ".minDomains",
                        domains,
                        "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
                                + action);
            }
        }
        for (String policy : List.of("nodeAffinityPolicy", "nodeTaintsPolicy")) {
            String value = spread.text(policy);
            if (!value.isEmpty() && !INCLUSION.contains(value)) {
                errors.notSupported(path + "." + policy, value, INCLUSION);
            }
        }
        LabelKeyRules.check(spread, List.of("matchLabelKeys"), path, errors);
    }

    private static String pair(JsonObject spread) {
        return "{" + spread.text("topologyKey") + ", " + spread.text("whenUnsatisfiable") + "}";
    }
}
