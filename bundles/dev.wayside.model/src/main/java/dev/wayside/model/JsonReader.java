// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads JSON text into a tree, within limits. */
public final class JsonReader {
    // The factory is immutable once built; interning of names is off, because keys come from
    // outside.
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(2_000)
                                    .maxNumberLength(400)
                                    .maxStringLength(16 * 1024 * 1024)
                                    .build())
                    .build();

    /** What to do with a name that an object holds twice. */
    public enum DuplicateNames {
        LAST_WINS,
        REFUSE
    }

    private final JsonParser parser;
    private final JsonLimits limits;
    private final DuplicateNames duplicates;
    private int values;

    private JsonReader(JsonParser parser, JsonLimits limits, DuplicateNames duplicates) {
        this.parser = parser;
        this.limits = limits;
        this.duplicates = duplicates;
    }

    /**
     * Parses exactly one value; only white space may follow.
     *
     * @throws JsonException if the text is longer, deeper or wider than the limits, is no JSON, or
     *     repeats a name that may not be repeated
     */
    public static Json read(byte[] utf8, JsonLimits limits, DuplicateNames duplicates)
            throws JsonException {
        if (utf8.length > limits.maxBytes()) {
            throw new JsonException(
                    "JSON text of "
                            + utf8.length
                            + " bytes is larger than the limit of "
                            + limits.maxBytes());
        }
        try (JsonParser parser = FACTORY.createParser(utf8)) {
            JsonReader reader = new JsonReader(parser, limits, duplicates);
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new JsonException("JSON text is empty");
            }
            Json value = reader.value(first, 1);
            if (parser.nextToken() != null) {
                throw new JsonException("more text after the JSON value" + reader.where());
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new JsonException("invalid JSON: " + e.getOriginalMessage() + where(e), e);
        } catch (IOException e) {
            throw new JsonException("invalid JSON: " + e.getMessage(), e);
        }
    }

    /** As {@link #read}, where only an object will do. */
    public static JsonObject readObject(byte[] utf8, JsonLimits limits, DuplicateNames duplicates)
            throws JsonException {
        if (read(utf8, limits, duplicates) instanceof JsonObject object) {
            return object;
        }
        throw new JsonException("JSON text is no object");
    }

    private Json value(JsonToken token, int depth) throws IOException, JsonException {
        if (depth > limits.maxDepth()) {
            throw new JsonException("JSON nested deeper than " + limits.maxDepth() + where());
        }
        if (++values > limits.maxValues()) {
            throw new JsonException("JSON with more than " + limits.maxValues() + " values");
        }
        return switch (token) {
            case START_OBJECT -> object(depth);
            case START_ARRAY -> array(depth);
            case VALUE_STRING -> new JsonString(parser.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(parser.getText());
            case VALUE_TRUE -> JsonBoolean.TRUE;
            case VALUE_FALSE -> JsonBoolean.FALSE;
            case VALUE_NULL -> JsonNull.INSTANCE;
            default -> throw new JsonException("unexpected " + token + where());
        };
    }

    private JsonObject object(int depth) throws IOException, JsonException {
        JsonObject.Builder builder = JsonObject.builder();
        for (JsonToken token = next(); token != JsonToken.END_OBJECT; token = next()) {
            String name = parser.currentName();
            if (duplicates == DuplicateNames.REFUSE && builder.has(name)) {
                throw new JsonException("duplicate field \"" + name + "\"" + where());
            }
            builder.put(name, value(next(), depth + 1));
        }
        return builder.build();
    }

    private JsonArray array(int depth) throws IOException, JsonException {
        List<Json> items = new ArrayList<>();
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
            items.add(value(token, depth + 1));
        }
        return items.isEmpty() ? JsonArray.EMPTY : new JsonArray(items);
    }

    private JsonToken next() throws IOException, JsonException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new JsonException("JSON text ends too early" + where());
        }
        return token;
    }

    private String where() {
        return " at line "
                + parser.currentLocation().getLineNr()
                + ", column "
                + parser.currentLocation().getColumnNr();
    }

    private static String where(JsonProcessingException e) {
        return e.getLocation() == null
                ? ""
                : " at line "
                        + e.getLocation().getLineNr()
                        + ", column "
                        + e.getLocation().getColumnNr();
    }
}
