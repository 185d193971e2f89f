// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * OpenAPI v2 in one document, made from {@link OpenApi}'s of version 3: what kubectl before 1.27
 * validates with, explains from and looks up merge keys in. Where version 2 cannot say what a
 * schema says, it allows more: the server has the last word anyway. Pure functions of the kinds.
 */
public final class OpenApiV2 {
    private static final String V3_SCHEMAS = "#/components/schemas/";
    private static final String DEFINITIONS = "#/definitions/";
    private static final String EXTENSION = "x-kubernetes-";
    private static final List<String> METHODS = List.of("get", "put", "post", "delete", "patch");

    /** Keywords that mean the same in both versions. */
    private static final Set<String> KEPT =
            Set.of(
                    "description",
                    "title",
                    "type",
                    "format",
                    "default",
                    "enum",
                    "required",
                    "pattern",
                    "maximum",
                    "exclusiveMaximum",
                    "minimum",
                    "exclusiveMinimum",
                    "multipleOf",
                    "maxLength",
                    "minLength",
                    "maxItems",
                    "minItems",
                    "uniqueItems",
                    "maxProperties",
                    "minProperties");

    private OpenApiV2() {}

    /** {@code /openapi/v2}. */
    public static JsonObject document(Kinds kinds) {
        Map<String, Json> paths = new TreeMap<>();
        Map<String, Json> definitions = new TreeMap<>();
        Discovery.groups(kinds)
                .forEach(
                        (group, versions) ->
                                versions.keySet()
                                        .forEach(
                                                version -> {
                                                    JsonObject v3 =
                                                            OpenApi.document(kinds, group, version);
                                                    add(v3, paths, definitions);
                                                }));
        return JsonObject.builder()
                .put("swagger", "2.0")
                .put("info", JsonObject.of("title", "Kubernetes").with("version", "unversioned"))
                .put("paths", JsonObject.of(paths))
                .put("definitions", JsonObject.of(definitions))
                .build();
    }

    private static void add(JsonObject v3, Map<String, Json> paths, Map<String, Json> definitions) {
        v3.object("components", "schemas")
                .members()
                .forEach((name, schema) -> definitions.put(name, schema((JsonObject) schema)));
        v3.object("paths")
                .members()
                .forEach((path, item) -> paths.put(path, pathItem((JsonObject) item)));
    }

    static JsonObject schema(JsonObject v3) {
        JsonObject.Builder v2 = JsonObject.builder();
        String reference = reference(v3);
        v3.members()
                .forEach(
                        (name, value) -> {
                            boolean hint = name.equals("description") || name.startsWith(EXTENSION);
                            if (hint || (reference.isEmpty() && KEPT.contains(name))) {
                                v2.put(name, value);
                            }
                        });
        if (!reference.isEmpty()) {
            return v2.put("$ref", DEFINITIONS + reference).build();
        }
        if (v3.flag("nullable") || v3.flag("x-kubernetes-int-or-string")) {
            return open(v2.build());
        }
        if (v3.flag("x-kubernetes-preserve-unknown-fields")) {
            return v3.text("type").equals("array") ? open(v2.build()) : loose(v2.build());
        }
        if (v3.text("type").isEmpty()) {
            either(v3, v2);
        }
        v2.putUnlessEmpty("properties", properties(v3.object("properties")));
        v3.get("additionalProperties")
                .filter(JsonObject.class::isInstance)
                .ifPresent(each -> v2.put("additionalProperties", schema((JsonObject) each)));
        if (v3.text("type").equals("array")) {
            v2.put("items", schema(v3.object("items")));
        }
        return v2.build();
    }

    private static JsonObject properties(JsonObject v3) {
        JsonObject.Builder v2 = JsonObject.builder();
        v3.members().forEach((name, schema) -> v2.put(name, schema((JsonObject) schema)));
        return v2.build();
    }

    /** What may be a string or something else passes as a string: all values do, for kubectl. */
    private static void either(JsonObject v3, JsonObject.Builder v2) {
        List<JsonObject> choices = v3.array("oneOf").objects();
        if (choices.stream().anyMatch(choice -> choice.text("type").equals("string"))) {
            v2.put("type", "string");
            choices.forEach(choice -> v2.putUnlessEmpty("format", choice.text("format")));
        }
    }

    /** Any value at all. */
    private static JsonObject open(JsonObject v2) {
        JsonObject.Builder any = JsonObject.builder();
        v2.members()
                .forEach(
                        (name, value) -> {
                            if (name.equals("description") || name.startsWith(EXTENSION)) {
                                any.put(name, value);
                            }
                        });
        return any.build();
    }

    /** An object with any members, if it is said to be one. */
    private static JsonObject loose(JsonObject v2) {
        JsonObject any = open(v2);
        return v2.has("type") ? any.with("type", v2.text("type")) : any;
    }

    /** The name of the schema that this one refers to, {@code ""} if it says all by itself. */
    private static String reference(JsonObject v3) {
        List<JsonObject> all = v3.array("allOf").objects();
        String target = all.size() == 1 ? all.get(0).text("$ref") : v3.text("$ref");
        return target.startsWith(V3_SCHEMAS) ? target.substring(V3_SCHEMAS.length()) : "";
    }

    private static JsonObject pathItem(JsonObject v3) {
        JsonObject.Builder v2 = JsonObject.builder();
        for (String method : METHODS) {
            v3.get(method).ifPresent(each -> v2.put(method, operation((JsonObject) each)));
        }
        return v2.putUnlessEmpty("parameters", parameters(v3)).build();
    }

    private static JsonObject operation(JsonObject v3) {
        JsonObject.Builder v2 = JsonObject.builder();
        v3.members()
                .forEach(
                        (name, value) -> {
                            if (name.startsWith(EXTENSION)) {
                                v2.put(name, value);
                            }
                        });
        Map<String, Json> content = v3.object("requestBody", "content").members();
        List<Json> parameters = new ArrayList<>(List.copyOf(parameters(v3).objects()));
        content.values().stream()
                .findFirst()
                .ifPresent(
                        body ->
                                parameters.add(
                                        JsonObject.builder()
                                                .put("name", "body")
                                                .put("in", "body")
                                                .put("required", true)
                                                .put("schema", bodySchema((JsonObject) body))
                                                .build()));
        return v2.putUnlessEmpty("consumes", JsonArray.ofStrings(new TreeSet<>(content.keySet())))
                .put("produces", JsonArray.of(new JsonString("application/json")))
                .putUnlessEmpty("parameters", new JsonArray(parameters))
                .put("responses", JsonObject.of("200", response(v3)))
                .build();
    }

    private static JsonObject response(JsonObject v3) {
        JsonObject ok = v3.object("responses", "200");
        Optional<Json> body = ok.object("content").get("application/json");
        JsonObject v2 = JsonObject.of("description", ok.text("description"));
        return body.isPresent() ? v2.with("schema", bodySchema((JsonObject) body.get())) : v2;
    }

    private static JsonObject bodySchema(JsonObject mediaType) {
        return schema(mediaType.object("schema"));
    }

    private static JsonArray parameters(JsonObject v3) {
        List<Json> v2 = new ArrayList<>();
        for (JsonObject parameter : v3.array("parameters").objects()) {
            v2.add(
                    parameter.without("schema").toBuilder()
                            .putUnlessEmpty("type", parameter.text("schema", "type"))
                            .build());
        }
        return new JsonArray(v2);
    }
}
