// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a path, as {@code fieldsV1} writes them: {@code f:NAME} for a member, {@code
 * k:{"name":"x"}} for an item by its keys, {@code v:VALUE} for an item of a set, {@code i:INDEX}.
 * One step has one text, so texts are compared.
 */
final class Elements {
    private static final Pattern INDEX = Pattern.compile("0|[1-9][0-9]{0,8}");

    private Elements() {}

    static String field(String name) {
        return "f:" + name;
    }

    /**
     * The step to an item of a list.
     *
     * @throws IllegalArgumentException if it lacks what tells it apart
     */
    static String item(Json item, Shape list) {
        if (list.relation() == Shape.Relation.SET) {
            if (item instanceof JsonObject || item instanceof JsonArray) {
                throw new IllegalArgumentException("a set has scalars only");
            }
            return "v:" + plain(item).toJson();
        }
        String key = keyOf(item, list);
        if (key == null) {
            throw new IllegalArgumentException(
                    "an item of the list lacks " + String.join(", ", list.keys().keySet()));
        }
        return key;
    }

    private static @Nullable String keyOf(Json item, Shape list) {
        if (!(item instanceof JsonObject object)) {
            return null;
        }
        JsonObject.Builder key = JsonObject.builder();
        boolean any = false;
        for (Map.Entry<String, Optional<Json>> entry : list.keys().entrySet()) {
            Optional<Json> value = object.get(entry.getKey()).or(entry::getValue);
            if (value.isPresent()) {
                key.put(entry.getKey(), plain(value.get()));
                any = true;
            }
        }
        return any ? "k:" + key.build().toJson() : null;
    }

    /** Whether every item can be told what it is; two may still be told the same. */
    static boolean areDistinguishable(JsonArray list, Shape shape) {
        for (Json item : list) {
            boolean good =
                    shape.relation() == Shape.Relation.SET
                            ? !(item instanceof JsonObject || item instanceof JsonArray)
                            : keyOf(item, shape) != null;
            if (!good) {
                return false;
            }
        }
        return true;
    }

    /**
     * Refuses a list that names an item twice.
     *
     * @throws IllegalArgumentException saying which
     */
    static void refuseDuplicates(JsonArray list, Shape shape) {
        Set<String> seen = new HashSet<>();
        for (Json item : list) {
            String element = item(item, shape);
            if (!seen.add(element)) {
                throw new IllegalArgumentException("duplicate entries for key " + print(element));
            }
        }
    }

    /**
     * The one text of a step that somebody wrote.
     *
     * @throws IllegalArgumentException if it is none
     */
    static String canonical(String text) {
        String rest = text.length() < 2 ? "" : text.substring(2);
        try {
            if (text.startsWith("f:")) {
                return text;
            }
            if (text.startsWith("v:")) {
                return "v:" + plain(Json.parse(rest)).toJson();
            }
            if (text.startsWith("k:") && Json.parse(rest) instanceof JsonObject key) {
                JsonObject.Builder sorted = JsonObject.builder();
                new TreeMap<>(key.members()).forEach((name, at) -> sorted.put(name, plain(at)));
                return "k:" + sorted.build().toJson();
            }
            if (text.startsWith("i:") && INDEX.matcher(rest).matches()) {
                return text;
            }
        } catch (JsonException e) {
            throw new IllegalArgumentException("not a step of a path: " + text, e);
        }
        throw new IllegalArgumentException("not a step of a path: " + text);
    }

    /** The step as messages show it: {@code .spec}, {@code [name="x"]}, {@code [="x"]}. */
    static String print(String element) {
        String rest = element.substring(2);
        return switch (element.charAt(0)) {
            case 'f' -> "." + rest;
            case 'v' -> "[=" + rest + "]";
            case 'i' -> "[" + rest + "]";
            default -> {
                List<String> parts = new ArrayList<>();
                try {
                    if (Json.parse(rest) instanceof JsonObject key) {
                        key.members().forEach((name, value) -> parts.add(name + "=" + value));
                    }
                } catch (JsonException e) {
                    throw new IllegalStateException("not a step of a path: " + element, e);
                }
                yield "[" + String.join(",", parts) + "]";
            }
        };
    }

    /** Whole numbers have one spelling. */
    private static Json plain(Json value) {
        return value instanceof JsonNumber number && number.whole().isPresent()
                ? Json.of(number.whole().getAsLong())
                : value;
    }
}
