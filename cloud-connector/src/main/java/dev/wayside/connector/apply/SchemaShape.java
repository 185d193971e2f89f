// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The shape that an OpenAPI v3 schema states, as CustomResourceDefinitions have it: by {@code
 * x-kubernetes-list-type}, {@code x-kubernetes-list-map-keys}, {@code x-kubernetes-map-type},
 * {@code x-kubernetes-preserve-unknown-fields}.
 */
public final class SchemaShape {
    private SchemaShape() {}

    /** The schema without references, as structural schemas are. */
    public static Shape of(JsonObject schema) {
        return switch (schema.text("type")) {
            case "array" -> list(schema);
            case "object" -> object(schema);
            case "" ->
                    schema.flag("x-kubernetes-preserve-unknown-fields") ? Shape.FREE : Shape.WHOLE;
            default -> Shape.WHOLE;
        };
    }

    /**
     * The shape of a whole custom object.
     *
     * @param metadata the shape of {@code metadata}, which schemas leave open
     */
    public static Shape ofObject(JsonObject schema, Shape metadata) {
        Map<String, Shape.Member> members = members(schema);
        members.put("apiVersion", new Shape.Member(Shape.WHOLE, false));
        members.put("kind", new Shape.Member(Shape.WHOLE, false));
        members.put("metadata", new Shape.Member(metadata, true));
        return schema.flag("x-kubernetes-preserve-unknown-fields")
                ? Shape.open(() -> members, () -> Shape.FREE)
                : Shape.struct(() -> members);
    }

    private static Shape list(JsonObject schema) {
        return switch (schema.text("x-kubernetes-list-type")) {
            case "map" -> {
                Map<String, Optional<Json>> keys = new LinkedHashMap<>();
                for (String key : schema.array("x-kubernetes-list-map-keys").strings()) {
                    keys.put(key, schema.at("items", "properties", key, "default"));
                }
                Shape item = of(schema.object("items"));
                yield Shape.keyed(keys, () -> item);
            }
            case "set" -> Shape.SET;
            default -> Shape.WHOLE;
        };
    }

    private static Shape object(JsonObject schema) {
        if (schema.text("x-kubernetes-map-type").equals("atomic")) {
            return Shape.WHOLE;
        }
        Map<String, Shape.Member> members = members(schema);
        Optional<Json> more = schema.get("additionalProperties");
        if (more.orElse(null) instanceof JsonObject values) {
            Shape value = of(values);
            return Shape.open(() -> members, () -> value);
        }
        boolean open =
                schema.flag("x-kubernetes-preserve-unknown-fields")
                        || schema.flag("additionalProperties");
        return open ? Shape.open(() -> members, () -> Shape.FREE) : Shape.struct(() -> members);
    }

    private static Map<String, Shape.Member> members(JsonObject schema) {
        Map<String, Shape.Member> members = new LinkedHashMap<>();
        schema.object("properties")
                .members()
                .forEach(
                        (name, value) -> {
                            if (value instanceof JsonObject property) {
                                members.put(name, new Shape.Member(of(property), false));
                            }
                        });
        return members;
    }
}
