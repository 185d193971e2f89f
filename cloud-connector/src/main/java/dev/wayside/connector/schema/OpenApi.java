// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * OpenAPI v3: what {@code kubectl explain}, {@code apply} and {@code edit} read. Clients leave
 * validation to the server because each write says that it takes {@code fieldValidation}. Pure
 * functions of the kinds; a caller that answers often keeps the result.
 */
public final class OpenApi {
    private static final String SCHEMAS = "#/components/schemas/";

    private OpenApi() {}

    /**
     * {@code /openapi/v3}: one document per group and version. The address of each changes with its
     * content, so that clients may cache it forever.
     */
    public static JsonObject index(Kinds kinds) {
        JsonObject.Builder paths = JsonObject.builder();
        Discovery.groups(kinds)
                .forEach(
                        (group, versions) ->
                                versions.keySet()
                                        .forEach(
                                                version -> {
                                                    String path = path(group, version);
                                                    String hash =
                                                            hash(document(kinds, group, version));
                                                    paths.put(
                                                            path,
                                                            JsonObject.of(
                                                                    "serverRelativeURL",
                                                                    "/openapi/v3/"
                                                                            + path
                                                                            + "?hash="
                                                                            + hash));
                                                }));
        return JsonObject.of("paths", paths.build());
    }

    /** {@code /openapi/v3/api/v1} or {@code /openapi/v3/apis/GROUP/VERSION}. */
    public static JsonObject document(Kinds kinds, String group, String version) {
        JsonObject.Builder paths = JsonObject.builder();
        Map<String, Json> schemas = new TreeMap<>();
        Discovery.groups(kinds)
                .getOrDefault(group, Map.of())
                .getOrDefault(version, List.of())
                .forEach(
                        kind -> {
                            schemas.putAll(kind.openApiSchemas());
                            paths(kind, paths);
                        });
        return JsonObject.builder()
                .put("openapi", "3.0.0")
                .put("info", JsonObject.of("title", "Kubernetes").with("version", "unversioned"))
                .put("paths", paths.build())
                .put("components", JsonObject.of("schemas", JsonObject.of(schemas)))
                .build();
    }

    private static String path(String group, String version) {
        return group.isEmpty() ? "api/" + version : "apis/" + group + "/" + version;
    }

    private static void paths(KindDefinition kind, JsonObject.Builder paths) {
        ResourceType type = kind.type();
        String all = type.path("");
        String collection = type.namespaced() ? type.path("{namespace}") : all;
        if (!kind.stored()) {
            paths.put(
                    collection,
                    JsonObject.builder()
                            .put("post", write(kind, "post"))
                            .put("parameters", pathParameters(type, false))
                            .build());
            return;
        }
        String one = collection + "/{name}";
        JsonObject list =
                operation(kind, "list", kind.openApiName() + "List", listParameters(), "");
        if (type.namespaced()) {
            paths.put(all, JsonObject.of("get", list));
        }
        paths.put(
                collection,
                JsonObject.builder()
                        .put("get", list)
                        .put("post", write(kind, "post"))
                        .put("parameters", pathParameters(type, false))
                        .build());
        paths.put(
                one,
                JsonObject.builder()
                        .put("get", operation(kind, "get", kind.openApiName(), List.of(), ""))
                        .put("put", write(kind, "put"))
                        .put("patch", write(kind, "patch"))
                        .put("delete", delete(kind))
                        .put("parameters", pathParameters(type, true))
                        .build());
        for (String part : List.of("status", "approval")) {
            if (kind.subresources().contains(part)) {
                paths.put(
                        one + "/" + part,
                        JsonObject.builder()
                                .put(
                                        "get",
                                        operation(kind, "get", kind.openApiName(), List.of(), ""))
                                .put("put", write(kind, "put"))
                                .put("patch", write(kind, "patch"))
                                .put("parameters", pathParameters(type, true))
                                .build());
            }
        }
    }

    private static JsonObject write(KindDefinition kind, String action) {
        List<Json> parameters = new ArrayList<>();
        parameters.add(query("dryRun", "string"));
        parameters.add(query("fieldManager", "string"));
        parameters.add(query("fieldValidation", "string"));
        if (action.equals("patch")) {
            parameters.add(query("force", "boolean"));
        }
        return operation(kind, action, kind.openApiName(), parameters, kind.openApiName());
    }

    private static JsonObject delete(KindDefinition kind) {
        List<Json> parameters =
                List.of(
                        query("dryRun", "string"),
                        query("gracePeriodSeconds", "integer"),
                        query("orphanDependents", "boolean"),
                        query("propagationPolicy", "string"));
        return operation(
                kind,
                "delete",
                kind.openApiName(),
                parameters,
                OpenApiSchemas.componentName("meta/v1.DeleteOptions"));
    }

    private static JsonObject operation(
            KindDefinition kind, String action, String answer, List<Json> parameters, String body) {
        JsonObject.Builder operation =
                JsonObject.builder()
                        .put("x-kubernetes-action", action)
                        .put(
                                "x-kubernetes-group-version-kind",
                                OpenApiSchemas.gvk(kind.type(), kind.type().kind()).get(0))
                        .putUnlessEmpty("parameters", new JsonArray(parameters));
        if (!body.isEmpty()) {
            JsonObject.Builder content = JsonObject.builder();
            for (String mediaType : mediaTypes(kind, action)) {
                content.put(mediaType, schema(action.equals("patch") ? "" : body));
            }
            operation.put("requestBody", JsonObject.of("content", content.build()));
        }
        return operation
                .put(
                        "responses",
                        JsonObject.of(
                                "200",
                                JsonObject.of("description", "OK")
                                        .with(
                                                "content",
                                                JsonObject.of("application/json", schema(answer)))))
                .build();
    }

    private static Set<String> mediaTypes(KindDefinition kind, String action) {
        if (!action.equals("patch")) {
            return Set.of("application/json");
        }
        Set<String> types = new java.util.TreeSet<>();
        types.add("application/json-patch+json");
        types.add("application/merge-patch+json");
        if (kind.hasStrategicMerge()) {
            types.add("application/strategic-merge-patch+json");
        }
        return types;
    }

    private static JsonObject schema(String component) {
        return JsonObject.of(
                "schema",
                component.isEmpty()
                        ? JsonObject.of("type", "object")
                        : JsonObject.of("$ref", SCHEMAS + component));
    }

    private static List<Json> listParameters() {
        return List.of(
                query("allowWatchBookmarks", "boolean"),
                query("continue", "string"),
                query("fieldSelector", "string"),
                query("labelSelector", "string"),
                query("limit", "integer"),
                query("resourceVersion", "string"),
                query("resourceVersionMatch", "string"),
                query("sendInitialEvents", "boolean"),
                query("timeoutSeconds", "integer"),
                query("watch", "boolean"));
    }

    private static JsonArray pathParameters(ResourceType type, boolean named) {
        List<Json> parameters = new ArrayList<>();
        for (String name : List.of("namespace", "name")) {
            if (name.equals("name") ? named : type.namespaced()) {
                parameters.add(
                        JsonObject.of("name", name)
                                .with("in", "path")
                                .with("required", Json.of(true))
                                .with("schema", JsonObject.of("type", "string")));
            }
        }
        return new JsonArray(parameters);
    }

    private static JsonObject query(String name, String type) {
        return JsonObject.of("name", name)
                .with("in", "query")
                .with("schema", JsonObject.of("type", type));
    }

    private static String hash(JsonObject document) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(document.toBytes());
            return HexFormat.of().withUpperCase().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The document that an address of the index names; empty if there is none. */
    public static Optional<JsonObject> document(Kinds kinds, String path) {
        for (var group : Discovery.groups(kinds).entrySet()) {
            for (String version : group.getValue().keySet()) {
                if (path(group.getKey(), version).equals(path)) {
                    return Optional.of(document(kinds, group.getKey(), version));
                }
            }
        }
        return Optional.empty();
    }
}
