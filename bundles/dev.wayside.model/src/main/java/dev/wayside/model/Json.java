// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.nio.charset.StandardCharsets;

/**
 * A JSON value (RFC 8259). Immutable; equality is by content, and objects compare without regard to
 * member order.
 */
public sealed interface Json
        permits JsonArray, JsonBoolean, JsonNull, JsonNumber, JsonObject, JsonString {

    /** The JSON text, in compact form, members in their order of insertion. */
    default String toJson() {
        return new String(toBytes(), StandardCharsets.UTF_8);
    }

    /** The JSON text as UTF-8. */
    default byte[] toBytes() {
        return JsonWriter.write(this);
    }

    static JsonString of(String value) {
        return new JsonString(value);
    }

    static JsonNumber of(long value) {
        return JsonNumber.of(value);
    }

    static JsonBoolean of(boolean value) {
        return value ? JsonBoolean.TRUE : JsonBoolean.FALSE;
    }

    /** Parses one value with {@link JsonLimits#DEFAULT}. */
    static Json parse(byte[] utf8) throws JsonException {
        return JsonReader.read(utf8, JsonLimits.DEFAULT, JsonReader.DuplicateNames.LAST_WINS);
    }

    /** Parses one value with {@link JsonLimits#DEFAULT}. */
    static Json parse(String text) throws JsonException {
        return parse(text.getBytes(StandardCharsets.UTF_8));
    }
}
