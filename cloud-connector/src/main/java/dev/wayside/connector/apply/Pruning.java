// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Removes what an applier named last time and names no more, unless somebody else owns it. What is
 * inside of such a thing goes with it, defaults for instance; a container that is empty then goes,
 * too.
 */
final class Pruning {
    private final FieldSet last;
    private final FieldSet owned;

    /**
     * @param last what the applier owned before
     * @param owned what anybody owns now, the applier with its new configuration among them
     */
    Pruning(FieldSet last, FieldSet owned) {
        this.last = last;
        this.owned = owned;
    }

    JsonObject prune(JsonObject object, Shape shape) {
        return last.isEmpty()
                ? object
                : members(object, shape, new Place(last, owned, false, false));
    }

    /**
     * Where in the object we are.
     *
     * @param givenUp whether the applier owned this or something around it
     * @param lost whether nobody owns it, or something around it that the applier gave up
     */
    private record Place(FieldSet last, FieldSet owned, boolean givenUp, boolean lost) {
        Place to(String element, boolean declared) {
            FieldSet lastHere = last.child(element);
            FieldSet ownedHere = owned.child(element);
            boolean away = givenUp || has(lastHere, declared);
            return new Place(
                    lastHere, ownedHere, away, lost || (away && !has(ownedHere, declared)));
        }

        /** A declared member is owned with anything inside it; entries and items are not. */
        private static boolean has(FieldSet here, boolean declared) {
            return here.member() || (declared && here.hasChildren());
        }

        boolean goes(boolean declared) {
            return lost && has(last, declared);
        }
    }

    private static JsonObject members(JsonObject object, Shape shape, Place place) {
        JsonObject.Builder kept = JsonObject.builder();
        object.members()
                .forEach(
                        (name, value) -> {
                            boolean declared = shape.declares(name);
                            Place here = place.to(Elements.field(name), declared);
                            Json left =
                                    here.goes(declared)
                                            ? null
                                            : inside(value, shape.member(name), here);
                            if (left != null) {
                                kept.put(name, left);
                            }
                        });
        return kept.build();
    }

    private static JsonArray items(JsonArray list, Shape shape, Place place) {
        List<Json> kept = new ArrayList<>(list.size());
        for (Json item : list) {
            Place here = place.to(Elements.item(item, shape), false);
            if (!here.goes(false)) {
                Json left = inside(item, shape.item(), here);
                kept.add(left == null ? JsonObject.EMPTY : left);
            }
        }
        return new JsonArray(kept);
    }

    /** Null if nothing of it is left. */
    private static @Nullable Json inside(Json value, @Nullable Shape shape, Place place) {
        if (shape == null || !place.last().hasChildren()) {
            return value;
        }
        switch (shape.relation(value)) {
            case MEMBERS -> {
                JsonObject left = members((JsonObject) value, shape, place);
                return left.isEmpty() && !value.equals(JsonObject.EMPTY) ? null : left;
            }
            case KEYED, SET -> {
                JsonArray left = items((JsonArray) value, shape, place);
                return left.isEmpty() && !value.equals(JsonArray.EMPTY) ? null : left;
            }
            default -> {
                return value;
            }
        }
    }
}
