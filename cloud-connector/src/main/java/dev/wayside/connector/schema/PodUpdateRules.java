// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What may change in a pod once it is there: next to nothing. */
final class PodUpdateRules {
    private static final String REFUSAL =
            "pod updates may not change fields other than `spec.containers[*].image`,"
                    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                    + "`spec.tolerations` (only additions to existing tolerations),"
                    + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was"
                    + " previously negative)";

    private PodUpdateRules() {}

    static void check(JsonObject before, JsonObject after, String subresource, Errors errors) {
        int known = errors.size();
        for (String list : List.of("containers", "initContainers")) {
            if (before.array(list).size() != after.array(list).size()) {
                errors.forbidden("spec." + list, "pod updates may not add or remove containers");
            }
        }
        deadline(before, after, errors);
        if (!withoutSeconds(after).containsAll(withoutSeconds(before))) {
            errors.forbidden(
                    "spec.tolerations",
                    "existing toleration can not be modified except its tolerationSeconds");
        }
        if (errors.size() > known) {
            return; // the rest would only repeat it
        }
        JsonObject allowed = withAllowed(before, after, subresource);
        if (!allowed.equals(after)) {
            errors.forbidden("spec", REFUSAL + "\n(changed: " + changed(allowed, after) + ")");
        }
    }

    private static Set<JsonObject> withoutSeconds(JsonObject spec) {
        Set<JsonObject> tolerations = new HashSet<>();
        spec.array("tolerations")
                .objects()
                .forEach(toleration -> tolerations.add(toleration.without("tolerationSeconds")));
        return tolerations;
    }

    /** The old spec with those changes that are allowed. */
    private static JsonObject withAllowed(JsonObject before, JsonObject after, String subresource) {
        JsonObject result = before;
        for (String list : List.of("containers", "initContainers")) {
            result = withImages(result, after, list);
        }
        result = taken(result, after, "tolerations");
        result = taken(result, after, "activeDeadlineSeconds");
        if (subresource.equals("binding") && before.text("nodeName").isEmpty()) {
            result = taken(result, after, "nodeName");
        }
        if (before.number("terminationGracePeriodSeconds").orElse(0) < 0
                && after.number("terminationGracePeriodSeconds").orElse(0) == 1) {
            result = taken(result, after, "terminationGracePeriodSeconds");
        }
        if (new HashSet<>(before.array("schedulingGates").items())
                .containsAll(after.array("schedulingGates").items())) {
            result = taken(result, after, "schedulingGates");
        }
        return result;
    }

    private static void deadline(JsonObject before, JsonObject after, Errors errors) {
        if (!before.has("activeDeadlineSeconds")) {
            return;
        }
        long old = before.number("activeDeadlineSeconds").orElse(0);
        if (!after.has("activeDeadlineSeconds")) {
            errors.invalid(
                    "spec.activeDeadlineSeconds",
                    dev.wayside.model.JsonNull.INSTANCE,
                    "must not update from a positive integer to nil value");
        } else if (after.number("activeDeadlineSeconds").orElse(0) > old) {
            errors.invalid(
                    "spec.activeDeadlineSeconds",
                    after.number("activeDeadlineSeconds").orElse(0),
                    "must be less than or equal to previous value");
        }
    }

    private static JsonObject withImages(JsonObject result, JsonObject after, String list) {
        JsonArray old = result.array(list);
        JsonArray now = after.array(list);
        if (old.isEmpty()) {
            return result;
        }
        List<Json> items = new ArrayList<>();
        for (int i = 0; i < old.size(); i++) {
            items.add(
                    old.get(i) instanceof JsonObject container
                                    && now.get(i) instanceof JsonObject changed
                            ? taken(container, changed, "image")
                            : old.get(i));
        }
        return result.with(list, new JsonArray(items));
    }

    private static JsonObject taken(JsonObject into, JsonObject from, String name) {
        return from.get(name).map(value -> into.with(name, value)).orElse(into.without(name));
    }

    private static String changed(JsonObject before, JsonObject after) {
        Set<String> names = new LinkedHashSet<>(before.members().keySet());
        names.addAll(after.members().keySet());
        names.removeIf(name -> before.get(name).equals(after.get(name)));
        return "spec." + String.join(", spec.", names);
    }
}
