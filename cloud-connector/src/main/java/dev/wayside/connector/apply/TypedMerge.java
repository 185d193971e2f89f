// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays a configuration over an object. Objects are joined by member and lists by item, where their
 * shape says so; all else the configuration replaces.
 *
 * <p>The order of a joined list: the configuration's items keep its order, the others theirs, and
 * of two that are not ordered by one of these the object's own comes first.
 */
final class TypedMerge {
    private TypedMerge() {}

    static Json merge(@Nullable Json current, Json config, Shape shape) {
        Shape.Relation relation = shape.relation(config);
        if (current == null || relation != shape.relation(current)) {
            return config;
        }
        return switch (relation) {
            case MEMBERS -> members((JsonObject) current, (JsonObject) config, shape);
            case KEYED, SET -> items((JsonArray) current, (JsonArray) config, shape);
            default -> config;
        };
    }

    private static JsonObject members(JsonObject current, JsonObject config, Shape shape) {
        JsonObject.Builder merged = current.toBuilder();
        config.members()
                .forEach(
                        (name, value) -> {
                            Shape inner = shape.member(name);
                            if (inner != null) {
                                merged.put(name, merge(current.members().get(name), value, inner));
                            }
                        });
        return merged.build();
    }

    private static JsonArray items(JsonArray current, JsonArray config, Shape shape) {
        Map<String, Json> wanted = new LinkedHashMap<>();
        for (Json item : config) {
            wanted.put(Elements.item(item, shape), item);
        }
        Map<String, Json> known = new LinkedHashMap<>();
        List<String> order = new ArrayList<>(current.size());
        for (Json item : current) {
            String element = Elements.item(item, shape);
            order.add(element);
            // Of an item that is stored twice nobody can say which is meant: it is replaced.
            known.merge(element, item, (one, other) -> JsonNull.INSTANCE);
        }
        List<Json> merged = new ArrayList<>();
        List<Json> fresh = new ArrayList<>();
        int here = 0;
        for (Map.Entry<String, Json> item : wanted.entrySet()) {
            Json before = known.get(item.getKey());
            if (before == null) {
                fresh.add(item.getValue());
                continue;
            }
            for (; here < order.size() && !order.get(here).equals(item.getKey()); here++) {
                keep(current.get(here), order.get(here), wanted, merged);
            }
            merged.addAll(fresh);
            fresh.clear();
            merged.add(merge(before, item.getValue(), shape.item()));
        }
        for (; here < order.size(); here++) {
            keep(current.get(here), order.get(here), wanted, merged);
        }
        merged.addAll(fresh);
        return new JsonArray(merged);
    }

    /** An item that the configuration does not name, stored twice or not, stays. */
    private static void keep(
            Json item, String element, Map<String, Json> wanted, List<Json> merged) {
        if (!wanted.containsKey(element)) {
            merged.add(item);
        }
    }
}
