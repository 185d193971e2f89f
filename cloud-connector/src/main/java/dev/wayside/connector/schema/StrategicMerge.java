// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes' strategic merge patch. Objects merge member by member and null deletes. Lists are
 * replaced, unless the type table says that they merge: then scalars are joined as a set, and
 * objects are told apart by their merge key. Directives in the patch change that:
 *
 * <ul>
 *   <li>{@code $patch: replace|delete|merge} in an object, or in an item of a list, for that object
 *       (or for the list, with replace);
 *   <li>{@code $retainKeys}: the members that stay; all others go;
 *   <li>{@code $deleteFromPrimitiveList/NAME}: scalars to take out of list NAME;
 *   <li>{@code $setElementOrder/NAME}: the order of list NAME. Items that only the server has keep
 *       their place relative to their neighbours.
 * </ul>
 */
final class StrategicMerge {
    private static final String PATCH = "$patch";
    private static final String RETAIN = "$retainKeys";
    private static final String DELETE_FROM = "$deleteFromPrimitiveList/";
    private static final String ORDER = "$setElementOrder/";

    private final TypeTable table;

    StrategicMerge(TypeTable table) {
        this.table = table;
    }

    /** What members an object may have: a struct's fields, or values of one type, or unknown. */
    private record Shape(TypeTable.@Nullable StructType struct, @Nullable FieldType values) {
        static final Shape UNKNOWN = new Shape(null, null);
    }

    /**
     * @throws IllegalArgumentException if the patch is malformed
     */
    JsonObject apply(JsonObject current, JsonObject patch, TypeTable.StructType struct) {
        return merge(current, patch, new Shape(struct, null));
    }

    private JsonObject merge(JsonObject original, JsonObject patch, Shape shape) {
        if (patch.has(PATCH)) {
            switch (directive(patch)) {
                case "replace" -> {
                    return cleaned(patch);
                }
                case "delete" -> {
                    return JsonObject.EMPTY;
                }
                case "merge" -> patch = patch.without(PATCH);
                default -> throw unknownDirective(patch);
            }
        }
        Map<String, Json> result = new LinkedHashMap<>(original.members());
        Map<String, Json> changes = new LinkedHashMap<>(patch.members());
        retainKeys(result, changes);
        ordered(result, changes, shape);
        for (Map.Entry<String, Json> change : changes.entrySet()) {
            String key = change.getKey();
            if (key.startsWith(DELETE_FROM)) {
                deleteScalars(
                        result, key.substring(DELETE_FROM.length()), array(change.getValue(), key));
            } else {
                member(result, key, change.getValue(), shape);
            }
        }
        return JsonObject.of(result);
    }

    private void member(Map<String, Json> result, String key, Json change, Shape shape) {
        Json before = result.get(key);
        if (change == JsonNull.INSTANCE) {
            result.remove(key);
        } else if (before instanceof JsonObject original && change instanceof JsonObject patch) {
            result.put(key, merge(original, patch, shapeOf(shape, key)));
        } else if (before instanceof JsonArray original && change instanceof JsonArray patch) {
            TypeTable.Field field = field(shape, key);
            result.put(
                    key,
                    field != null && field.merge()
                            ? mergeList(original, patch, field)
                            : cleaned(patch));
        } else {
            Json value = cleaned(change);
            if (value == JsonNull.INSTANCE) {
                result.remove(key); // the patch deletes an object that is not there
            } else {
                result.put(key, value);
            }
        }
    }

    private static void retainKeys(Map<String, Json> result, Map<String, Json> changes) {
        Json directive = changes.remove(RETAIN);
        if (directive == null) {
            return;
        }
        Set<String> retained = new LinkedHashSet<>(array(directive, RETAIN).strings());
        for (String key : changes.keySet()) {
            if (!retained.contains(key) && !key.startsWith("$")) {
                throw new IllegalArgumentException("invalid patch format of retainKeys");
            }
        }
        result.keySet().retainAll(retained);
    }

    private static void deleteScalars(Map<String, Json> result, String key, JsonArray gone) {
        if (result.get(key) instanceof JsonArray before) {
            result.put(key, new JsonArray(without(before.items(), gone)));
        }
    }

    private static List<Json> without(List<Json> items, JsonArray gone) {
        Set<Json> set = new HashSet<>(gone.items());
        return items.stream().filter(item -> !set.contains(item)).toList();
    }

    /** Merges the lists whose order the patch states, and takes them out of the changes. */
    private void ordered(Map<String, Json> result, Map<String, Json> changes, Shape shape) {
        for (String directive : List.copyOf(changes.keySet())) {
            if (!directive.startsWith(ORDER)) {
                continue;
            }
            String key = directive.substring(ORDER.length());
            Json stated = changes.remove(directive);
            JsonArray order = array(stated == null ? JsonNull.INSTANCE : stated, directive);
            TypeTable.Field field = field(shape, key);
            if (field == null || !field.merge()) {
                throw new IllegalArgumentException(
                        "cannot set the order of list " + key + ": it does not merge");
            }
            Json change = changes.remove(key);
            if (change == JsonNull.INSTANCE) {
                result.remove(key);
                continue;
            }
            JsonArray patch = change == null ? JsonArray.EMPTY : array(change, key);
            checkOrder(patch, order, field);
            JsonArray before = result.get(key) instanceof JsonArray list ? list : JsonArray.EMPTY;
            JsonArray deleted =
                    changes.get(DELETE_FROM + key) instanceof JsonArray list
                            ? list
                            : JsonArray.EMPTY;
            if (before.isEmpty() && patch.isEmpty()) {
                continue;
            }
            List<Json> merged = without(joined(before, patch, field), deleted);
            result.put(key, inOrder(merged, order.items(), before.items(), field.mergeKey()));
        }
    }

    private JsonArray mergeList(JsonArray original, JsonArray patch, TypeTable.Field field) {
        List<Json> plain = patch.items().stream().filter(item -> !isDirective(item)).toList();
        return inOrder(joined(original, patch, field), plain, original.items(), field.mergeKey());
    }

    private List<Json> joined(JsonArray original, JsonArray patch, TypeTable.Field field) {
        String mergeKey = field.mergeKey();
        if (mergeKey.isEmpty()) {
            Set<Json> set = new LinkedHashSet<>(original.items());
            set.addAll(patch.items());
            return List.copyOf(set);
        }
        boolean replace = false;
        Set<Json> deleted = new HashSet<>();
        List<JsonObject> plain = new ArrayList<>();
        for (Json item : patch) {
            JsonObject change = mergeable(item, field);
            if (!change.has(PATCH)) {
                plain.add(change);
                continue;
            }
            switch (directive(change)) {
                case "replace" -> replace = true;
                case "delete" -> deleted.add(key(change, mergeKey));
                case "merge" ->
                        throw new IllegalArgumentException(
                                "merging lists cannot yet be specified in the patch");
                default -> throw unknownDirective(change);
            }
        }
        return replace
                ? cleaned(new JsonArray(List.copyOf(plain))).items()
                : merged(original, deleted, plain, field);
    }

    private List<Json> merged(
            JsonArray original, Set<Json> deleted, List<JsonObject> plain, TypeTable.Field field) {
        String mergeKey = field.mergeKey();
        Shape shape =
                field.type() instanceof FieldType.ListOf list
                        ? shapeOf(list.item())
                        : Shape.UNKNOWN;
        List<Json> result = new ArrayList<>(original.items());
        result.removeIf(item -> deleted.contains(identity(item, mergeKey)));
        Map<Json, Integer> positions = positions(result, mergeKey);
        for (JsonObject change : plain) {
            Integer at = positions.putIfAbsent(key(change, mergeKey), result.size());
            if (at == null) {
                result.add(cleaned(change));
            } else if (result.get(at) instanceof JsonObject old) {
                result.set(at, merge(old, change, shape));
            }
        }
        return result;
    }

    /**
     * Puts the items that the order names into that order, and weaves in the others: an item that
     * both sides know from the original list keeps its place relative to it.
     */
    private static JsonArray inOrder(
            List<Json> items, List<Json> order, List<Json> original, String mergeKey) {
        Map<Json, Integer> stated = positions(order, mergeKey);
        Map<Json, Integer> before = positions(original, mergeKey);
        List<Json> named = new ArrayList<>();
        List<Json> others = new ArrayList<>();
        for (Json item : items) {
            (stated.containsKey(identity(item, mergeKey)) ? named : others).add(item);
        }
        named.sort(Comparator.comparing(item -> position(stated, item, mergeKey)));
        others.sort(Comparator.comparing(item -> position(before, item, mergeKey)));
        List<Json> woven = new ArrayList<>(items.size());
        int i = 0;
        int j = 0;
        while (i < others.size() && j < named.size()) {
            int other = position(before, others.get(i), mergeKey);
            int name = position(before, named.get(j), mergeKey);
            if (other >= 0 && name >= 0 && other < name) {
                woven.add(others.get(i++));
            } else {
                woven.add(named.get(j++));
            }
        }
        woven.addAll(named.subList(j, named.size()));
        woven.addAll(others.subList(i, others.size()));
        return new JsonArray(woven);
    }

    /** Where each item first is; a table, because patches may be long. */
    private static Map<Json, Integer> positions(List<Json> items, String mergeKey) {
        Map<Json, Integer> positions = new HashMap<>();
        for (int i = 0; i < items.size(); i++) {
            positions.putIfAbsent(identity(items.get(i), mergeKey), i);
        }
        return positions;
    }

    /** -1 if it is nowhere. */
    private static int position(Map<Json, Integer> positions, Json item, String mergeKey) {
        return positions.getOrDefault(identity(item, mergeKey), -1);
    }

    /** What tells an item from others: the value of its merge key, or itself. */
    private static Json identity(Json item, String mergeKey) {
        return !mergeKey.isEmpty() && item instanceof JsonObject object
                ? object.get(mergeKey).orElse(item)
                : item;
    }

    /** The items of the patch must come in the order that the patch states, and be in it. */
    private static void checkOrder(JsonArray patch, JsonArray order, TypeTable.Field field) {
        Map<Json, Integer> stated = positions(order.items(), field.mergeKey());
        int last = -1;
        for (Json item : patch) {
            if (isDirective(item)) {
                continue;
            }
            int at = position(stated, item, field.mergeKey());
            if (at < last || at < 0) {
                throw new IllegalArgumentException(
                        "the order in patch list "
                                + field.name()
                                + " doesn't match its "
                                + ORDER
                                + field.name()
                                + " list");
            }
            last = at;
        }
    }

    private static boolean isDirective(Json item) {
        return item instanceof JsonObject object && object.has(PATCH);
    }

    private static JsonObject mergeable(Json item, TypeTable.Field field) {
        if (item instanceof JsonObject object) {
            return object;
        }
        throw new IllegalArgumentException(
                "the items of list "
                        + field.name()
                        + " must be objects with the merge key "
                        + field.mergeKey());
    }

    private static Json key(JsonObject item, String mergeKey) {
        return item.get(mergeKey)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "map: "
                                                + item.members().keySet()
                                                + " does not contain declared merge key: "
                                                + mergeKey));
    }

    private static String directive(JsonObject patch) {
        return patch.get(PATCH).orElse(JsonNull.INSTANCE) instanceof JsonString string
                ? string.value()
                : "";
    }

    private static IllegalArgumentException unknownDirective(JsonObject patch) {
        return new IllegalArgumentException(
                "unknown patch type '"
                        + directive(patch)
                        + "' in map: "
                        + patch.members().keySet());
    }

    private static JsonArray array(Json value, String key) {
        if (value instanceof JsonArray array) {
            return array;
        }
        throw new IllegalArgumentException("expected a list for " + key);
    }

    private static TypeTable.@Nullable Field field(Shape shape, String key) {
        return shape.struct() == null ? null : shape.struct().fields().get(key);
    }

    private Shape shapeOf(Shape parent, String key) {
        if (parent.values() != null) {
            return shapeOf(parent.values());
        }
        TypeTable.Field field = field(parent, key);
        return field == null ? Shape.UNKNOWN : shapeOf(field.type());
    }

    private Shape shapeOf(FieldType type) {
        if (type instanceof FieldType.Struct struct) {
            return new Shape(table.struct(struct), null);
        }
        return type instanceof FieldType.MapOf map ? new Shape(null, map.value()) : Shape.UNKNOWN;
    }

    // What a patch brings where nothing was: its values without directives and deletions.

    private static Json cleaned(Json value) {
        if (value instanceof JsonObject object) {
            return object.has(PATCH) && directive(object).equals("delete")
                    ? JsonNull.INSTANCE
                    : cleaned(object);
        }
        return value instanceof JsonArray array ? cleaned(array) : value;
    }

    private static JsonObject cleaned(JsonObject object) {
        JsonObject.Builder builder = JsonObject.builder();
        object.members()
                .forEach(
                        (key, value) -> {
                            if (!isDirective(key)) {
                                Json kept = cleaned(value);
                                if (kept != JsonNull.INSTANCE) {
                                    builder.put(key, kept);
                                }
                            }
                        });
        return builder.build();
    }

    private static JsonArray cleaned(JsonArray array) {
        List<Json> items = new ArrayList<>(array.size());
        for (Json item : array) {
            // "$patch: replace" as an item speaks of the list, which is replaced anyway.
            if (item instanceof JsonObject object
                    && object.has(PATCH)
                    && object.members().size() == 1) {
                continue;
            }
            Json kept = cleaned(item);
            if (kept != JsonNull.INSTANCE || item == JsonNull.INSTANCE) {
                items.add(kept);
            }
        }
        return new JsonArray(items);
    }

    private static boolean isDirective(String key) {
        return key.equals(PATCH)
                || key.equals(RETAIN)
                || key.startsWith(DELETE_FROM)
                || key.startsWith(ORDER);
    }
}
