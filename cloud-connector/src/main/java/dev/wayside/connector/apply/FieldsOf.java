// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.Map;
import java.util.TreeMap;

/**
 * The paths of all that a value holds. Of containers only the items of lists, the entries of free
 * maps and what is empty are paths of their own.
 */
final class FieldsOf {
    private FieldsOf() {}

    static FieldSet all(Json value, Shape shape) {
        return switch (shape.relation(value)) {
            case MEMBERS -> members((JsonObject) value, shape);
            case KEYED, SET -> items((JsonArray) value, shape);
            default -> value == JsonNull.INSTANCE ? FieldSet.NONE : FieldSet.LEAF;
        };
    }

    private static FieldSet members(JsonObject object, Shape shape) {
        Map<String, FieldSet> children = new TreeMap<>();
        object.members()
                .forEach(
                        (name, value) -> {
                            Shape inner = shape.member(name);
                            if (inner != null) {
                                FieldSet child = all(value, inner);
                                boolean own =
                                        child.member()
                                                || !shape.declares(name)
                                                || value == JsonNull.INSTANCE
                                                || value.equals(JsonObject.EMPTY);
                                put(children, Elements.field(name), child.withMember(own));
                            }
                        });
        return FieldSet.node(false, children);
    }

    private static FieldSet items(JsonArray list, Shape shape) {
        Map<String, FieldSet> children = new TreeMap<>();
        for (Json item : list) {
            FieldSet child = all(item, shape.item()).withMember(true);
            children.merge(Elements.item(item, shape), child, FieldSet::union);
        }
        return FieldSet.node(false, children);
    }

    private static void put(Map<String, FieldSet> children, String element, FieldSet child) {
        if (!child.isEmpty()) {
            children.put(element, child);
        }
    }
}
