// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.apply.Shape;
import dev.wayside.model.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The shapes of the type table's structs, for server-side apply. */
final class ApplyShapes {
    private static final String RESOURCE = "apply-types.txt";

    /** In place of a field: every value of the type. */
    private static final String ITSELF = "-";

    private final TypeTable table;
    private final Map<String, List<String>> rules = new HashMap<>();
    private final Map<String, Shape> structs = new ConcurrentHashMap<>();

    ApplyShapes(TypeTable table) {
        this.table = table;
        try (InputStream in = ApplyShapes.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("no " + RESOURCE + " beside ApplyShapes");
            }
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isEmpty() && !line.startsWith("#")) {
                    List<String> words = List.of(line.split(" ", -1));
                    rules.put(words.get(0) + " " + words.get(1), words.subList(2, words.size()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Shape of(TypeTable.StructType struct) {
        Shape known = structs.get(struct.name());
        if (known == null) {
            known =
                    rules.getOrDefault(struct.name() + " " + ITSELF, List.of()).isEmpty()
                            ? Shape.struct(() -> members(struct))
                            : Shape.WHOLE;
            structs.put(struct.name(), known);
        }
        return known;
    }

    private Map<String, Shape.Member> members(TypeTable.StructType struct) {
        Map<String, Shape.Member> members = new LinkedHashMap<>();
        for (TypeTable.Field field : struct.fields().values()) {
            List<String> rule = rules.getOrDefault(struct.name() + " " + field.name(), List.of());
            boolean implied = field.type() instanceof FieldType.Struct && !field.pointer();
            members.put(field.name(), new Shape.Member(field(field.type(), rule), implied));
        }
        return members;
    }

    private Shape field(FieldType type, List<String> rule) {
        if (rule.isEmpty()) {
            return plain(type);
        }
        return switch (rule.get(0)) {
            case "atomic" -> Shape.WHOLE;
            case "set" -> Shape.SET;
            default ->
                    Shape.keyed(
                            keys(rule.subList(1, rule.size())),
                            () -> plain(((FieldType.ListOf) type).item()));
        };
    }

    private Shape plain(FieldType type) {
        if (type instanceof FieldType.Struct struct) {
            return of(table.struct(struct));
        }
        return type instanceof FieldType.MapOf map
                ? Shape.map(() -> plain(map.value()))
                : Shape.WHOLE;
    }

    private static Map<String, Optional<Json>> keys(List<String> words) {
        Map<String, Optional<Json>> keys = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                keys.put(word, Optional.empty());
            } else {
                String value = word.substring(equals + 1);
                keys.put(
                        word.substring(0, equals),
                        Optional.of(value.equals("0") ? Json.of(0) : Json.of(value)));
            }
        }
        return keys;
    }
}
