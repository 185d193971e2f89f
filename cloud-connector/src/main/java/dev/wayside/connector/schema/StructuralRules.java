// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What makes a schema structural: each place has one type, said outside of all logical junctors, so
 * that pruning, defaulting and merging know what they see. In the words of Kubernetes. One use, one
 * thread.
 */
final class StructuralRules {
    private static final int MOST_PLACES = 20_000;
    private static final int DEEPEST = 60;
    private static final List<String> TYPES =
            List.of("array", "boolean", "integer", "number", "object", "string");
    private static final Set<String> SCALARS = Set.of("boolean", "integer", "number", "string");
    private static final List<String> NOT_SERVED =
            List.of(
                    "$ref",
                    "id",
                    "definitions",
                    "dependencies",
                    "patternProperties",
                    "additionalItems");
    private static final List<String> JUNCTORS = List.of("allOf", "anyOf", "oneOf");

    private enum Level {
        ROOT("at the root"),
        ITEM("for specified array items"),
        FIELD("for specified object fields");

        private final String text;

        Level(String text) {
            this.text = text;
        }
    }

    private final Errors errors;
    private int places;

    StructuralRules(Errors errors) {
        this.errors = errors;
    }

    void check(JsonObject schema, String path) {
        place(schema, Level.ROOT, path, 0);
        if (errors.isEmpty()) {
            defaults(schema, path);
        }
    }

    private void place(JsonObject schema, Level level, String path, int depth) {
        if (tooLarge(path, depth)) {
            return;
        }
        type(schema, level, path);
        constraints(schema, path);
        extensions(schema, path);
        metadata(schema, level, path);
        items(schema, path);
        Json more = schema.get("additionalProperties").orElse(JsonNull.INSTANCE);
        if (more != JsonNull.INSTANCE) {
            additional(schema, more, level, path, depth);
        }
        schema.object("properties")
                .members()
                .forEach(
                        (name, value) ->
                                place(
                                        object(value),
                                        Level.FIELD,
                                        path + ".properties[" + name + "]",
                                        depth + 1));
        if (schema.has("items")) {
            place(schema.object("items"), Level.ITEM, path + ".items", depth + 1);
        }
        boolean either = schema.flag("x-kubernetes-int-or-string");
        for (String junctor : JUNCTORS) {
            List<JsonObject> nested = schema.array(junctor).objects();
            for (int i = 0; i < nested.size(); i++) {
                String here = path + "." + junctor + "[" + i + "]";
                nested(nested.get(i), schema, path, here, either, depth + 1);
            }
        }
        if (schema.has("not")) {
            nested(schema.object("not"), schema, path, path + ".not", false, depth + 1);
        }
    }

    private boolean tooLarge(String path, int depth) {
        places++;
        if (depth == DEEPEST) {
            errors.forbidden(path, "the schema is nested more than " + DEEPEST + " deep");
        }
        if (places == MOST_PLACES) {
            errors.forbidden(path, "the schema has more than " + MOST_PLACES + " places");
        }
        return depth >= DEEPEST || places >= MOST_PLACES;
    }

    private void type(JsonObject schema, Level level, String path) {
        String type = schema.text("type");
        boolean free =
                schema.flag("x-kubernetes-int-or-string")
                        || schema.flag("x-kubernetes-preserve-unknown-fields");
        String field = path + ".type";
        if (type.equals("null")) {
            errors.forbidden(field, "type cannot be set to null, use nullable as an alternative");
        } else if (!type.isEmpty() && !TYPES.contains(type)) {
            errors.notSupported(field, type, TYPES);
        } else if (schema.flag("x-kubernetes-embedded-resource") && !type.equals("object")) {
            String why = "must be object if x-kubernetes-embedded-resource is true";
            if (type.isEmpty()) {
                errors.required(field, why);
            } else {
                errors.invalid(field, type, why);
            }
        } else if (type.isEmpty() && (!free || level == Level.ROOT)) {
            errors.required(field, "must not be empty " + level.text);
        } else if (level == Level.ROOT && !type.equals("object")) {
            errors.invalid(field, type, "must be object at the root");
        }
        if (!type.isEmpty() && schema.flag("x-kubernetes-int-or-string")) {
            errors.invalid(field, type, "must be empty if x-kubernetes-int-or-string is true");
        }
    }

    private void constraints(JsonObject schema, String path) {
        for (String name : NOT_SERVED) {
            if (schema.has(name)) {
                errors.forbidden(path + "." + name, name + " is not supported");
            }
        }
        if (schema.flag("uniqueItems")) {
            errors.forbidden(
                    path + ".uniqueItems",
                    "uniqueItems cannot be set to true since the runtime complexity becomes"
                            + " quadratic");
        }
        for (String name : List.of("minimum", "maximum", "multipleOf")) {
            schema.get(name)
                    .filter(value -> !(value instanceof JsonNumber))
                    .ifPresent(
                            value -> errors.invalid(path + "." + name, value, "must be a number"));
        }
        String pattern = schema.text("pattern");
        if (!pattern.isEmpty()) {
            try {
                BoundedPattern.compile(pattern);
            } catch (IllegalArgumentException e) {
                errors.invalid(
                        path + ".pattern",
                        pattern,
                        "must be a valid regular expression, but isn't: " + e.getMessage());
            }
        }
    }

    private void extensions(JsonObject schema, String path) {
        String preserve = "x-kubernetes-preserve-unknown-fields";
        if (schema.get(preserve).orElse(JsonNull.INSTANCE) == JsonBoolean.FALSE) {
            errors.invalid(path + "." + preserve, Json.of(false), "must be true or undefined");
        }
        if (schema.flag("x-kubernetes-int-or-string")) {
            for (String name : List.of(preserve, "x-kubernetes-embedded-resource")) {
                if (schema.flag(name)) {
                    errors.invalid(
                            path + "." + name,
                            Json.of(true),
                            "must be false if x-kubernetes-int-or-string is true");
                }
            }
        }
        if (schema.flag("x-kubernetes-embedded-resource")) {
            if (schema.has("additionalProperties")) {
                errors.forbidden(
                        path + ".additionalProperties",
                        "must not be used if x-kubernetes-embedded-resource is set");
            }
            if (!schema.flag(preserve) && schema.object("properties").isEmpty()) {
                errors.required(
                        path + ".properties",
                        "must not be empty if x-kubernetes-embedded-resource is true without"
                                + " x-kubernetes-preserve-unknown-fields");
            }
        }
        String mapType = schema.text("x-kubernetes-map-type");
        if (!mapType.isEmpty()) {
            if (!mapType.equals("atomic") && !mapType.equals("granular")) {
                errors.notSupported(
                        path + ".x-kubernetes-map-type", mapType, List.of("atomic", "granular"));
            }
            if (!schema.text("type").equals("object")) {
                errors.invalid(
                        path + ".type",
                        schema.text("type"),
                        "must be object if x-kubernetes-map-type is specified");
            }
        }
    }

    private void metadata(JsonObject schema, Level level, String path) {
        if (level != Level.ROOT && !schema.flag("x-kubernetes-embedded-resource")) {
            return;
        }
        JsonObject properties = schema.object("properties");
        for (String name : List.of("apiVersion", "kind")) {
            String type = properties.object(name).text("type");
            if (properties.has(name) && !type.equals("string")) {
                errors.invalid(path + ".properties[" + name + "].type", type, "must be string");
            }
        }
        if (!properties.has("metadata")) {
            return;
        }
        JsonObject metadata = properties.object("metadata");
        String here = path + ".properties[metadata]";
        if (!metadata.text("type").equals("object")) {
            errors.invalid(here + ".type", metadata.text("type"), "must be object");
        }
        Set<String> more = new HashSet<>(metadata.members().keySet());
        more.removeAll(Set.of("type", "description", "properties", "required", "title"));
        Set<String> fields = new HashSet<>(metadata.object("properties").members().keySet());
        fields.removeAll(Set.of("name", "generateName"));
        if (level == Level.ROOT && !(more.isEmpty() && fields.isEmpty())) {
            errors.forbidden(
                    here,
                    "must not specify anything other than name and generateName, but metadata is"
                            + " implicitly specified");
        }
    }

    private void additional(JsonObject schema, Json more, Level level, String path, int depth) {
        String here = path + ".additionalProperties";
        if (more == JsonBoolean.FALSE) {
            errors.forbidden(here, "additionalProperties cannot be set to false");
        }
        if (!schema.object("properties").isEmpty()) {
            errors.forbidden(here, "additionalProperties and properties are mutual exclusive");
        }
        if (level == Level.ROOT) {
            errors.forbidden(here, "must not be used at the root");
        }
        if (more instanceof JsonObject object) {
            place(object, Level.FIELD, here, depth + 1);
        }
    }

    private void items(JsonObject schema, String path) {
        String type = schema.text("type");
        if (type.equals("array") && !schema.has("items")) {
            errors.required(path + ".items", "must be specified");
        }
        String listType = schema.text("x-kubernetes-list-type");
        List<String> keys = schema.array("x-kubernetes-list-map-keys").strings();
        if (!keys.isEmpty() && !listType.equals("map")) {
            errors.invalid(
                    path + ".x-kubernetes-list-type",
                    listType,
                    "must be map if x-kubernetes-list-map-keys is non-empty");
        }
        if (listType.isEmpty()) {
            return;
        }
        List<String> known = List.of("atomic", "set", "map");
        if (!known.contains(listType)) {
            errors.notSupported(path + ".x-kubernetes-list-type", listType, known);
        }
        if (!type.equals("array")) {
            errors.invalid(
                    path + ".type", type, "must be array if x-kubernetes-list-type is specified");
        }
        JsonObject items = schema.object("items");
        if (listType.equals("map")) {
            keys(keys, items, path);
        }
        if (listType.equals("set")) {
            boolean object = items.text("type").equals("object");
            if (items.flag("nullable")) {
                errors.forbidden(
                        path + ".items.nullable",
                        "cannot be nullable when x-kubernetes-list-type is set");
            }
            if (object && !items.text("x-kubernetes-map-type").equals("atomic")) {
                errors.invalid(
                        path + ".items.x-kubernetes-map-type",
                        items.text("x-kubernetes-map-type"),
                        "must be atomic as item of a list with x-kubernetes-list-type=set");
            }
        }
    }

    private void keys(List<String> keys, JsonObject items, String path) {
        if (keys.isEmpty()) {
            errors.required(
                    path + ".x-kubernetes-list-map-keys",
                    "must not be empty if x-kubernetes-list-type is map");
        }
        if (!items.text("type").equals("object")) {
            errors.invalid(
                    path + ".items.type",
                    items.text("type"),
                    "must be object if parent array's x-kubernetes-list-type is map");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i);
            String field = path + ".x-kubernetes-list-map-keys[" + i + "]";
            JsonObject property = items.object("properties", key);
            String place = path + ".items.properties[" + key + "]";
            if (!seen.add(key)) {
                errors.duplicate(field, key);
            } else if (!items.object("properties").has(key)) {
                errors.invalid(field, key, "entries must all be names of item properties");
            } else if (!SCALARS.contains(property.text("type"))) {
                errors.invalid(
                        place + ".type",
                        property.text("type"),
                        "must be a scalar type if parent array's x-kubernetes-list-type is map");
            } else if (!property.has("default")
                    && !items.array("required").strings().contains(key)) {
                errors.required(
                        place + ".default",
                        "this property is in x-kubernetes-list-map-keys, so it must have a default"
                                + " or be a required property");
            }
        }
    }

    /**
     * Inside of a junctor: nothing but what restricts values, and of nothing that is not specified
     * outside.
     *
     * @param outer the place that the junctor stands at
     */
    private void nested(
            JsonObject schema,
            JsonObject outer,
            String outerPath,
            String path,
            boolean typesAllowed,
            int depth) {
        if (tooLarge(path, depth)) {
            return;
        }
        for (String name : List.of("type", "title", "description")) {
            if (schema.has(name) && !(typesAllowed && name.equals("type"))) {
                errors.forbidden(path + "." + name, "must be empty to be structural");
            }
        }
        for (String name : List.of("default", "additionalProperties")) {
            if (schema.has(name)) {
                errors.forbidden(path + "." + name, "must be undefined to be structural");
            }
        }
        for (String name : schema.members().keySet()) {
            if (name.equals("nullable") || name.startsWith("x-kubernetes-")) {
                if (!name.equals("x-kubernetes-validations") && !name.contains("-list-")) {
                    errors.forbidden(path + "." + name, "must be false to be structural");
                }
            }
        }
        constraints(schema, path);
        schema.object("properties")
                .members()
                .forEach(
                        (name, value) -> {
                            String here = path + ".properties[" + name + "]";
                            JsonObject other = member(outer, name);
                            if (name.equals("metadata") && depth == 1) {
                                errors.forbidden(here, "must not be specified in a nested context");
                            } else if (other.isEmpty() && !isFree(outer, name)) {
                                errors.required(
                                        outerPath + ".properties[" + name + "]",
                                        "because it is defined in " + here);
                            }
                            nested(
                                    object(value),
                                    other,
                                    outerPath + ".properties[" + name + "]",
                                    here,
                                    false,
                                    depth + 1);
                        });
        if (schema.has("items")) {
            if (!outer.has("items")) {
                errors.required(
                        outerPath + ".items", "because it is defined in " + path + ".items");
            }
            nested(
                    schema.object("items"),
                    outer.object("items"),
                    outerPath + ".items",
                    path + ".items",
                    false,
                    depth + 1);
        }
        for (String junctor : JUNCTORS) {
            List<JsonObject> more = schema.array(junctor).objects();
            for (int i = 0; i < more.size(); i++) {
                String here = path + "." + junctor + "[" + i + "]";
                nested(more.get(i), outer, outerPath, here, typesAllowed, depth + 1);
            }
        }
        if (schema.has("not")) {
            nested(schema.object("not"), outer, outerPath, path + ".not", false, depth + 1);
        }
    }

    private static JsonObject member(JsonObject outer, String name) {
        JsonObject property = outer.object("properties", name);
        return property.isEmpty() ? outer.object("additionalProperties") : property;
    }

    /** Whether a member is specified, though with an empty schema. */
    private static boolean isFree(JsonObject outer, String name) {
        return outer.object("properties").has(name)
                || outer.get("additionalProperties").orElse(JsonNull.INSTANCE) == JsonBoolean.TRUE;
    }

    /** Defaults must be what they say: known to their schema, and valid by it. */
    private void defaults(JsonObject schema, String path) {
        schema.get("default")
                .ifPresent(
                        value -> {
                            StructuralSchema read = StructuralSchema.read(schema);
                            StructuralPruning pruning = new StructuralPruning();
                            Json known = pruning.value(value, read, "");
                            if (!pruning.unknown().isEmpty()) {
                                errors.invalid(
                                        path + ".default",
                                        value,
                                        "must not have unknown fields: "
                                                + String.join(", ", pruning.unknown()));
                            } else {
                                Json full =
                                        known instanceof JsonObject object
                                                ? StructuralDefaults.filledIn(object, read)
                                                : known;
                                new StructuralValidation(errors)
                                        .check(full, null, read, path + ".default");
                            }
                        });
        schema.object("properties")
                .members()
                .forEach(
                        (name, value) ->
                                defaults(object(value), path + ".properties[" + name + "]"));
        if (schema.get("additionalProperties").orElse(JsonNull.INSTANCE)
                instanceof JsonObject more) {
            defaults(more, path + ".additionalProperties");
        }
        if (schema.has("items")) {
            defaults(schema.object("items"), path + ".items");
        }
    }

    /** Decoding has refused what is no object. */
    private static JsonObject object(Json value) {
        return value instanceof JsonObject object ? object : JsonObject.EMPTY;
    }
}
