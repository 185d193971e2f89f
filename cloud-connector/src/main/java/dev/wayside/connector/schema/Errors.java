// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.FieldError;
import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Collects what is wrong with an object, in Kubernetes' words. One use, one thread. */
final class Errors {
    /** More would help nobody and make the answer larger than the request. */
    private static final int MOST_ERRORS = 200;

    private static final int MOST_SHOWN = 2048;

    private final List<FieldError> found = new ArrayList<>();

    List<FieldError> list() {
        return List.copyOf(found);
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    int size() {
        return found.size();
    }

    void required(String field) {
        required(field, "");
    }

    void required(String field, String detail) {
        add("FieldValueRequired", field, "Required value" + after(detail));
    }

    void invalid(String field, String value, String detail) {
        invalid(field, Json.of(value), detail);
    }

    void invalid(String field, long value, String detail) {
        invalid(field, Json.of(value), detail);
    }

    void invalid(String field, Json value, String detail) {
        add("FieldValueInvalid", field, "Invalid value: " + shown(value) + after(detail));
    }

    void invalid(String field, String value, Collection<String> details) {
        details.forEach(detail -> invalid(field, value, detail));
    }

    void notSupported(String field, String value, List<String> supported) {
        String list = supported.stream().map(Errors::quote).collect(Collectors.joining(", "));
        add(
                "FieldValueNotSupported",
                field,
                "Unsupported value: " + quote(shortened(value)) + ": supported values: " + list);
    }

    /** A value of an enumeration that is not only of strings. */
    void notSupported(String field, Json value, List<Json> supported) {
        String list =
                supported.stream()
                        .map(
                                each ->
                                        quote(
                                                each instanceof JsonString text
                                                        ? text.value()
                                                        : each.toJson()))
                        .collect(Collectors.joining(", "));
        add(
                "FieldValueNotSupported",
                field,
                "Unsupported value: " + shown(value) + ": supported values: " + list);
    }

    void typeInvalid(String field, String actual, String detail) {
        add("FieldValueTypeInvalid", field, "Invalid value: " + quote(actual) + after(detail));
    }

    void tooMany(String field, long actual, long most) {
        add(
                "FieldValueTooMany",
                field,
                "Too many: " + actual + ": must have at most " + most + " items");
    }

    void addAll(Errors others) {
        others.found.forEach(error -> add(error.reason(), error.field(), error.message()));
    }

    void duplicate(String field, String value) {
        add("FieldValueDuplicate", field, "Duplicate value: " + quote(shortened(value)));
    }

    void duplicate(String field, Json value) {
        add("FieldValueDuplicate", field, "Duplicate value: " + shown(value));
    }

    void notFound(String field, String value) {
        add("FieldValueNotFound", field, "Not found: " + quote(shortened(value)));
    }

    void forbidden(String field, String detail) {
        add("FieldValueForbidden", field, "Forbidden" + after(detail));
    }

    void tooLong(String field, int mostBytes) {
        add("FieldValueTooLong", field, "Too long: may not be more than " + mostBytes + " bytes");
    }

    void tooMany(String field, int count, int most) {
        add(
                "FieldValueTooMany",
                field,
                "Too many: " + count + ": must have at most " + most + " items");
    }

    /** Complains unless both are equal. */
    void immutable(String field, Json before, Json after) {
        if (!before.equals(after)) {
            invalid(field, after, "field is immutable");
        }
    }

    /**
     * Complains unless the member is the same in both, or in neither.
     *
     * @param prefix of the member's name in the complaint, for instance {@code spec.}
     */
    void immutable(String prefix, String member, JsonObject before, JsonObject after) {
        immutable(
                prefix + member,
                before.get(member).orElse(JsonNull.INSTANCE),
                after.get(member).orElse(JsonNull.INSTANCE));
    }

    void nonNegative(String field, long value) {
        if (value < 0) {
            invalid(field, value, "must be greater than or equal to 0");
        }
    }

    private void add(String reason, String field, String message) {
        if (found.size() < MOST_ERRORS) {
            found.add(new FieldError(reason, field, message));
        }
    }

    private static String after(String detail) {
        return detail.isEmpty() ? "" : ": " + detail;
    }

    private static String shown(Json value) {
        return value instanceof JsonString string
                ? quote(shortened(string.value()))
                : shortened(value.toJson());
    }

    private static String shortened(String text) {
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    }

    /** As Go's {@code %q}, but for characters outside of ASCII, which stay readable. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f) {
                        out.append(String.format("\\x%02x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"').toString();
    }
}
