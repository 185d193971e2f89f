// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.Quantity;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds values of the wrong type and says so as Go's decoder would. Paths carry no list indices,
 * because Go's do not.
 */
final class WrongTypes {
    private static final String BASE64_DIGITS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";

    /** The one struct that may be written as true or false. */
    private static final String SCHEMA_OR_BOOL = "apiextensions/v1.JSONSchemaPropsOrBool";

    private final TypeTable table;

    WrongTypes(TypeTable table) {
        this.table = table;
    }

    /** The first value of a wrong type; empty if all are right. Unknown fields are passed over. */
    Optional<String> in(JsonObject object, TypeTable.StructType struct) {
        return Optional.ofNullable(struct(object, struct, ""));
    }

    private @Nullable String struct(JsonObject object, TypeTable.StructType struct, String path) {
        for (Map.Entry<String, Json> member : object.members().entrySet()) {
            TypeTable.Field field = struct.fields().get(member.getKey());
            if (field != null) {
                String here = path.isEmpty() ? field.name() : path + "." + field.name();
                String wrong =
                        value(
                                member.getValue(),
                                field.type(),
                                new Place(struct.shortName() + "." + here, here));
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        return null;
    }

    /** Where a value is: the innermost struct and the path, as Go says it, and the path alone. */
    private record Place(String goField, String path) {}

    private @Nullable String value(Json value, FieldType type, Place place) {
        if (value == JsonNull.INSTANCE) {
            return null; // Go leaves the zero value
        }
        if (type instanceof FieldType.Struct struct) {
            if (value instanceof JsonBoolean && struct.name().equals(SCHEMA_OR_BOOL)) {
                return null;
            }
            return value instanceof JsonObject object
                    ? struct(object, table.struct(struct), place.path())
                    : mismatch(value, type, place);
        }
        if (type instanceof FieldType.ListOf list) {
            if (!(value instanceof JsonArray array)) {
                return mismatch(value, type, place);
            }
            for (Json item : array) {
                String wrong = value(item, list.item(), place);
                if (wrong != null) {
                    return wrong;
                }
            }
            return null;
        }
        if (type instanceof FieldType.MapOf map) {
            if (!(value instanceof JsonObject object)) {
                return mismatch(value, type, place);
            }
            for (Json item : object.members().values()) {
                String wrong = value(item, map.value(), place);
                if (wrong != null) {
                    return wrong;
                }
            }
            return null;
        }
        return scalar(value, (FieldType.Scalar) type, place);
    }

    private static @Nullable String scalar(Json value, FieldType.Scalar type, Place place) {
        return switch (type.base()) {
            case STRING -> value instanceof JsonString ? null : mismatch(value, type, place);
            case BOOL -> value instanceof JsonBoolean ? null : mismatch(value, type, place);
            case INT32 -> integer(value, Integer.MIN_VALUE, Integer.MAX_VALUE, type, place);
            case INT64 -> integer(value, Long.MIN_VALUE, Long.MAX_VALUE, type, place);
            case BYTES ->
                    value instanceof JsonString string
                            ? base64(string.value())
                            : mismatch(value, type, place);
            case QUANTITY -> quantity(value);
            case TIME, MICRO_TIME -> time(value);
            case INT_OR_STRING -> value instanceof JsonString ? null : intOrString(value);
            case ANY -> null;
        };
    }

    private static @Nullable String integer(
            Json value, long least, long most, FieldType type, Place place) {
        if (!(value instanceof JsonNumber number)) {
            return mismatch(value, type, place);
        }
        return isWithin(number, least, most)
                ? null
                : mismatch("number " + number.text(), type.goName(), place);
    }

    /** Digits alone: to Go, {@code 1.0} and {@code 1e3} are no integers. */
    private static boolean isWithin(JsonNumber number, long least, long most) {
        try {
            long whole = Long.parseLong(number.text());
            return whole >= least && whole <= most;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static @Nullable String intOrString(Json value) {
        if (value instanceof JsonNumber number) {
            return isWithin(number, Integer.MIN_VALUE, Integer.MAX_VALUE)
                    ? null
                    : "json: cannot unmarshal number " + number.text() + goValue("int32");
        }
        return "json: cannot unmarshal " + jsonName(value) + goValue("int32");
    }

    private static @Nullable String quantity(Json value) {
        String text =
                value instanceof JsonString string
                        ? string.value()
                        : value instanceof JsonNumber number ? number.text() : "";
        try {
            Quantity.parse(text);
            return null;
        } catch (IllegalArgumentException e) {
            return "quantities must match the regular expression"
                    + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        }
    }

    private static @Nullable String time(Json value) {
        if (!(value instanceof JsonString string)) {
            return "json: cannot unmarshal " + jsonName(value) + goValue("string");
        }
        try {
            OffsetDateTime.parse(string.value());
            return null;
        } catch (DateTimeParseException e) {
            return "parsing time "
                    + Errors.quote(string.value())
                    + " as \"2006-01-02T15:04:05Z07:00\": cannot parse "
                    + Errors.quote(string.value().substring(Math.max(0, e.getErrorIndex())));
        }
    }

    private static @Nullable String base64(String text) {
        try {
            Base64.getDecoder().decode(text.replace("\n", "").replace("\r", ""));
            return null;
        } catch (IllegalArgumentException e) {
            return "illegal base64 data at input byte " + firstNotBase64(text);
        }
    }

    private static int firstNotBase64(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (BASE64_DIGITS.indexOf(text.charAt(i)) < 0) {
                return i;
            }
        }
        return text.length() / 4 * 4;
    }

    private static String goValue(String goType) {
        return " into Go value of type " + goType;
    }

    private static String mismatch(Json value, FieldType type, Place place) {
        return mismatch(jsonName(value), type.goName(), place);
    }

    private static String mismatch(String what, String goType, Place place) {
        return "json: cannot unmarshal "
                + what
                + " into Go struct field "
                + place.goField()
                + " of type "
                + goType;
    }

    private static String jsonName(Json value) {
        if (value instanceof JsonObject) {
            return "object";
        }
        if (value instanceof JsonArray) {
            return "array";
        }
        if (value instanceof JsonString) {
            return "string";
        }
        return value instanceof JsonBoolean ? "bool" : "number";
    }
}
