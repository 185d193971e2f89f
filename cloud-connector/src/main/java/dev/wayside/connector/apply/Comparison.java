// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.connector.apply.FieldSet.Path;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What differs between two states of an object. */
public record Comparison(FieldSet added, FieldSet modified, FieldSet removed) {

    public static Comparison between(Json before, Json after, Shape shape) {
        Walk walk = new Walk();
        walk.value(before, after, shape, Path.ROOT);
        return new Comparison(
                walk.added.build().withMember(false),
                walk.modified.build().withMember(false),
                walk.removed.build().withMember(false));
    }

    public boolean isSame() {
        return added.isEmpty() && modified.isEmpty() && removed.isEmpty();
    }

    /** What the later state has that the earlier one had not, or had otherwise. */
    FieldSet set() {
        return added.union(modified);
    }

    /** All that differs. */
    FieldSet touched() {
        return set().union(removed);
    }

    Comparison map(java.util.function.UnaryOperator<FieldSet> change) {
        return new Comparison(change.apply(added), change.apply(modified), change.apply(removed));
    }

    private static final class Walk {
        private final FieldSet.Builder added = new FieldSet.Builder();
        private final FieldSet.Builder modified = new FieldSet.Builder();
        private final FieldSet.Builder removed = new FieldSet.Builder();

        private void value(@Nullable Json before, @Nullable Json after, Shape shape, Path path) {
            if (before == after) {
                return;
            }
            Shape.Relation relation = relation(before, after, shape);
            if (relation == Shape.Relation.WHOLE || (isEmpty(before) && isEmpty(after))) {
                leaf(before, after, path);
                return;
            }
            if (relation == Shape.Relation.MEMBERS) {
                members((JsonObject) before, (JsonObject) after, shape, path);
            } else {
                items((JsonArray) before, (JsonArray) after, shape, path);
            }
            if (before == null) {
                added.add(path);
            } else if (after == null) {
                removed.add(path);
            }
        }

        private static Shape.Relation relation(
                @Nullable Json before, @Nullable Json after, Shape shape) {
            if (before == null || after == null) {
                Json only = before == null ? after : before;
                return only == null ? Shape.Relation.WHOLE : shape.relation(only);
            }
            Shape.Relation one = shape.relation(before);
            return one == shape.relation(after) ? one : Shape.Relation.WHOLE;
        }

        private static boolean isEmpty(@Nullable Json value) {
            return value == null
                    || (value instanceof JsonObject object && object.isEmpty())
                    || (value instanceof JsonArray array && array.isEmpty());
        }

        private void leaf(@Nullable Json before, @Nullable Json after, Path path) {
            if (before == null) {
                added.add(path);
            } else if (after == null) {
                removed.add(path);
            } else if (!before.equals(after)) {
                modified.add(path);
            }
        }

        private void members(
                @Nullable JsonObject before, @Nullable JsonObject after, Shape shape, Path path) {
            for (String name : names(before, after)) {
                Shape inner = shape.member(name);
                if (inner != null) {
                    boolean implied = shape.implies(name);
                    value(
                            member(before, name, implied),
                            member(after, name, implied),
                            inner,
                            path.to(Elements.field(name)));
                }
            }
        }

        private static Set<String> names(@Nullable JsonObject before, @Nullable JsonObject after) {
            if (before == null || after == null) {
                JsonObject only = before == null ? after : before;
                return only == null ? Set.of() : only.members().keySet();
            }
            Set<String> names = new LinkedHashSet<>(before.members().keySet());
            names.addAll(after.members().keySet());
            return names;
        }

        private static @Nullable Json member(
                @Nullable JsonObject object, String name, boolean implied) {
            if (object == null) {
                return null;
            }
            Json value = object.members().get(name);
            return value == null && implied ? JsonObject.EMPTY : value;
        }

        private void items(
                @Nullable JsonArray before, @Nullable JsonArray after, Shape shape, Path path) {
            Map<String, List<Json>> old = byElement(before, shape);
            Map<String, List<Json>> now = byElement(after, shape);
            Set<String> elements = new LinkedHashSet<>(old.keySet());
            elements.addAll(now.keySet());
            for (String element : elements) {
                List<Json> one = old.getOrDefault(element, List.of());
                List<Json> other = now.getOrDefault(element, List.of());
                if (one.size() > 1 || other.size() > 1) {
                    // Stored lists may name an item twice; such items are owned together.
                    leaf(together(one), together(other), path.to(element));
                } else {
                    value(first(one), first(other), shape.item(), path.to(element));
                }
            }
        }

        private static Map<String, List<Json>> byElement(@Nullable JsonArray list, Shape shape) {
            Map<String, List<Json>> found = new LinkedHashMap<>();
            if (list != null) {
                for (Json item : list) {
                    found.computeIfAbsent(Elements.item(item, shape), key -> new ArrayList<>(1))
                            .add(item);
                }
            }
            return found;
        }

        private static @Nullable Json together(List<Json> items) {
            return items.isEmpty() ? null : new JsonArray(items);
        }

        private static @Nullable Json first(List<Json> items) {
            return items.isEmpty() ? null : items.get(0);
        }
    }
}
