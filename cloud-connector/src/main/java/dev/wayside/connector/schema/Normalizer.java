// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Brings objects into the form that a Kubernetes server would hold them in: no unknown fields, no
 * nulls, quantities in their canonical text, and none of the empty values that Go leaves out. Two
 * objects that mean the same are then equal, whichever way the client spelled them. Values of a
 * wrong type stay as they are.
 */
final class Normalizer {
    private final TypeTable table;

    Normalizer(TypeTable table) {
        this.table = table;
    }

    /** The whole normal form. */
    JsonObject normal(JsonObject object, TypeTable.StructType struct) {
        return struct(object, struct, true);
    }

    /** Only without unknown fields and nulls: for custom kinds, whose spelling stays the user's. */
    JsonObject pruned(JsonObject object, TypeTable.StructType struct) {
        return struct(object, struct, false);
    }

    private JsonObject struct(JsonObject object, TypeTable.StructType struct, boolean whole) {
        JsonObject.Builder builder = JsonObject.builder();
        object.members()
                .forEach(
                        (name, value) -> {
                            TypeTable.Field field = struct.fields().get(name);
                            if (field != null && value != JsonNull.INSTANCE) {
                                Json normal = value(value, field.type(), whole);
                                if (!(whole && leftOut(field, normal))) {
                                    builder.put(name, normal);
                                }
                            }
                        });
        return builder.build();
    }

    private Json value(Json value, FieldType type, boolean whole) {
        if (type instanceof FieldType.Struct struct) {
            return value instanceof JsonObject object
                    ? struct(object, table.struct(struct), whole)
                    : value == JsonNull.INSTANCE ? JsonObject.EMPTY : value;
        }
        if (type instanceof FieldType.ListOf list) {
            if (!(value instanceof JsonArray array)) {
                return value;
            }
            List<Json> items = new ArrayList<>(array.size());
            array.forEach(item -> items.add(value(item, list.item(), whole)));
            return new JsonArray(items);
        }
        if (type instanceof FieldType.MapOf map) {
            if (!(value instanceof JsonObject object)) {
                return value;
            }
            JsonObject.Builder builder = JsonObject.builder();
            object.members()
                    .forEach((key, item) -> builder.put(key, value(item, map.value(), whole)));
            return builder.build();
        }
        FieldType.Base base = ((FieldType.Scalar) type).base();
        if (value == JsonNull.INSTANCE) {
            return zero(base);
        }
        return whole && base == FieldType.Base.QUANTITY ? quantity(value) : value;
    }

    private static Json quantity(Json value) {
        Optional<String> text =
                value instanceof JsonString string
                        ? Optional.of(string.value())
                        : value instanceof JsonNumber number
                                ? Optional.of(number.text())
                                : Optional.empty();
        return text.flatMap(CanonicalQuantity::of).<Json>map(JsonString::new).orElse(value);
    }

    private static Json zero(FieldType.Base base) {
        return switch (base) {
            case STRING, BYTES -> new JsonString("");
            case INT32, INT64, INT_OR_STRING -> JsonNumber.of(0);
            case BOOL -> JsonBoolean.FALSE;
            case QUANTITY -> new JsonString("0");
            case TIME, MICRO_TIME, ANY -> JsonNull.INSTANCE;
        };
    }

    /** What Go's {@code omitempty} leaves out: zero scalars, empty lists and maps, no structs. */
    private static boolean leftOut(TypeTable.Field field, Json value) {
        if (!field.omitEmpty()) {
            return false;
        }
        if (value instanceof JsonArray array) {
            return array.isEmpty();
        }
        if (value instanceof JsonObject object) {
            return field.type() instanceof FieldType.MapOf && object.isEmpty();
        }
        if (field.pointer() || !(field.type() instanceof FieldType.Scalar scalar)) {
            return false;
        }
        return switch (scalar.base()) {
            case STRING, BYTES, BOOL, INT32, INT64 -> value.equals(zero(scalar.base()));
            default -> false;
        };
    }
}
