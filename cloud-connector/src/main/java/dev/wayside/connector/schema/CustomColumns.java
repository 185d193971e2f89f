// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.Column;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The columns that a definition asks for: the name, then those, or the age if there are none. */
final class CustomColumns {
    private static final JsonArray AGE =
            JsonArray.of(
                    JsonObject.builder()
                            .put("name", "Age")
                            .put("type", "date")
                            .put("jsonPath", ".metadata.creationTimestamp")
                            .build());

    private record Reader(String type, JsonPath path) {}

    private final List<Column> definitions = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();

    CustomColumns(JsonArray columns) {
        definitions.add(Cells.NAME);
        for (JsonObject column : (columns.isEmpty() ? AGE : columns).objects()) {
            String type = column.text("type");
            String path = column.text("jsonPath");
            Optional<JsonPath> parsed = parse(path);
            if (parsed.isEmpty()) {
                continue;
            }
            readers.add(new Reader(type, parsed.get()));
            definitions.add(
                    new Column(
                            column.text("name"),
                            type,
                            column.text("format"),
                            column.string("description")
                                    .orElse(
                                            "Custom resource definition column (in JSONPath"
                                                    + " format): "
                                                    + path),
                            (int) column.number("priority").orElse(0)));
        }
    }

    /** Validation has refused what cannot be read; the store's writer must not stumble over it. */
    private static Optional<JsonPath> parse(String path) {
        try {
            return Optional.of(JsonPath.parse(path));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    List<Column> definitions() {
        return List.copyOf(definitions);
    }

    List<Json> cells(KubeObject object, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(object));
        for (Reader reader : readers) {
            List<Json> found = reader.path().find(object.json());
            cells.add(found.isEmpty() ? JsonNull.INSTANCE : cell(reader.type(), found, now));
        }
        return cells;
    }

    private static Json cell(String type, List<Json> found, Instant now) {
        Json first = found.get(0);
        return switch (type) {
            case "integer", "number" ->
                    first instanceof JsonNumber number
                            ? type.equals("integer") ? whole(number) : number
                            : JsonNull.INSTANCE;
            case "boolean" -> first instanceof JsonBoolean ? first : JsonNull.INSTANCE;
            case "date" ->
                    first instanceof JsonString string
                            ? Json.of(age(string.value(), now))
                            : JsonNull.INSTANCE;
            default -> Json.of(found.stream().map(JsonPath::text).collect(Collectors.joining(" ")));
        };
    }

    private static Json whole(JsonNumber number) {
        return number.whole().isPresent()
                ? Json.of(number.whole().getAsLong())
                : Json.of((long) number.decimal().doubleValue());
    }

    private static String age(String time, Instant now) {
        try {
            return HumanDuration.since(Optional.of(OffsetDateTime.parse(time).toInstant()), now);
        } catch (DateTimeParseException e) {
            return "<invalid>";
        }
    }
}
