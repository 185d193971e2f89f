// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** A JSON array. */
public record JsonArray(List<Json> items) implements Json, Iterable<Json> {
    public static final JsonArray EMPTY = new JsonArray(List.of());

    public JsonArray {
        items = List.copyOf(items);
    }

    public static JsonArray of(Json... items) {
        return new JsonArray(List.of(items));
    }

    public static JsonArray ofStrings(Iterable<String> values) {
        List<Json> items = new ArrayList<>();
        values.forEach(value -> items.add(new JsonString(value)));
        return new JsonArray(items);
    }

    public int size() {
        return items.size();
    }

    public boolean isEmpty() {
        return items.isEmpty();
    }

    public Json get(int index) {
        return items.get(index);
    }

    /** The items that are objects, in order; others are passed over. */
    public List<JsonObject> objects() {
        return select(JsonObject.class).toList();
    }

    /** The items that are strings, in order; others are passed over. */
    public List<String> strings() {
        return select(JsonString.class).map(JsonString::value).toList();
    }

    public JsonArray plus(Json item) {
        List<Json> copy = new ArrayList<>(items);
        copy.add(item);
        return new JsonArray(copy);
    }

    private <T extends Json> Stream<T> select(Class<T> type) {
        return items.stream().filter(type::isInstance).map(type::cast);
    }

    @Override
    public Iterator<Json> iterator() {
        return items.iterator();
    }

    @Override
    public String toString() {
        return toJson();
    }
}
