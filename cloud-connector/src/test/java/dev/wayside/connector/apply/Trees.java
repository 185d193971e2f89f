// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;

/** Trees and shapes for tests. */
final class Trees {
    /**
     * {@code {list: [{key, id, value: {…}, …}], set: […], plain: […], map: {…}, text, deep: …}}.
     */
    static final Shape SHAPE =
            SchemaShape.of(
                    object(
                            "{'type':'object','properties':{"
                                    + "'text':{'type':'string'},"
                                    + "'set':{'type':'array','x-kubernetes-list-type':'set',"
                                    + "'items':{'type':'string'}},"
                                    + "'plain':{'type':'array','items':{'type':'string'}},"
                                    + "'whole':{'type':'object','x-kubernetes-map-type':'atomic',"
                                    + "'additionalProperties':{'type':'string'}},"
                                    + "'map':{'type':'object','additionalProperties':"
                                    + "{'type':'string'}},"
                                    + "'deep':{'type':'object','properties':{"
                                    + "'a':{'type':'string'},'b':{'type':'string'}}},"
                                    + "'list':{'type':'array','x-kubernetes-list-type':'map',"
                                    + "'x-kubernetes-list-map-keys':['key','id'],"
                                    + "'items':{'type':'object','properties':{"
                                    + "'key':{'type':'string'},"
                                    + "'id':{'type':'integer','default':1},"
                                    + "'nv':{'type':'integer'},'bv':{'type':'boolean'},"
                                    + "'value':{'type':'object','additionalProperties':"
                                    + "{'type':'string'}}}}}}}"));

    private Trees() {}

    static JsonObject object(String text) {
        return (JsonObject) json(text);
    }

    static Json json(String text) {
        try {
            return Json.parse(text.replace('\'', '"'));
        } catch (JsonException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    static JsonObject merged(String current, String config) {
        return (JsonObject) TypedMerge.merge(object(current), object(config), SHAPE);
    }
}
