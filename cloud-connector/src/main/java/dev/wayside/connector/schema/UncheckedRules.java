// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;

/** Rules of a schema in a language that is not spoken here ({@code x-kubernetes-validations}). */
public final class UncheckedRules {
    private UncheckedRules() {}

    /** How many there are in a schema, or in whatever holds schemas. */
    public static int in(Json schema) {
        int rules = 0;
        if (schema instanceof JsonObject object) {
            rules += object.array("x-kubernetes-validations").size();
            for (Json member : object.members().values()) {
                rules += in(member);
            }
        } else if (schema instanceof JsonArray array) {
            for (Json item : array) {
                rules += in(item);
            }
        }
        return rules;
    }
}
