// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * An {@link OpenApiV2} document in the protobuf form that kubectl asks for, gnostic's {@code
 * openapi.v2.Document}. Each message is written from the members of an object by a table of the
 * fields' numbers; maps are lists of named values there, free values and extensions are text in
 * YAML, for which JSON will do.
 */
public final class OpenApiV2Protobuf {
    public static final String MEDIA_TYPE =
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /** As older clients write it, who could not know that a media type has no {@code @}. */
    public static final String OLD_MEDIA_TYPE =
            "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    private static final int VARINT = 0;
    private static final int FIXED_64 = 1;
    private static final int DELIMITED = 2;
    private static final String EXTENSION = "x-";

    private static final Map<String, Integer> SCHEMA_TEXTS =
            Map.of("$ref", 1, "format", 2, "title", 3, "description", 4, "pattern", 13);
    private static final Map<String, Integer> SCHEMA_DOUBLES =
            Map.of("multipleOf", 6, "maximum", 7, "minimum", 9);
    private static final Map<String, Integer> SCHEMA_FLAGS =
            Map.of("exclusiveMaximum", 8, "exclusiveMinimum", 10, "uniqueItems", 16);
    private static final Map<String, Integer> SCHEMA_NUMBERS =
            Map.of(
                    "maxLength", 11,
                    "minLength", 12,
                    "maxItems", 14,
                    "minItems", 15,
                    "maxProperties", 17,
                    "minProperties", 18);
    // Sorted, so that the same document always gives the same bytes.
    private static final Map<String, Integer> METHODS =
            new TreeMap<>(Map.of("get", 2, "put", 3, "post", 4, "delete", 5, "patch", 8));

    private OpenApiV2Protobuf() {}

    public static byte[] encode(JsonObject document) {
        Message out = new Message();
        out.text(1, document.text("swagger"));
        Message info = new Message();
        info.text(1, document.text("info", "title"));
        info.text(2, document.text("info", "version"));
        out.message(2, info);
        Message paths = new Message();
        document.object("paths")
                .members()
                .forEach((path, item) -> paths.named(2, path, pathItem((JsonObject) item)));
        out.message(8, paths);
        Message definitions = new Message();
        document.object("definitions")
                .members()
                .forEach((name, each) -> definitions.named(1, name, schema((JsonObject) each)));
        out.message(9, definitions);
        return out.toByteArray();
    }

    private static Message pathItem(JsonObject item) {
        Message out = new Message();
        METHODS.forEach(
                (method, field) ->
                        item.get(method)
                                .ifPresent(
                                        each -> out.message(field, operation((JsonObject) each))));
        item.array("parameters").objects().forEach(each -> out.message(9, parameter(each)));
        return out;
    }

    private static Message operation(JsonObject operation) {
        Message out = new Message();
        operation.array("produces").strings().forEach(each -> out.text(6, each));
        operation.array("consumes").strings().forEach(each -> out.text(7, each));
        operation.array("parameters").objects().forEach(each -> out.message(8, parameter(each)));
        Message responses = new Message();
        operation
                .object("responses")
                .members()
                .forEach(
                        (code, each) -> responses.named(1, code, responseValue((JsonObject) each)));
        out.message(9, responses);
        extensions(out, 13, operation);
        return out;
    }

    private static Message responseValue(JsonObject response) {
        Message inner = new Message();
        inner.text(1, response.text("description"));
        response.get("schema").ifPresent(each -> inner.message(2, wrapped(1, schema(each))));
        return wrapped(1, inner);
    }

    /** A ParametersItem of a Parameter: of the body, the query or the path. */
    private static Message parameter(JsonObject parameter) {
        Message inner = new Message();
        String in = parameter.text("in");
        if (in.equals("body")) {
            inner.text(2, parameter.text("name"));
            inner.text(3, in);
            inner.flag(4, parameter.flag("required"));
            inner.message(5, schema(parameter.object("schema")));
            return wrapped(1, wrapped(1, inner));
        }
        boolean query = in.equals("query");
        inner.flag(1, parameter.flag("required"));
        inner.text(2, in);
        inner.text(4, parameter.text("name"));
        inner.text(query ? 6 : 5, parameter.text("type"));
        return wrapped(1, wrapped(2, wrapped(query ? 3 : 4, inner)));
    }

    private static Message schema(Json json) {
        JsonObject schema = (JsonObject) json;
        Message out = new Message();
        schema.members().forEach((name, value) -> keyword(out, name, value));
        extensions(out, 31, schema);
        return out;
    }

    private static void keyword(Message out, String name, Json value) {
        if (value instanceof JsonString text && SCHEMA_TEXTS.containsKey(name)) {
            out.text(SCHEMA_TEXTS.getOrDefault(name, 0), text.value());
        } else if (value instanceof JsonNumber number && SCHEMA_DOUBLES.containsKey(name)) {
            out.fixed(SCHEMA_DOUBLES.getOrDefault(name, 0), number.decimal().doubleValue());
        } else if (value instanceof JsonNumber number && SCHEMA_NUMBERS.containsKey(name)) {
            out.number(SCHEMA_NUMBERS.getOrDefault(name, 0), number.whole().orElse(0));
        } else if (value instanceof JsonBoolean flag && SCHEMA_FLAGS.containsKey(name)) {
            out.flag(SCHEMA_FLAGS.getOrDefault(name, 0), flag.value());
        } else {
            structure(out, name, value);
        }
    }

    private static void structure(Message out, String name, Json value) {
        switch (name) {
            case "type" -> {
                Message type = new Message();
                type.text(1, ((JsonString) value).value());
                out.message(22, type);
            }
            case "default" -> out.message(5, any(value));
            case "enum" -> ((JsonArray) value).forEach(each -> out.message(20, any(each)));
            case "required" -> ((JsonArray) value).strings().forEach(each -> out.text(19, each));
            case "items" -> out.message(23, wrapped(1, schema(value)));
            case "additionalProperties" -> out.message(21, wrapped(1, schema(value)));
            case "properties" -> {
                Message properties = new Message();
                ((JsonObject) value)
                        .members()
                        .forEach((each, schema) -> properties.named(1, each, schema(schema)));
                out.message(25, properties);
            }
            default -> {} // an extension, or what this form has no place for
        }
    }

    private static void extensions(Message out, int field, JsonObject object) {
        object.members()
                .forEach(
                        (name, value) -> {
                            if (name.startsWith(EXTENSION)) {
                                out.named(field, name, any(value));
                            }
                        });
    }

    private static Message any(Json value) {
        Message out = new Message();
        out.text(2, value.toJson());
        return out;
    }

    private static Message wrapped(int field, Message message) {
        Message out = new Message();
        out.message(field, message);
        return out;
    }

    /** The bytes of one message. */
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void text(int field, String text) {
            if (!text.isEmpty()) {
                delimited(field, text.getBytes(StandardCharsets.UTF_8));
            }
        }

        void message(int field, Message message) {
            delimited(field, message.toByteArray());
        }

        /** An entry of what is a map elsewhere. */
        void named(int field, String name, Message value) {
            Message entry = new Message();
            entry.text(1, name);
            entry.message(2, value);
            message(field, entry);
        }

        void flag(int field, boolean value) {
            number(field, value ? 1 : 0);
        }

        void number(int field, long value) {
            if (value != 0) {
                tag(field, VARINT);
                varint(value);
            }
        }

        void fixed(int field, double value) {
            tag(field, FIXED_64);
            long bits = Double.doubleToLongBits(value);
            for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                bytes.write((int) (bits >>> shift));
            }
        }

        byte[] toByteArray() {
            return bytes.toByteArray();
        }

        private void delimited(int field, byte[] value) {
            tag(field, DELIMITED);
            varint(value.length);
            bytes.writeBytes(value);
        }

        private void tag(int field, int wire) {
            varint((long) field << 3 | wire);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) (rest & 0x7f) | 0x80);
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}
