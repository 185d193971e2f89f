// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for keys of labels whose values a pod brings into a selector of its own. */
final class LabelKeyRules {
    private LabelKeyRules() {}

    static void check(JsonObject term, List<String> fields, String path, Errors errors) {
        JsonObject selector = term.object("labelSelector");
        Set<String> taken = new HashSet<>(selector.object("matchLabels").members().keySet());
        for (JsonObject expression : selector.array("matchExpressions").objects()) {
            taken.add(expression.text("key"));
        }
        Set<String> before = new HashSet<>();
        for (String field : fields) {
            JsonArray keys = term.array(field);
            if (!keys.isEmpty() && !term.has("labelSelector")) {
                errors.forbidden(
                        path + "." + field, "must not be specified when labelSelector is not set");
            }
            Set<String> here = new HashSet<>();
            for (int i = 0; i < keys.strings().size(); i++) {
                String key = keys.strings().get(i);
                String at = path + "." + field + "[" + i + "]";
                errors.invalid(at, key, NameRules.qualified(key));
                if (taken.contains(key)) {
                    errors.invalid(at, key, "exists in both " + field + " and labelSelector");
                }
                if (before.contains(key)) {
                    errors.invalid(at, key, "exists in both matchLabelKeys and mismatchLabelKeys");
                }
                here.add(key);
            }
            before.addAll(here);
        }
    }
}
