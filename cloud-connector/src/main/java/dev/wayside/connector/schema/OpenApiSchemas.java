// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** OpenAPI v3 component schemas, made from the type table. */
final class OpenApiSchemas {
    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private static final String QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    private static final String INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

    /** Fields that may be absent although Go always writes them. */
    private static final Set<String> OPTIONAL =
            Set.of(
                    "apps/v1.StatefulSetSpec.serviceName",
                    "apps/v1.StatefulSetStatus.availableReplicas",
                    "authentication/v1.TokenRequestSpec.boundObjectRef",
                    "authentication/v1.TokenRequestSpec.expirationSeconds",
                    "core/v1.Event.reportingComponent",
                    "core/v1.Event.reportingInstance",
                    "core/v1.GRPCAction.service",
                    "core/v1.ProjectedVolumeSource.sources",
                    "core/v1.TypedLocalObjectReference.apiGroup",
                    "core/v1.TypedObjectReference.apiGroup",
                    "discovery/v1.EndpointSlice.ports",
                    "rbac/v1.ClusterRole.rules",
                    "rbac/v1.Role.rules");

    private static final Map<String, String> TYPE_META = new LinkedHashMap<>();

    static {
        TYPE_META.put("apiVersion", "The group and version that this object is written in.");
        TYPE_META.put("kind", "The kind of object that this is.");
    }

    private final TypeTable table;
    private final Map<String, JsonObject> schemas = new LinkedHashMap<>();

    OpenApiSchemas(TypeTable table) {
        this.table = table;
    }

    /**
     * A struct with {@code apiVersion} and {@code kind}, which objects have and the table has not.
     */
    static TypeTable.StructType withTypeMeta(TypeTable.StructType struct) {
        Map<String, TypeTable.Field> fields = new LinkedHashMap<>();
        FieldType string = new FieldType.Scalar(FieldType.Base.STRING, "string");
        TYPE_META.forEach(
                (name, description) ->
                        fields.put(
                                name,
                                new TypeTable.Field(
                                        0,
                                        name,
                                        string,
                                        false,
                                        true,
                                        false,
                                        "",
                                        false,
                                        description)));
        fields.putAll(struct.fields());
        return new TypeTable.StructType(
                struct.name(), struct.declared(), fields, struct.description());
    }

    /** {@code io.k8s.api.apps.v1.Deployment} for {@code apps/v1.Deployment}. */
    static String componentName(String typeName) {
        int slash = typeName.indexOf('/');
        String group = typeName.substring(0, slash);
        String rest = typeName.substring(slash + 1);
        return switch (group) {
            case "meta" -> META + rest.substring(rest.indexOf('.') + 1);
            case "apiextensions" -> "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions." + rest;
            case "superedge" -> "io.superedge." + rest;
            case "wayside" -> "dev.wayside." + rest;
            case "site" -> "io.superedge.site." + rest;
            default -> "io.k8s.api." + group + "." + rest;
        };
    }

    /** The schemas of a kind, its list and all that both refer to. */
    Map<String, JsonObject> of(TypeTable.StructType kind, ResourceType type) {
        return of(componentName(kind.name()), kind, type, type.kind() + "List");
    }

    /** As {@link #of}, for a kind of which the table knows no more than the metadata. */
    Map<String, JsonObject> ofCustom(String name, KindDefinition kind) {
        return of(
                name,
                withTypeMeta(table.struct("meta/v1.PartialObjectMetadata")),
                kind.type(),
                kind.listKind());
    }

    private Map<String, JsonObject> of(
            String name, TypeTable.StructType kind, ResourceType type, String listKind) {
        schemas.put(
                name, struct(kind).with("x-kubernetes-group-version-kind", gvk(type, type.kind())));
        JsonObject list =
                JsonObject.builder()
                        .put("type", "object")
                        .put("required", JsonArray.ofStrings(List.of("items")))
                        .put(
                                "properties",
                                JsonObject.builder()
                                        .put("apiVersion", JsonObject.of("type", "string"))
                                        .put("kind", JsonObject.of("type", "string"))
                                        .put(
                                                "metadata",
                                                reference(new FieldType.Struct("meta/v1.ListMeta")))
                                        .put(
                                                "items",
                                                JsonObject.builder()
                                                        .put("type", "array")
                                                        .put("items", wrapped(name))
                                                        .build())
                                        .build())
                        .put("x-kubernetes-group-version-kind", gvk(type, listKind))
                        .build();
        schemas.put(name + "List", list);
        reference(new FieldType.Struct("meta/v1.DeleteOptions"));
        return schemas;
    }

    static JsonArray gvk(ResourceType type, String kind) {
        return JsonArray.of(
                JsonObject.builder()
                        .put("group", type.group())
                        .put("kind", kind)
                        .put("version", type.version())
                        .build());
    }

    private JsonObject struct(TypeTable.StructType struct) {
        JsonObject.Builder properties = JsonObject.builder();
        List<String> required = new ArrayList<>();
        for (TypeTable.Field field : struct.fields().values()) {
            properties.put(field.name(), property(field));
            if (!field.omitEmpty() && !OPTIONAL.contains(struct.name() + "." + field.name())) {
                required.add(field.name());
            }
        }
        return JsonObject.builder()
                .putUnlessEmpty("description", struct.description())
                .put("type", "object")
                .putUnlessEmpty("required", JsonArray.ofStrings(required))
                .putUnlessEmpty("properties", properties.build())
                .build();
    }

    private JsonObject property(TypeTable.Field field) {
        JsonObject schema = schema(field.type());
        if (!field.description().isEmpty()) {
            schema = schema.with("description", field.description());
        }
        if (!field.merge() && !field.retainKeys()) {
            return schema;
        }
        JsonObject.Builder builder = schema.toBuilder();
        List<String> strategies = new ArrayList<>();
        if (field.merge()) {
            strategies.add("merge");
            builder.putUnlessEmpty("x-kubernetes-patch-merge-key", field.mergeKey());
        }
        if (field.retainKeys()) {
            strategies.add("retainKeys");
        }
        return builder.put("x-kubernetes-patch-strategy", String.join(",", strategies)).build();
    }

    private JsonObject schema(FieldType type) {
        if (type instanceof FieldType.Struct struct) {
            return reference(struct);
        }
        if (type instanceof FieldType.ListOf list) {
            return JsonObject.builder()
                    .put("type", "array")
                    .put("items", schema(list.item()))
                    .build();
        }
        if (type instanceof FieldType.MapOf map) {
            return JsonObject.builder()
                    .put("type", "object")
                    .put("additionalProperties", schema(map.value()))
                    .build();
        }
        return switch (((FieldType.Scalar) type).base()) {
            case STRING -> JsonObject.of("type", "string");
            case BOOL -> JsonObject.of("type", "boolean");
            case INT32 -> formatted("integer", "int32");
            case INT64 -> formatted("integer", "int64");
            case BYTES -> formatted("string", "byte");
            case QUANTITY -> common(QUANTITY, either("number"));
            case INT_OR_STRING ->
                    common(INT_OR_STRING, either("integer").with("format", "int-or-string"));
            case TIME -> common(META + "Time", formatted("string", "date-time"));
            case MICRO_TIME -> common(META + "MicroTime", formatted("string", "date-time"));
            case ANY ->
                    JsonObject.builder()
                            .put("type", "object")
                            .put("x-kubernetes-preserve-unknown-fields", true)
                            .build();
        };
    }

    private static JsonObject either(String other) {
        Json choices = JsonArray.of(JsonObject.of("type", "string"), JsonObject.of("type", other));
        return JsonObject.of("oneOf", choices);
    }

    private static JsonObject formatted(String type, String format) {
        return JsonObject.builder().put("type", type).put("format", format).build();
    }

    private JsonObject common(String name, JsonObject schema) {
        schemas.putIfAbsent(name, schema);
        return wrapped(name);
    }

    private JsonObject reference(FieldType.Struct type) {
        String name = componentName(type.name());
        if (!schemas.containsKey(name)) {
            schemas.put(name, JsonObject.EMPTY); // holds the place where types are recursive
            schemas.put(name, struct(table.struct(type)));
        }
        return wrapped(name);
    }

    /** A reference inside of {@code allOf}, so that siblings of {@code $ref} are seen. */
    private static JsonObject wrapped(String name) {
        return JsonObject.of(
                "allOf",
                (Json) JsonArray.of(JsonObject.of("$ref", "#/components/schemas/" + name)));
    }
}
