// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;

/** Checks that a configuration says without doubt which items of lists it means. */
final class Configs {
    private Configs() {}

    /**
     * @throws IllegalArgumentException saying where it does not
     */
    static void check(JsonObject config, Shape shape) {
        value(config, shape, "");
    }

    private static void value(Json value, Shape shape, String path) {
        if (value instanceof JsonObject object) {
            object.members()
                    .forEach(
                            (name, inner) -> {
                                Shape of = shape.member(name);
                                if (of != null) {
                                    value(inner, of, path + "." + name);
                                }
                            });
        } else if (value instanceof JsonArray list
                && (shape.relation() == Shape.Relation.KEYED
                        || shape.relation() == Shape.Relation.SET)) {
            try {
                Elements.refuseDuplicates(list, shape);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
            }
            for (Json item : list) {
                value(item, shape.item(), path + Elements.print(Elements.item(item, shape)));
            }
        }
    }
}
