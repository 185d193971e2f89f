// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What units and groups have put on a node, kept on the node itself ({@value #ANNOTATION}), so that
 * it is taken off again whatever happens in between.
 *
 * @param units by which units
 * @param taints as {@code key:effect}
 */
record Applied(Set<String> units, Set<String> labels, Set<String> annotations, Set<String> taints) {
    static final String ANNOTATION = "wayside.dev/applied-by-sites";
    static final Applied NONE = new Applied(Set.of(), Set.of(), Set.of(), Set.of());

    static Applied to(KubeObject node) {
        String text = node.annotations().get(ANNOTATION);
        if (text == null) {
            return NONE;
        }
        try {
            return Json.parse(text) instanceof JsonObject json
                    ? new Applied(
                            names(json, "units"),
                            names(json, "labels"),
                            names(json, "annotations"),
                            names(json, "taints"))
                    : NONE;
        } catch (JsonException e) {
            // Somebody wrote into it. What is wanted is put on again and then noted anew.
            return NONE;
        }
    }

    private static Set<String> names(JsonObject json, String list) {
        return new TreeSet<>(json.array(list).strings());
    }

    String text() {
        return JsonObject.builder()
                .put("units", JsonArray.ofStrings(units))
                .putUnlessEmpty("labels", JsonArray.ofStrings(labels))
                .putUnlessEmpty("annotations", JsonArray.ofStrings(annotations))
                .putUnlessEmpty("taints", JsonArray.ofStrings(taints))
                .build()
                .toJson();
    }

    boolean isEmpty() {
        return equals(NONE);
    }

    /** The node's labels without those: what people and the gateway itself say of it. */
    static Map<String, String> ownLabels(KubeObject node) {
        Map<String, String> labels = new HashMap<>(node.labels());
        labels.keySet().removeAll(to(node).labels());
        return labels;
    }
}
