// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks values against a schema, in the words of Kubernetes. What a replacement leaves as it was
 * is not judged again: rules may have become stricter since. One use, one thread.
 */
final class StructuralValidation {
    private final Errors errors;

    StructuralValidation(Errors errors) {
        this.errors = errors;
    }

    /**
     * @param before what was there; null if there was nothing
     * @param path {@code ""} for the whole object
     */
    void check(Json value, @Nullable Json before, StructuralSchema schema, String path) {
        if (value.equals(before)) {
            return;
        }
        if (value == JsonNull.INSTANCE && schema.nullable) {
            return;
        }
        if (!hasType(value, schema)) {
            String wanted = schema.intOrString ? "integer,string" : schema.type;
            String actual = typeOf(value);
            errors.typeInvalid(
                    field(path),
                    actual,
                    body(path) + "must be of type " + wanted + ": " + Errors.quote(actual));
            return;
        }
        if (!schema.values.isEmpty() && !schema.values.contains(value)) {
            errors.notSupported(field(path), value, schema.values);
        }
        if (value instanceof JsonString string) {
            text(string.value(), schema, path);
        } else if (value instanceof JsonNumber number) {
            number(number, schema, path);
        } else if (value instanceof JsonArray array) {
            array(array, before instanceof JsonArray old ? old : null, schema, path);
        } else if (value instanceof JsonObject object) {
            object(object, before instanceof JsonObject old ? old : null, schema, path);
        }
        combined(value, schema, path);
    }

    private static String field(String path) {
        return path.isEmpty() ? "<nil>" : path;
    }

    private static String body(String path) {
        return path + " in body ";
    }

    private static boolean hasType(Json value, StructuralSchema schema) {
        if (schema.intOrString) {
            return value instanceof JsonString || isWhole(value);
        }
        return switch (schema.type) {
            case "" -> true;
            case "string" -> value instanceof JsonString;
            case "boolean" -> value instanceof JsonBoolean;
            case "number" -> value instanceof JsonNumber;
            case "integer" -> isWhole(value);
            case "array" -> value instanceof JsonArray;
            case "object" -> value instanceof JsonObject;
            default -> false;
        };
    }

    private static boolean isWhole(Json value) {
        return value instanceof JsonNumber number && number.whole().isPresent();
    }

    private static String typeOf(Json value) {
        if (value instanceof JsonString) {
            return "string";
        }
        if (value instanceof JsonNumber) {
            return isWhole(value) ? "integer" : "number";
        }
        if (value instanceof JsonBoolean) {
            return "boolean";
        }
        if (value instanceof JsonArray) {
            return "array";
        }
        return value instanceof JsonObject ? "object" : "null";
    }

    private void text(String text, StructuralSchema schema, String path) {
        int length = text.codePointCount(0, text.length());
        if (schema.maxLength.isPresent() && length > schema.maxLength.getAsLong()) {
            errors.tooLong(field(path), (int) schema.maxLength.getAsLong());
        }
        if (schema.minLength.isPresent() && length < schema.minLength.getAsLong()) {
            invalid(
                    path,
                    Json.of(text),
                    "should be at least " + schema.minLength.getAsLong() + " chars long");
        }
        schema.pattern()
                .filter(pattern -> !pattern.matches(text))
                .ifPresent(
                        pattern ->
                                invalid(
                                        path,
                                        Json.of(text),
                                        "should match '" + pattern.text() + "'"));
        if (!schema.format.isEmpty() && !StringFormats.isOf(schema.format, text)) {
            errors.typeInvalid(
                    field(path),
                    text,
                    body(path) + "must be of type " + schema.format + ": " + Errors.quote(text));
        }
    }

    private void number(JsonNumber number, StructuralSchema schema, String path) {
        BigDecimal value = number.decimal();
        schema.maximum.ifPresent(
                most -> {
                    int order = value.compareTo(most);
                    if (order > 0 || (order == 0 && schema.belowMaximum)) {
                        String than = schema.belowMaximum ? "less than " : "less than or equal to ";
                        invalid(path, number, "should be " + than + plain(most));
                    }
                });
        schema.minimum.ifPresent(
                least -> {
                    int order = value.compareTo(least);
                    if (order < 0 || (order == 0 && schema.aboveMinimum)) {
                        String than =
                                schema.aboveMinimum ? "greater than " : "greater than or equal to ";
                        invalid(path, number, "should be " + than + plain(least));
                    }
                });
        schema.multipleOf.ifPresent(
                step -> {
                    // As doubles: exact division of numbers with huge exponents has no bound.
                    double quotient = value.doubleValue() / step.doubleValue();
                    if (quotient != Math.rint(quotient)) {
                        invalid(path, number, "should be a multiple of " + plain(step));
                    }
                });
        if (schema.format.equals("int32")
                && !schema.type.equals("string")
                && (value.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) > 0
                        || value.compareTo(BigDecimal.valueOf(Integer.MIN_VALUE)) < 0)) {
            invalid(path, number, "must be of type int32: " + number.text());
        }
    }

    private static String plain(BigDecimal value) {
        return Math.abs((long) value.scale()) < 40
                ? value.stripTrailingZeros().toPlainString()
                : value.toString();
    }

    private void array(
            JsonArray array, @Nullable JsonArray before, StructuralSchema schema, String path) {
        if (schema.maxItems.isPresent() && array.size() > schema.maxItems.getAsLong()) {
            errors.tooMany(field(path), array.size(), schema.maxItems.getAsLong());
        }
        if (schema.minItems.isPresent() && array.size() < schema.minItems.getAsLong()) {
            invalid(
                    path,
                    Json.of(array.size()),
                    "should have at least " + schema.minItems.getAsLong() + " items");
        }
        if (schema.unique && new HashSet<>(array.items()).size() < array.size()) {
            invalid(path, array, "shouldn't contain duplicates");
        }
        if (schema.items != null) {
            for (int i = 0; i < array.size(); i++) {
                check(
                        array.get(i),
                        before == null ? null : counterpart(array.get(i), i, before, schema),
                        schema.items,
                        path + "[" + i + "]");
            }
        }
        if (schema.isSet() || schema.isMap()) {
            Set<Json> seen = new HashSet<>();
            for (int i = 0; i < array.size(); i++) {
                Json mark = schema.isSet() ? array.get(i) : key(array.get(i), schema);
                if (!seen.add(mark)) {
                    errors.duplicate(path + "[" + i + "]", mark);
                }
            }
        }
    }

    /** What an item was before: in a map the item of the same key, in other lists no one knows. */
    private static @Nullable Json counterpart(
            Json item, int index, JsonArray before, StructuralSchema schema) {
        if (schema.isMap()) {
            Json key = key(item, schema);
            for (Json old : before) {
                if (key(old, schema).equals(key)) {
                    return old;
                }
            }
            return null;
        }
        return index < before.size() && before.get(index).equals(item) ? item : null;
    }

    private static Json key(Json item, StructuralSchema schema) {
        if (!(item instanceof JsonObject object)) {
            return item;
        }
        JsonObject.Builder key = JsonObject.builder();
        for (String name : schema.keys()) {
            key.put(name, object.get(name));
        }
        return key.build();
    }

    private void object(
            JsonObject object, @Nullable JsonObject before, StructuralSchema schema, String path) {
        int size = object.members().size();
        if (schema.maxProperties.isPresent() && size > schema.maxProperties.getAsLong()) {
            errors.tooMany(field(path), size, schema.maxProperties.getAsLong());
        }
        if (schema.minProperties.isPresent() && size < schema.minProperties.getAsLong()) {
            invalid(
                    path,
                    object,
                    "should have at least " + schema.minProperties.getAsLong() + " properties");
        }
        for (String name : schema.required) {
            if (!object.has(name)) {
                errors.required(inside(path, name));
            }
        }
        if (schema.embedded) {
            for (String name : List.of("apiVersion", "kind")) {
                if (object.text(name).isEmpty()) {
                    errors.required(inside(path, name), "must not be empty");
                }
            }
        }
        object.members()
                .forEach(
                        (name, value) -> {
                            StructuralSchema member = schema.member(name);
                            if (member != null) {
                                Json old = before == null ? null : before.get(name).orElse(null);
                                check(value, old, member, inside(path, name));
                            }
                        });
    }

    private static String inside(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private void combined(Json value, StructuralSchema schema, String path) {
        List<Errors> failed = failures(value, schema.allOf, path);
        if (!failed.isEmpty()) {
            failed.forEach(errors::addAll);
            boolean all = failed.size() == schema.allOf.size();
            composite(
                    path,
                    "must validate all the schemas (allOf)" + (all ? ". None validated" : ""));
        }
        if (!schema.anyOf.isEmpty()) {
            failed = failures(value, schema.anyOf, path);
            if (failed.size() == schema.anyOf.size()) {
                composite(path, "must validate at least one schema (anyOf)");
                best(failed).ifPresent(errors::addAll);
            }
        }
        if (!schema.oneOf.isEmpty()) {
            failed = failures(value, schema.oneOf, path);
            int valid = schema.oneOf.size() - failed.size();
            if (valid != 1) {
                composite(
                        path,
                        "must validate one and only one schema (oneOf). "
                                + (valid == 0
                                        ? "Found none valid"
                                        : "Found " + valid + " valid alternatives"));
                if (valid == 0) {
                    best(failed).ifPresent(errors::addAll);
                }
            }
        }
        if (schema.not != null && failures(value, List.of(schema.not), path).isEmpty()) {
            composite(path, "must not validate the schema (not)");
        }
    }

    private static List<Errors> failures(Json value, List<StructuralSchema> all, String path) {
        List<Errors> failures = new ArrayList<>();
        for (StructuralSchema each : all) {
            Errors found = new Errors();
            new StructuralValidation(found).check(value, null, each, path);
            if (!found.isEmpty()) {
                failures.add(found);
            }
        }
        return failures;
    }

    private static Optional<Errors> best(List<Errors> failures) {
        return failures.stream().min(java.util.Comparator.comparingInt(Errors::size));
    }

    private void composite(String path, String text) {
        errors.invalid(field(path), "", Errors.quote(path) + " " + text);
    }

    private void invalid(String path, Json value, String text) {
        errors.invalid(field(path), value, body(path) + text);
    }
}
