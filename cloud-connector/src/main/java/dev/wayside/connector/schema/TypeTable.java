// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The fields of every type: JSON name, type, whether it is left out when empty, how a strategic
 * merge treats it, protobuf number. Decoding, pruning, patching and OpenAPI are all driven by it.
 */
final class TypeTable {

    /**
     * One field.
     *
     * @param number in protobuf
     * @param name in JSON; {@code ""} for an inlined struct
     * @param pointer whether Go can tell zero from absent
     * @param omitEmpty whether it is left out when empty
     * @param merge whether a strategic merge joins a list instead of replacing it
     * @param mergeKey by which items of a joined list are told apart; {@code ""} for scalars
     * @param retainKeys whether patches may say which members are to stay
     * @param description for people; {@code ""} for none
     */
    record Field(
            int number,
            String name,
            FieldType type,
            boolean pointer,
            boolean omitEmpty,
            boolean merge,
            String mergeKey,
            boolean retainKeys,
            String description) {}

    /**
     * One struct.
     *
     * @param declared its fields as Go declares them, with inlined structs as one field
     * @param fields by JSON name, those of inlined structs among them
     * @param description for people; {@code ""} for none
     */
    record StructType(
            String name, List<Field> declared, Map<String, Field> fields, String description) {
        /** The name without its package. */
        String shortName() {
            return name.substring(name.indexOf('.') + 1);
        }
    }

    private static final Set<String> SCALARS =
            Set.of(
                    "string",
                    "int32",
                    "int64",
                    "bool",
                    "bytes",
                    "quantity",
                    "time",
                    "microtime",
                    "intorstring",
                    "any");

    private final Map<String, String> aliases = new HashMap<>();
    private final Map<String, List<String>> raw = new LinkedHashMap<>();
    private final Map<String, String> descriptions = new HashMap<>();
    private final Map<String, StructType> structs = new HashMap<>();
    private final ApplyShapes shapes = new ApplyShapes(this);

    /** Read once, when it is first asked for. */
    private static final class Loaded {
        static final TypeTable TABLE = readAll();
    }

    private TypeTable() {}

    /** The table that is in the jar. Immutable. */
    static TypeTable load() {
        return Loaded.TABLE;
    }

    private static TypeTable readAll() {
        TypeTable table = new TypeTable();
        table.read("kube-types.txt");
        table.read("wayside-types.txt");
        for (String name : table.raw.keySet()) {
            table.resolve(name);
        }
        return table;
    }

    /**
     * @throws IllegalArgumentException if there is no such type
     */
    StructType struct(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("no type " + name + " in table"));
    }

    StructType struct(FieldType.Struct type) {
        return struct(type.name());
    }

    /** How server-side apply divides values of these types. */
    ApplyShapes shapes() {
        return shapes;
    }

    Optional<StructType> find(String name) {
        return Optional.ofNullable(structs.get(name));
    }

    private void read(String resource) {
        try (InputStream in = TypeTable.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("no " + resource + " beside TypeTable");
            }
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            List<String> fields = new ArrayList<>();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.isEmpty() || line.startsWith("#")) {
                    continue;
                }
                int equals = line.indexOf(" = ");
                if (equals > 0) {
                    aliases.put(line.substring(0, equals), line.substring(equals + 3));
                } else if (line.startsWith(" ")) {
                    fields.add(line.substring(1));
                } else {
                    fields = new ArrayList<>();
                    String name = withoutDescription(line);
                    descriptions.put(name, description(line));
                    raw.put(name, fields);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StructType resolve(String name) {
        StructType known = structs.get(name);
        if (known != null) {
            return known;
        }
        List<Field> declared = new ArrayList<>();
        Map<String, Field> fields = new LinkedHashMap<>();
        for (String line : raw.getOrDefault(name, List.of())) {
            Field field = field(line);
            declared.add(field);
            if (field.name().isEmpty()) {
                // Only inlined structs are resolved on the way; others may refer back to this one.
                fields.putAll(resolve(((FieldType.Struct) field.type()).name()).fields());
            } else {
                fields.put(field.name(), field);
            }
        }
        StructType struct =
                new StructType(
                        name, List.copyOf(declared), fields, descriptions.getOrDefault(name, ""));
        structs.put(name, struct);
        return struct;
    }

    private static String withoutDescription(String line) {
        int mark = line.indexOf(" # ");
        return mark < 0 ? line : line.substring(0, mark);
    }

    private static String description(String line) {
        int mark = line.indexOf(" # ");
        return mark < 0 ? "" : line.substring(mark + 3);
    }

    private Field field(String text) {
        String[] line = withoutDescription(text).split(" ", -1);
        boolean pointer = line[2].startsWith("*");
        String strategy = line.length > 4 ? line[4] : "";
        return new Field(
                Integer.parseInt(line[0]),
                line[1].equals("-") ? "" : line[1],
                type(pointer ? line[2].substring(1) : line[2]),
                pointer,
                line.length > 3 && line[3].equals("o"),
                strategy.contains("merge"),
                line.length > 5 ? line[5] : "",
                strategy.contains("retainKeys"),
                description(text));
    }

    private FieldType type(String text) {
        if (text.startsWith("[]")) {
            return new FieldType.ListOf(type(text.substring(2)));
        }
        if (text.startsWith("map:")) {
            FieldType value = type(text.substring(4));
            return new FieldType.MapOf(value, "map[string]" + value.goName());
        }
        if (SCALARS.contains(text)) {
            FieldType.Base base = base(text);
            return new FieldType.Scalar(base, base.goName());
        }
        String alias = aliases.get(text);
        if (alias != null) {
            return renamed(type(alias), text.substring(text.lastIndexOf('/') + 1));
        }
        if (!raw.containsKey(text)) {
            throw new IllegalStateException("type table refers to unknown type " + text);
        }
        return new FieldType.Struct(text);
    }

    private static FieldType renamed(FieldType type, String goName) {
        if (type instanceof FieldType.Scalar scalar) {
            return new FieldType.Scalar(scalar.base(), goName);
        }
        return type instanceof FieldType.MapOf map
                ? new FieldType.MapOf(map.value(), goName)
                : type;
    }

    private static FieldType.Base base(String text) {
        return switch (text) {
            case "string" -> FieldType.Base.STRING;
            case "int32" -> FieldType.Base.INT32;
            case "int64" -> FieldType.Base.INT64;
            case "bool" -> FieldType.Base.BOOL;
            case "bytes" -> FieldType.Base.BYTES;
            case "quantity" -> FieldType.Base.QUANTITY;
            case "time" -> FieldType.Base.TIME;
            case "microtime" -> FieldType.Base.MICRO_TIME;
            case "intorstring" -> FieldType.Base.INT_OR_STRING;
            default -> FieldType.Base.ANY;
        };
    }
}
