// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes away what a schema does not know, and says what that was. One use, one thread. */
final class StructuralPruning {
    /** What every object has; it is no matter of the schema. */
    static final Set<String> OF_EVERY_OBJECT = Set.of("apiVersion", "kind", "metadata");

    /** As many as kube-apiserver reports of one object. */
    private static final int MOST = 100;

    private final List<String> unknown = new ArrayList<>();

    /** The whole object, whose metadata is left as it is. */
    JsonObject object(JsonObject object, StructuralSchema schema) {
        return object(object, schema, true, "");
    }

    /** For instance {@code unknown field "spec.colour"}. */
    List<String> unknown() {
        return unknown;
    }

    Json value(Json value, @Nullable StructuralSchema schema, String path) {
        if (value instanceof JsonObject object) {
            return object(object, schema, schema != null && schema.embedded, path);
        }
        if (value instanceof JsonArray array) {
            if (schema != null && schema.preserves && schema.items == null) {
                return array;
            }
            List<Json> items = new ArrayList<>(array.size());
            for (int i = 0; i < array.size(); i++) {
                items.add(
                        value(
                                array.get(i),
                                schema == null ? null : schema.items,
                                path + "[" + i + "]"));
            }
            return new JsonArray(items);
        }
        return value;
    }

    private JsonObject object(
            JsonObject object, @Nullable StructuralSchema schema, boolean resource, String path) {
        JsonObject.Builder kept = JsonObject.builder();
        object.members()
                .forEach(
                        (name, value) -> {
                            String here = path.isEmpty() ? name : path + "." + name;
                            if (resource && OF_EVERY_OBJECT.contains(name)) {
                                kept.put(name, value);
                            } else if (schema != null && schema.properties.containsKey(name)) {
                                kept.put(name, value(value, schema.properties.get(name), here));
                            } else if (schema != null && schema.more != null) {
                                kept.put(name, value(value, schema.more, here));
                            } else if (schema != null && schema.preserves) {
                                kept.put(name, value);
                            } else if (schema != null && schema.hasMore) {
                                kept.put(name, value(value, null, here));
                            } else if (unknown.size() < MOST) {
                                unknown.add("unknown field \"" + here + "\"");
                            }
                        });
        return kept.build();
    }
}
