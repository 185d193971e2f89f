// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the API says it serves: the aggregated form (two requests for everything) that newer clients
 * ask for, and the older one, which some commands of newer clients read too. Pure functions of the
 * kinds.
 */
public final class Discovery {
    /** The content type that an aggregated answer must carry. */
    public static final String AGGREGATED_CONTENT_TYPE =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    private static final List<String> VERBS =
            List.of("create", "delete", "get", "list", "patch", "update", "watch");
    private static final List<String> CREATE = List.of("create");
    private static final List<String> PART_VERBS = List.of("get", "patch", "update");

    private Discovery() {}

    /** {@code /api}, aggregated: the core group. */
    public static JsonObject aggregatedCore(Kinds kinds) {
        return aggregated(
                groups(kinds).entrySet().stream().filter(e -> e.getKey().isEmpty()).toList());
    }

    /** {@code /apis}, aggregated: all other groups. */
    public static JsonObject aggregatedGroups(Kinds kinds) {
        return aggregated(
                groups(kinds).entrySet().stream().filter(e -> !e.getKey().isEmpty()).toList());
    }

    /**
     * {@code /api}.
     *
     * @param serverAddress host and port under which clients reach the API
     */
    public static JsonObject coreVersions(String serverAddress) {
        return JsonObject.builder()
                .put("kind", "APIVersions")
                .put("versions", JsonArray.ofStrings(List.of("v1")))
                .put(
                        "serverAddressByClientCIDRs",
                        JsonArray.of(
                                JsonObject.of("clientCIDR", "0.0.0.0/0")
                                        .with("serverAddress", serverAddress)))
                .build();
    }

    /** {@code /apis}. */
    public static JsonObject groupList(Kinds kinds) {
        List<Json> groups = new ArrayList<>();
        groups(kinds)
                .forEach(
                        (group, versions) -> {
                            if (!group.isEmpty()) {
                                groups.add(group(group, versions.keySet()));
                            }
                        });
        return JsonObject.builder()
                .put("kind", "APIGroupList")
                .put("apiVersion", "v1")
                .put("groups", new JsonArray(groups))
                .build();
    }

    /** {@code /apis/GROUP}; empty if there is no such group. */
    public static Optional<JsonObject> group(Kinds kinds, String group) {
        Map<String, List<KindDefinition>> versions = groups(kinds).get(group);
        return versions == null || group.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        JsonObject.builder()
                                .put("kind", "APIGroup")
                                .put("apiVersion", "v1")
                                .putAll(group(group, versions.keySet()))
                                .build());
    }

    /** {@code /api/v1} or {@code /apis/GROUP/VERSION}; empty if there is no such version. */
    public static Optional<JsonObject> resources(Kinds kinds, String group, String version) {
        List<KindDefinition> definitions =
                groups(kinds).getOrDefault(group, Map.of()).getOrDefault(version, List.of());
        if (definitions.isEmpty()) {
            return Optional.empty();
        }
        List<Json> resources = new ArrayList<>();
        for (KindDefinition kind : definitions) {
            ResourceType type = kind.type();
            resources.add(
                    JsonObject.builder()
                            .put("name", type.plural())
                            .put("singularName", kind.singular())
                            .put("namespaced", type.namespaced())
                            .put("kind", type.kind())
                            .put("verbs", JsonArray.ofStrings(verbs(kind)))
                            .putUnlessEmpty("shortNames", JsonArray.ofStrings(kind.shortNames()))
                            .putUnlessEmpty("categories", JsonArray.ofStrings(kind.categories()))
                            .build());
            for (String part : new TreeSet<>(kind.subresources())) {
                resources.add(part(type, part));
            }
        }
        return Optional.of(
                JsonObject.builder()
                        .put("kind", "APIResourceList")
                        .put("apiVersion", "v1")
                        .put("groupVersion", group.isEmpty() ? version : group + "/" + version)
                        .put("resources", new JsonArray(resources))
                        .build());
    }

    private static JsonObject part(ResourceType type, String part) {
        JsonObject kind = responseKind(type, part);
        JsonObject.Builder builder =
                JsonObject.builder()
                        .put("name", type.plural() + "/" + part)
                        .put("singularName", "")
                        .put("namespaced", type.namespaced());
        if (!kind.text("group").equals(type.group())) {
            builder.put("group", kind.text("group")).put("version", kind.text("version"));
        }
        return builder.put("kind", kind.text("kind"))
                .put("verbs", JsonArray.ofStrings(verbs(part)))
                .build();
    }

    private static List<String> verbs(String part) {
        return switch (part) {
            case "binding", "eviction", "token" -> CREATE;
            default -> PART_VERBS;
        };
    }

    private static List<String> verbs(KindDefinition kind) {
        return kind.stored() ? VERBS : CREATE;
    }

    /** What a subresource answers with. */
    private static JsonObject responseKind(ResourceType type, String part) {
        return switch (part) {
            case "scale" -> kind("autoscaling", "v1", "Scale");
            case "binding" -> kind("", "v1", "Binding");
            case "eviction" -> kind("policy", "v1", "Eviction");
            case "token" -> kind("authentication.k8s.io", "v1", "TokenRequest");
            default -> kind(type.group(), type.version(), type.kind());
        };
    }

    private static JsonObject kind(String group, String version, String kind) {
        return JsonObject.builder()
                .put("group", group)
                .put("version", version)
                .put("kind", kind)
                .build();
    }

    private static JsonObject group(String name, Collection<String> versions) {
        List<Json> list = new ArrayList<>();
        versions.forEach(
                version ->
                        list.add(
                                JsonObject.of("groupVersion", name + "/" + version)
                                        .with("version", version)));
        return JsonObject.builder()
                .put("name", name)
                .put("versions", new JsonArray(list))
                .put("preferredVersion", list.get(0))
                .build();
    }

    private static JsonObject aggregated(
            List<Map.Entry<String, Map<String, List<KindDefinition>>>> groups) {
        List<Json> items = new ArrayList<>();
        groups.forEach(
                group -> {
                    List<Json> versions = new ArrayList<>();
                    group.getValue()
                            .forEach(
                                    (version, kinds) ->
                                            versions.add(
                                                    JsonObject.builder()
                                                            .put("version", version)
                                                            .put("resources", aggregated(kinds))
                                                            .put("freshness", "Current")
                                                            .build()));
                    items.add(
                            JsonObject.of("metadata", JsonObject.of("name", group.getKey()))
                                    .with("versions", new JsonArray(versions)));
                });
        return JsonObject.builder()
                .put("kind", "APIGroupDiscoveryList")
                .put("apiVersion", "apidiscovery.k8s.io/v2")
                .put("metadata", JsonObject.EMPTY)
                .put("items", new JsonArray(items))
                .build();
    }

    private static JsonArray aggregated(Collection<KindDefinition> kinds) {
        List<Json> resources = new ArrayList<>();
        for (KindDefinition kind : kinds) {
            ResourceType type = kind.type();
            List<Json> parts = new ArrayList<>();
            for (String part : new TreeSet<>(kind.subresources())) {
                parts.add(
                        JsonObject.builder()
                                .put("subresource", part)
                                .put("responseKind", responseKind(type, part))
                                .put("verbs", JsonArray.ofStrings(verbs(part)))
                                .build());
            }
            resources.add(
                    JsonObject.builder()
                            .put("resource", type.plural())
                            .put("responseKind", kind(type.group(), type.version(), type.kind()))
                            .put("scope", type.namespaced() ? "Namespaced" : "Cluster")
                            .put("singularResource", kind.singular())
                            .put("verbs", JsonArray.ofStrings(verbs(kind)))
                            .putUnlessEmpty("shortNames", JsonArray.ofStrings(kind.shortNames()))
                            .putUnlessEmpty("categories", JsonArray.ofStrings(kind.categories()))
                            .putUnlessEmpty("subresources", new JsonArray(parts))
                            .build());
        }
        return new JsonArray(resources);
    }

    /**
     * Kinds by group and version: groups and kinds in the order in which they were registered,
     * versions the best first.
     */
    static Map<String, Map<String, List<KindDefinition>>> groups(Kinds kinds) {
        Map<String, Map<String, List<KindDefinition>>> groups = new LinkedHashMap<>();
        for (KindDefinition kind : kinds.all()) {
            groups.computeIfAbsent(kind.type().group(), group -> new TreeMap<>(Versions.ORDER))
                    .computeIfAbsent(kind.type().version(), version -> new ArrayList<>())
                    .add(kind);
        }
        return groups;
    }
}
