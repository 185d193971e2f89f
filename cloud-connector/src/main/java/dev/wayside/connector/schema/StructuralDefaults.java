// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Fills in defaults. A null where none may be is taken for absent: it gives way to the default, or,
 * as a property without one, goes.
 */
final class StructuralDefaults {
    private StructuralDefaults() {}

    static JsonObject filledIn(JsonObject object, StructuralSchema schema) {
        JsonObject.Builder filled = JsonObject.builder();
        object.members()
                .forEach(
                        (name, value) -> {
                            StructuralSchema member = schema.member(name);
                            Json full = orDefault(value, member);
                            boolean gone =
                                    full == JsonNull.INSTANCE
                                            && schema.properties.containsKey(name)
                                            && member != null
                                            && !member.nullable;
                            if (!gone) {
                                filled.put(name, filledIn(full, member));
                            }
                        });
        schema.properties.forEach(
                (name, property) -> {
                    if (!filled.has(name)) {
                        property.defaultValue.ifPresent(
                                value -> filled.put(name, filledIn(value, property)));
                    }
                });
        return filled.build();
    }

    private static Json filledIn(Json value, @Nullable StructuralSchema schema) {
        if (schema == null) {
            return value;
        }
        if (value instanceof JsonObject object) {
            return filledIn(object, schema);
        }
        if (value instanceof JsonArray array && schema.items != null) {
            StructuralSchema items = schema.items;
            List<Json> filled = new ArrayList<>(array.size());
            array.forEach(item -> filled.add(filledIn(orDefault(item, items), items)));
            return new JsonArray(filled);
        }
        return value;
    }

    private static Json orDefault(Json value, @Nullable StructuralSchema schema) {
        Optional<Json> instead =
                value == JsonNull.INSTANCE && schema != null && !schema.nullable
                        ? schema.defaultValue
                        : Optional.empty();
        return instead.orElse(value);
    }
}
