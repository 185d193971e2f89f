// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.TypeTable.Field;
import dev.wayside.connector.schema.TypeTable.StructType;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads objects in Kubernetes' protobuf form: four bytes of magic, then a {@code runtime.Unknown}
 * that says the kind and holds the object. kubectl and helm send what they create in it and do not
 * fall back to JSON. The fields come from the type table; one that it does not have is passed over
 * and logged once. Safe for any thread.
 */
public final class ProtobufObjects {
    private static final Logger LOG = LoggerFactory.getLogger(ProtobufObjects.class);
    private static final byte[] MAGIC = {'k', '8', 's', 0};
    private static final String SCHEMA = "apiextensions/v1.JSONSchemaProps";
    private static final Set<String> OR_OTHER =
            Set.of("items", "additionalProperties", "additionalItems");
    private static final JsonLimits LIMITS = JsonLimits.DEFAULT;
    private static final int MAX_LOGGED = 1_000;
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final TypeTable table = TypeTable.load();
    private final Set<String> logged = ConcurrentHashMap.newKeySet();

    /**
     * The object, with {@code apiVersion} and {@code kind}.
     *
     * @throws IllegalArgumentException if it is malformed, too large, or of an unknown kind
     */
    public JsonObject read(byte[] body) {
        if (body.length > LIMITS.maxBytes()) {
            throw new IllegalArgumentException("it is larger than " + LIMITS.maxBytes() + " bytes");
        }
        if (body.length < MAGIC.length
                || Arrays.mismatch(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length) >= 0) {
            throw new IllegalArgumentException("it does not begin as protobuf of Kubernetes does");
        }
        String apiVersion = "";
        String kind = "";
        ProtobufCursor raw = new ProtobufCursor(body, 0, 0);
        ProtobufCursor unknown = new ProtobufCursor(body, MAGIC.length, body.length);
        while (!unknown.isEmpty()) {
            switch (unknown.field()) {
                case 1 -> {
                    ProtobufCursor meta = unknown.nested();
                    while (!meta.isEmpty()) {
                        switch (meta.field()) {
                            case 1 -> apiVersion = meta.nested().text();
                            case 2 -> kind = meta.nested().text();
                            default -> meta.skip();
                        }
                    }
                }
                case 2 -> raw = unknown.nested();
                case 3 -> {
                    if (!unknown.nested().isEmpty()) {
                        throw new IllegalArgumentException("its content is encoded");
                    }
                }
                default -> unknown.skip();
            }
        }
        StructType type = type(apiVersion, kind);
        return JsonObject.of("apiVersion", apiVersion).with("kind", kind).toBuilder()
                .putAll(new Reading().struct(raw, type, 1))
                .build();
    }

    private StructType type(String apiVersion, String kind) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "core" : apiVersion.substring(0, slash);
        boolean kubernetes = group.indexOf('.') < 0 || group.endsWith(".k8s.io");
        String pack = group.split("\\.", 2)[0] + "/" + apiVersion.substring(slash + 1);
        // DeleteOptions and the like come under the version of what they are about.
        return (kubernetes ? table.find(pack + "." + kind) : Optional.<StructType>empty())
                .or(() -> table.find("meta/v1." + kind))
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "no kind \""
                                                + kind
                                                + "\" of \""
                                                + apiVersion
                                                + "\" is known in this form; JSON is"));
    }

    /** One body: what it unfolds to is bounded as a whole. */
    private final class Reading {
        private int values;

        JsonObject struct(ProtobufCursor in, StructType type, int depth) {
            Map<String, Json> members = new LinkedHashMap<>();
            read(in, type, depth, members);
            JsonObject.Builder object = JsonObject.builder();
            for (Field field : type.fields().values()) {
                Json value = members.get(field.name());
                if (value != null && !(isDropped(field) && isZero(value))) {
                    object.put(field.name(), value);
                }
            }
            return object.build();
        }

        private void read(
                ProtobufCursor in, StructType type, int depth, Map<String, Json> members) {
            count(depth);
            Map<String, List<Json>> lists = new LinkedHashMap<>();
            Map<String, JsonObject.Builder> maps = new LinkedHashMap<>();
            while (!in.isEmpty()) {
                Field field = field(type, in.field());
                if (field == null) {
                    in.skip();
                } else if (field.name().isEmpty()) {
                    StructType inlined = table.struct((FieldType.Struct) field.type());
                    read(in.nested(), inlined, depth + 1, members);
                } else if (type.name().equals(SCHEMA) && OR_OTHER.contains(field.name())) {
                    schemaOr(in.nested(), depth + 1, members, field.name());
                } else if (field.type() instanceof FieldType.ListOf list) {
                    items(in, list.item(), depth, listOf(lists, field));
                } else if (field.type() instanceof FieldType.MapOf map) {
                    entry(
                            in.nested(),
                            map.value(),
                            depth,
                            maps.computeIfAbsent(field.name(), name -> JsonObject.builder()));
                } else {
                    Optional<Json> value = value(in, field.type(), depth);
                    value.ifPresent(it -> members.put(field.name(), it));
                }
            }
            lists.forEach((name, items) -> members.put(name, new JsonArray(items)));
            maps.forEach((name, map) -> members.put(name, map.build()));
        }

        /**
         * What in JSON is told apart by its type: a boolean (field 1) or a schema (field 2), or
         * else, for {@code items}, a schema (field 1) or a list of them (field 2).
         */
        private void schemaOr(
                ProtobufCursor in, int depth, Map<String, Json> members, String name) {
            count(depth);
            StructType schema = table.find(SCHEMA).orElseThrow();
            List<Json> second = new ArrayList<>();
            while (!in.isEmpty()) {
                int number = in.field();
                if (number == 1 && in.wire() == ProtobufCursor.VARINT) {
                    members.put(name, Json.of(in.number() != 0));
                } else if (number == 1) {
                    members.put(name, struct(in.nested(), schema, depth + 1));
                } else if (number == 2) {
                    second.add(struct(in.nested(), schema, depth + 1));
                } else {
                    in.skip();
                }
            }
            if (!second.isEmpty()) {
                members.put(name, name.equals("items") ? new JsonArray(second) : second.get(0));
            }
        }

        private static List<Json> listOf(Map<String, List<Json>> lists, Field field) {
            return lists.computeIfAbsent(field.name(), name -> new ArrayList<>());
        }

        private @Nullable Field field(StructType type, int number) {
            for (Field field : type.declared()) {
                if (field.number() == number) {
                    return field;
                }
            }
            if (logged.size() < MAX_LOGGED && logged.add(type.name() + "#" + number)) {
                LOG.warn("protobuf field {} of {} is not known: left out", number, type.name());
            }
            return null;
        }

        private void items(ProtobufCursor in, FieldType item, int depth, List<Json> items) {
            boolean packed =
                    in.wire() == ProtobufCursor.BYTES
                            && item instanceof FieldType.Scalar scalar
                            && isNumber(scalar.base());
            if (!packed) {
                value(in, item, depth).ifPresent(items::add);
                return;
            }
            ProtobufCursor numbers = in.nested();
            while (!numbers.isEmpty()) {
                count(depth);
                items.add(number(((FieldType.Scalar) item).base(), numbers.varint()));
            }
        }

        private void entry(
                ProtobufCursor in, FieldType type, int depth, JsonObject.Builder entries) {
            String key = "";
            Json value = zero(type);
            while (!in.isEmpty()) {
                switch (in.field()) {
                    case 1 -> key = in.nested().text();
                    case 2 -> value = value(in, type, depth + 1).orElse(value);
                    default -> in.skip();
                }
            }
            entries.put(key, value);
        }

        /** Empty for a time that was never set. */
        private Optional<Json> value(ProtobufCursor in, FieldType type, int depth) {
            count(depth);
            if (type instanceof FieldType.Struct struct) {
                return Optional.of(struct(in.nested(), table.struct(struct), depth + 1));
            }
            if (type instanceof FieldType.ListOf list) {
                // As a map's value: a message of which field 1 is repeated.
                List<Json> items = new ArrayList<>();
                ProtobufCursor message = in.nested();
                while (!message.isEmpty()) {
                    if (message.field() == 1) {
                        items(message, list.item(), depth + 1, items);
                    } else {
                        message.skip();
                    }
                }
                return Optional.of(new JsonArray(items));
            }
            if (type instanceof FieldType.Scalar scalar) {
                return scalar(in, scalar.base());
            }
            throw new IllegalArgumentException("a map of maps");
        }

        private Optional<Json> scalar(ProtobufCursor in, FieldType.Base base) {
            return switch (base) {
                case STRING -> Optional.of(Json.of(in.nested().text()));
                case BYTES ->
                        Optional.of(
                                Json.of(Base64.getEncoder().encodeToString(in.nested().bytes())));
                case BOOL, INT32, INT64 -> Optional.of(number(base, in.number()));
                case QUANTITY ->
                        Optional.of(
                                Json.of(only(in.nested()).map(ProtobufCursor::text).orElse("0")));
                case TIME -> time(in.nested(), false);
                case MICRO_TIME -> time(in.nested(), true);
                case INT_OR_STRING -> Optional.of(intOrString(in.nested()));
                case ANY ->
                        in.wire() == ProtobufCursor.FIXED_64
                                ? Optional.of(decimal(in.decimal()))
                                : only(in.nested()).flatMap(this::json);
            };
        }

        private Optional<Json> json(ProtobufCursor text) {
            if (text.isEmpty()) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        JsonReader.read(text.bytes(), LIMITS, JsonReader.DuplicateNames.LAST_WINS));
            } catch (JsonException e) {
                throw new IllegalArgumentException("a raw part that is no JSON", e);
            }
        }

        private void count(int depth) {
            if (++values > LIMITS.maxValues() || depth > LIMITS.maxDepth()) {
                throw new IllegalArgumentException("it has too many values or is nested too deep");
            }
        }
    }

    /** Field 1 of a message that has but one. */
    private static Optional<ProtobufCursor> only(ProtobufCursor message) {
        Optional<ProtobufCursor> found = Optional.empty();
        while (!message.isEmpty()) {
            if (message.field() == 1) {
                found = Optional.of(message.nested());
            } else {
                message.skip();
            }
        }
        return found;
    }

    private static Optional<Json> time(ProtobufCursor message, boolean micro) {
        if (message.isEmpty()) {
            return Optional.empty();
        }
        long seconds = 0;
        long nanos = 0;
        while (!message.isEmpty()) {
            switch (message.field()) {
                case 1 -> seconds = message.number();
                case 2 -> nanos = message.number();
                default -> message.skip();
            }
        }
        try {
            Instant instant = Instant.ofEpochSecond(seconds, micro ? nanos / 1000 * 1000 : 0);
            return Optional.of(Json.of(micro ? MICROS.format(instant) : instant.toString()));
        } catch (DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException("a time out of range", e);
        }
    }

    private static Json intOrString(ProtobufCursor message) {
        long type = 0;
        long number = 0;
        String text = "";
        while (!message.isEmpty()) {
            switch (message.field()) {
                case 1 -> type = message.number();
                case 2 -> number = message.number();
                case 3 -> text = message.nested().text();
                default -> message.skip();
            }
        }
        return type == 0 ? Json.of(number) : Json.of(text);
    }

    private static boolean isNumber(FieldType.Base base) {
        return base == FieldType.Base.INT32
                || base == FieldType.Base.INT64
                || base == FieldType.Base.BOOL;
    }

    private static Json number(FieldType.Base base, long value) {
        return base == FieldType.Base.BOOL ? Json.of(value != 0) : Json.of(value);
    }

    /** As Go writes a double: the shortest digits that mean the same, whole numbers as such. */
    private static Json decimal(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("a number that is not finite");
        }
        BigDecimal digits = BigDecimal.valueOf(value).stripTrailingZeros();
        return JsonNumber.of(
                digits.scale() < 0 && digits.scale() > -21 ? digits.setScale(0) : digits);
    }

    /** What a map's entry without a value holds. */
    private static Json zero(FieldType type) {
        if (type instanceof FieldType.ListOf) {
            return JsonArray.EMPTY;
        }
        if (type instanceof FieldType.Scalar scalar) {
            return switch (scalar.base()) {
                case BOOL, INT32, INT64 -> number(scalar.base(), 0);
                case QUANTITY -> Json.of("0");
                default -> Json.of("");
            };
        }
        return JsonObject.EMPTY;
    }

    /** Go writes the zero of a field that is no pointer, and leaves it out of the JSON. */
    private static boolean isDropped(Field field) {
        return field.omitEmpty()
                && !field.pointer()
                && !(field.type() instanceof FieldType.Struct)
                && !(field.type() instanceof FieldType.Scalar scalar
                        && (scalar.base() == FieldType.Base.QUANTITY
                                || scalar.base() == FieldType.Base.ANY));
    }

    private static boolean isZero(Json value) {
        return value.equals(Json.of(""))
                || value.equals(Json.of(0))
                || value.equals(Json.of(false))
                || (value instanceof JsonArray array && array.isEmpty())
                || (value instanceof JsonObject object && object.isEmpty());
    }
}
