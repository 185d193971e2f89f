// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;

/**
 * Makes a tree of a parser's events. Every value counts when it is read, an alias with all that it
 * stands for; so a short text can neither become a large tree nor a tree that is short in memory
 * and long when it is written.
 */
final class YamlReader {
    /**
     * As long as a number in JSON may be: to read digits takes time by the square of their count.
     */
    private static final int MAX_NUMBER_LENGTH = 400;

    private static final int MOST_QUOTED = 80;
    private static final ScalarResolver RESOLVER = new CoreScalarResolver(false);

    private final Iterator<Event> events;
    private final JsonLimits limits;
    private final Map<Anchor, Anchored> anchors = new HashMap<>();
    private int values;
    private long characters;

    /** What an alias of it costs. */
    private record Anchored(Json value, int values, long characters, int depth) {}

    /** A value, and how deep it nests. */
    private record Read(Json value, int depth) {}

    YamlReader(Iterator<Event> events, JsonLimits limits) {
        this.events = events;
        this.limits = limits;
    }

    /**
     * The one document.
     *
     * @throws ApiException BadRequest
     * @throws org.snakeyaml.engine.v2.exceptions.YamlEngineException if the text is no YAML
     */
    Json document() {
        expect(Event.ID.StreamStart);
        Event first = events.next();
        if (first.getEventId() == Event.ID.StreamEnd) {
            return JsonNull.INSTANCE;
        }
        Json value = read(events.next(), 1).value();
        expect(Event.ID.DocumentEnd);
        if (events.next().getEventId() != Event.ID.StreamEnd) {
            throw refused("expected a single document in the stream");
        }
        return value;
    }

    private void expect(Event.ID wanted) {
        Event event = events.next();
        if (event.getEventId() != wanted) {
            throw refused("unexpected " + event.getEventId());
        }
    }

    private Read read(Event event, int depth) {
        if (event instanceof AliasEvent alias) {
            return aliased(alias.getAlias(), depth);
        }
        int valuesBefore = values;
        long charactersBefore = characters;
        count(1, 0, depth);
        Read read =
                switch (event.getEventId()) {
                    case Scalar -> new Read(scalar((ScalarEvent) event), 1);
                    case SequenceStart -> sequence((CollectionStartEvent) event, depth);
                    case MappingStart -> mapping((CollectionStartEvent) event, depth);
                    default -> throw refused("unexpected " + event.getEventId());
                };
        // Only now: what stands within itself would have no end.
        anchor(event)
                .ifPresent(
                        anchor ->
                                anchors.put(
                                        anchor,
                                        new Anchored(
                                                read.value(),
                                                values - valuesBefore,
                                                characters - charactersBefore,
                                                read.depth())));
        return read;
    }

    private static Optional<Anchor> anchor(Event event) {
        return ((NodeEvent) event).getAnchor();
    }

    private Read aliased(Anchor anchor, int depth) {
        Anchored found = anchors.get(anchor);
        if (found == null) {
            throw refused("found undefined alias " + shortened(anchor.toString()));
        }
        count(found.values(), found.characters(), depth + found.depth() - 1);
        return new Read(found.value(), found.depth());
    }

    private void count(int moreValues, long moreCharacters, int depth) {
        // Both stay far from overflow: what is added was within the limits itself.
        values += moreValues;
        characters += moreCharacters;
        if (values > limits.maxValues()
                || characters > limits.maxBytes()
                || depth > limits.maxDepth()) {
            throw ApiStatus.badRequest("YAML has too many values or is nested too deep");
        }
    }

    private Read sequence(CollectionStartEvent start, int depth) {
        refuseTag(start, Tag.SEQ);
        List<Json> items = new ArrayList<>();
        int deepest = 0;
        for (Event event = events.next();
                event.getEventId() != Event.ID.SequenceEnd;
                event = events.next()) {
            Read item = read(event, depth + 1);
            items.add(item.value());
            deepest = Math.max(deepest, item.depth());
        }
        return new Read(new JsonArray(items), deepest + 1);
    }

    private Read mapping(CollectionStartEvent start, int depth) {
        refuseTag(start, Tag.MAP);
        JsonObject.Builder object = JsonObject.builder();
        int deepest = 0;
        for (Event event = events.next();
                event.getEventId() != Event.ID.MappingEnd;
                event = events.next()) {
            String key = key(read(event, depth + 1).value());
            if (object.has(key)) {
                throw refused("found duplicate key " + shortened(key));
            }
            Read value = read(events.next(), depth + 1);
            object.put(key, value.value());
            deepest = Math.max(deepest, value.depth());
        }
        return new Read(object.build(), deepest + 1);
    }

    private static String key(Json key) {
        if (key instanceof JsonObject || key instanceof JsonArray) {
            throw refused("a key is no scalar");
        }
        return key instanceof JsonString text ? text.value() : key.toJson();
    }

    private static void refuseTag(CollectionStartEvent start, Tag wanted) {
        start.getTag()
                .filter(tag -> !tag.equals("!") && !tag.equals(wanted.getValue()))
                .ifPresent(
                        tag -> {
                            throw unknownTag(tag);
                        });
    }

    private Json scalar(ScalarEvent event) {
        String text = event.getValue();
        count(0, text.length(), 1);
        String tag = event.getTag().filter(given -> !given.equals("!")).orElse("");
        if (tag.isEmpty()) {
            boolean plain = event.isPlain() && event.getTag().isEmpty();
            boolean mayBeNumber = text.length() <= MAX_NUMBER_LENGTH;
            tag =
                    !plain
                            ? Tag.STR.getValue()
                            : mayBeNumber
                                    ? RESOLVER.resolve(text, true).getValue()
                                    : longPlain(text);
        }
        return value(tag, text);
    }

    /** Text, unless it is a number that nobody should have to read. */
    private static String longPlain(String text) {
        if (text.chars().allMatch(c -> Character.digit(c, 16) >= 0 || "+-._xo".indexOf(c) >= 0)
                && Character.digit(text.charAt(text.length() - 1), 10) >= 0) {
            throw refused("a number is longer than " + MAX_NUMBER_LENGTH + " digits");
        }
        return Tag.STR.getValue();
    }

    private static Json value(String tag, String text) {
        try {
            if (tag.equals(Tag.STR.getValue())) {
                return Json.of(text);
            } else if (tag.equals(Tag.NULL.getValue())) {
                return JsonNull.INSTANCE;
            } else if (tag.equals(Tag.BOOL.getValue())) {
                return text.equalsIgnoreCase("true") ? JsonBoolean.TRUE : JsonBoolean.FALSE;
            } else if (tag.equals(Tag.INT.getValue())) {
                return JsonNumber.of(new BigDecimal(whole(text)));
            } else if (tag.equals(Tag.FLOAT.getValue())) {
                return fraction(text);
            }
        } catch (NumberFormatException e) {
            throw refused("\"" + shortened(text) + "\" is no number");
        }
        throw unknownTag(tag);
    }

    private static BigInteger whole(String text) {
        if (text.length() > MAX_NUMBER_LENGTH) {
            throw refused("a number is longer than " + MAX_NUMBER_LENGTH + " digits");
        }
        if (text.startsWith("0o")) {
            return new BigInteger(text.substring(2), 8);
        }
        return text.startsWith("0x") ? new BigInteger(text.substring(2), 16) : new BigInteger(text);
    }

    private static Json fraction(String text) {
        if (text.length() > MAX_NUMBER_LENGTH) {
            throw refused("a number is longer than " + MAX_NUMBER_LENGTH + " digits");
        }
        if (text.endsWith(".inf") || text.endsWith(".Inf") || text.endsWith(".INF")) {
            return Json.of(text.startsWith("-") ? "-Infinity" : "Infinity");
        }
        if (text.equalsIgnoreCase(".nan")) {
            return Json.of("NaN");
        }
        double number = Double.parseDouble(text);
        return Double.isFinite(number)
                ? JsonNumber.of(BigDecimal.valueOf(number))
                : Json.of(String.valueOf(number));
    }

    private static ApiException unknownTag(String tag) {
        return refused("the tag " + shortened(tag) + " is not known here");
    }

    private static ApiException refused(String why) {
        return ApiStatus.badRequest("invalid YAML: " + why);
    }

    /** Texts of strangers have no bound, messages have. */
    private static String shortened(String text) {
        return text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "…";
    }
}
