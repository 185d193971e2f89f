// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The two versions of {@code site.superedge.io}. They say the same; the first spells its fields in
 * lower case, and had taints beside {@code setnode}. What is stored is the second.
 */
final class SiteSpelling {
    static final ResourceType FIRST_NODE_UNITS = first(ResourceType.NODE_UNITS);
    static final ResourceType FIRST_NODE_GROUPS = first(ResourceType.NODE_GROUPS);

    /** By the first version's spelling. */
    private static final Map<String, String> SECOND = new LinkedHashMap<>();

    private static final Map<String, String> FIRST = new LinkedHashMap<>();

    static {
        for (String name :
                List.of(
                        "setNode",
                        "nodeUnits",
                        "autoFindNodeKeys",
                        "readyRate",
                        "readyNodes",
                        "notReadyNodes",
                        "unitNumber",
                        "workloadStatus")) {
            String lower = name.toLowerCase(java.util.Locale.ROOT);
            SECOND.put(lower, name);
            FIRST.put(name, lower);
        }
    }

    private SiteSpelling() {}

    private static ResourceType first(ResourceType type) {
        return new ResourceType(
                type.group(), "v1alpha1", type.kind(), type.plural(), type.namespaced());
    }

    static boolean isFirst(ResourceType type) {
        return type.version().equals("v1alpha1");
    }

    /** As the first version has it, from the second. */
    static KubeObject first(KubeObject object) {
        return spelled(object, FIRST_NODE_UNITS.apiVersion(), FIRST);
    }

    /** As the second version has it, from the first. */
    static KubeObject second(KubeObject object) {
        KubeObject second = spelled(object, ResourceType.NODE_UNITS.apiVersion(), SECOND);
        JsonArray taints = second.spec().array("taints");
        if (taints.isEmpty()) {
            return second;
        }
        List<Json> all = new ArrayList<>(second.spec().array("setNode", "taints").items());
        taints.items().stream().filter(taint -> !all.contains(taint)).forEach(all::add);
        return second.withSpec(
                second.spec()
                        .without("taints")
                        .withAt(List.of("setNode", "taints"), new JsonArray(all)));
    }

    private static KubeObject spelled(
            KubeObject object, String apiVersion, Map<String, String> names) {
        KubeObject spelled = object.with("apiVersion", Json.of(apiVersion));
        if (!object.spec().isEmpty()) {
            spelled = spelled.withSpec(renamed(object.spec(), names));
        }
        return object.status().isEmpty()
                ? spelled
                : spelled.withStatus(renamed(object.status(), names));
    }

    private static JsonObject renamed(JsonObject object, Map<String, String> names) {
        JsonObject.Builder builder = JsonObject.builder();
        object.members()
                .forEach((name, value) -> builder.put(names.getOrDefault(name, name), value));
        return builder.build();
    }
}
