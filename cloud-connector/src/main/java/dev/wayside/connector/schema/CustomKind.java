// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.apply.SchemaShape;
import dev.wayside.connector.apply.Shape;
import dev.wayside.model.Json;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One version of a kind that a CustomResourceDefinition defines. Its schema is read when it is
 * first needed, on the thread that needs it: definitions are taken over by the store's writer,
 * which has no time for that.
 */
final class CustomKind implements KindDefinition {
    private final TypeTable table;
    private final TypeTable.StructType metadataOnly;
    private final ResourceType type;
    private final ObjectKey definition;
    private final JsonObject names;
    private final JsonObject version;
    private final Set<String> selectable;
    private final CustomColumns columns;
    private volatile @Nullable StructuralSchema schema;
    private volatile @Nullable Shape shape;

    /**
     * @param definition a CustomResourceDefinition whose names are accepted
     * @param version the one of its versions that this is
     * @param selectable the fields that selectors may name, beside name and namespace
     */
    CustomKind(TypeTable table, KubeObject definition, JsonObject version, Set<String> selectable) {
        this.table = table;
        this.metadataOnly =
                OpenApiSchemas.withTypeMeta(table.struct("meta/v1.PartialObjectMetadata"));
        this.definition = definition.key(ResourceType.CUSTOM_RESOURCE_DEFINITIONS);
        this.names = definition.status().object("acceptedNames");
        this.version = version;
        this.type =
                new ResourceType(
                        definition.spec().text("group"),
                        version.text("name"),
                        names.text("kind"),
                        names.text("plural"),
                        definition.spec().text("scope").equals("Namespaced"));
        this.selectable = Set.copyOf(selectable);
        this.columns = new CustomColumns(version.array("additionalPrinterColumns"));
    }

    /** The fields that selectors may name in a version, without a leading dot. */
    static Set<String> selectable(JsonObject version) {
        Set<String> fields = new LinkedHashSet<>();
        for (JsonObject field : version.array("selectableFields").objects()) {
            fields.add(field.text("jsonPath").replaceFirst("^\\.", ""));
        }
        return fields;
    }

    private StructuralSchema schema() {
        // A race reads it twice, no more.
        StructuralSchema read = schema;
        if (read == null) {
            read = StructuralSchema.read(version.object("schema", "openAPIV3Schema"));
            schema = read;
        }
        return read;
    }

    @Override
    public ResourceType type() {
        return type;
    }

    @Override
    public Optional<ObjectKey> definition() {
        return Optional.of(definition);
    }

    @Override
    public String singular() {
        return names.text("singular");
    }

    @Override
    public String listKind() {
        return names.text("listKind");
    }

    @Override
    public List<String> shortNames() {
        return names.array("shortNames").strings();
    }

    @Override
    public List<String> categories() {
        return names.array("categories").strings();
    }

    @Override
    public Set<String> subresources() {
        return version.object("subresources").members().keySet();
    }

    @Override
    public boolean countsGenerations() {
        return true;
    }

    @Override
    public boolean lazy() {
        return false;
    }

    @Override
    public long deletionGraceSeconds(KubeObject object) {
        return 0;
    }

    @Override
    public List<String> warnings() {
        if (!version.flag("deprecated")) {
            return List.of();
        }
        String own = version.text("deprecationWarning");
        return List.of(
                own.isEmpty() ? type.apiVersion() + " " + type.kind() + " is deprecated" : own);
    }

    /** Without conversion, versions differ in their name; what is new in this one is filled in. */
    @Override
    public KubeObject converted(KubeObject stored) {
        KubeObject named =
                stored.apiVersion().equals(type.apiVersion())
                        ? stored
                        : stored.with("apiVersion", Json.of(type.apiVersion()));
        return schema().hasDefaults
                ? new KubeObject(StructuralDefaults.filledIn(named.json(), schema()))
                : named;
    }

    @Override
    public KubeObject withDefaults(KubeObject object) {
        return new KubeObject(StructuralDefaults.filledIn(pruned(object.json()), schema()));
    }

    @Override
    public JsonObject pruned(JsonObject object) {
        JsonObject known = new StructuralPruning().object(object, schema());
        JsonObject metadata =
                new Normalizer(table)
                        .normal(JsonObject.of("metadata", object.object("metadata")), metadataOnly)
                        .object("metadata");
        return known.has("metadata") ? known.with("metadata", metadata) : known;
    }

    @Override
    public List<String> unknownFields(JsonObject object) {
        StructuralPruning pruning = new StructuralPruning();
        var unused = pruning.object(object, schema());
        List<String> unknown = new ArrayList<>();
        if (object.has("metadata")) {
            unknown.addAll(
                    new UnknownFields(table)
                            .in(
                                    JsonObject.of("metadata", object.object("metadata")),
                                    metadataOnly));
        }
        unknown.addAll(pruning.unknown());
        return unknown;
    }

    @Override
    public Optional<String> wrongType(JsonObject object) {
        JsonObject.Builder common = JsonObject.builder();
        for (String name : StructuralPruning.OF_EVERY_OBJECT) {
            common.put(name, object.get(name));
        }
        return new WrongTypes(table).in(common.build(), metadataOnly);
    }

    @Override
    public List<FieldError> validateCreate(KubeObject object) {
        Errors errors = new Errors();
        MetadataRules.check(object, type, NameRules::subdomain, errors);
        new StructuralValidation(errors).check(object.json(), null, schema(), "");
        scale(object, null, errors);
        return errors.list();
    }

    @Override
    public List<FieldError> validateUpdate(
            KubeObject before, KubeObject after, String subresource) {
        Errors errors = new Errors();
        MetadataRules.check(after, type, NameRules::subdomain, errors);
        MetadataRules.checkUpdate(before, after, errors);
        new StructuralValidation(errors).check(after.json(), before.json(), schema(), "");
        scale(after, before, errors);
        return errors.list();
    }

    private void scale(KubeObject object, @Nullable KubeObject before, Errors errors) {
        if (!subresources().contains("scale")) {
            return;
        }
        ScalePaths paths = scalePaths();
        for (List<String> path : List.of(paths.replicas(), paths.current())) {
            String[] names = path.toArray(String[]::new);
            Optional<Json> value = object.json().at(names);
            boolean changed = before == null || !value.equals(before.json().at(names));
            if (value.isPresent() && value.get() instanceof JsonNumber number && changed) {
                long count = number.whole().orElse(-1);
                String field = String.join(".", path);
                boolean known =
                        errors.list().stream().anyMatch(error -> error.field().equals(field));
                if (!known && (count < 0 || count > Integer.MAX_VALUE)) {
                    errors.invalid(
                            field,
                            number,
                            "should be a non-negative integer of at most 2147483647");
                }
            }
        }
    }

    @Override
    public ScalePaths scalePaths() {
        JsonObject scale = version.object("subresources", "scale");
        return new ScalePaths(
                path(scale.text("specReplicasPath")),
                path(scale.text("statusReplicasPath")),
                path(scale.text("labelSelectorPath")));
    }

    /** Empty for none, and for one that cannot be read: validation has refused it long before. */
    private static List<String> path(String text) {
        try {
            return text.isEmpty() ? List.of() : JsonPath.parse(text).names();
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    /**
     * @throws IllegalArgumentException always: the fields say nothing of merge keys as Go's do
     */
    @Override
    public JsonObject strategicMerge(JsonObject current, JsonObject patch) {
        throw new IllegalArgumentException("custom kinds have no strategic merge");
    }

    @Override
    public boolean hasStrategicMerge() {
        return false;
    }

    @Override
    public Shape shape() {
        // A race makes it twice, no more.
        Shape made = shape;
        if (made == null) {
            made =
                    SchemaShape.ofObject(
                            version.object("schema", "openAPIV3Schema"),
                            table.shapes().of(table.struct("meta/v1.ObjectMeta")));
            shape = made;
        }
        return made;
    }

    @Override
    public Set<String> selectableFields() {
        Set<String> fields = new LinkedHashSet<>(selectable);
        fields.add("metadata.name");
        if (type.namespaced()) {
            fields.add("metadata.namespace");
        }
        return fields;
    }

    @Override
    public String field(KubeObject object, String field) {
        return switch (field) {
            case "metadata.name" -> object.name();
            case "metadata.namespace" -> object.namespace();
            default -> {
                Json value =
                        object.json()
                                .at(path("." + field).toArray(String[]::new))
                                .orElse(JsonNull.INSTANCE);
                boolean plain =
                        value instanceof JsonString
                                || value instanceof JsonNumber
                                || value instanceof JsonBoolean;
                yield plain ? JsonPath.text(value) : "";
            }
        };
    }

    @Override
    public List<Column> columns() {
        return columns.definitions();
    }

    @Override
    public List<Json> cells(KubeObject object, Instant now) {
        return columns.cells(object, now);
    }

    @Override
    public String openApiName() {
        List<String> parts = new ArrayList<>(List.of(type.group().split("\\.")));
        java.util.Collections.reverse(parts);
        return String.join(".", parts) + "." + type.version() + "." + type.kind();
    }

    @Override
    public Map<String, JsonObject> openApiSchemas() {
        Map<String, JsonObject> schemas =
                new LinkedHashMap<>(new OpenApiSchemas(table).ofCustom(openApiName(), this));
        JsonObject own = version.object("schema", "openAPIV3Schema");
        JsonObject shared = schemas.getOrDefault(openApiName(), JsonObject.EMPTY);
        schemas.put(
                openApiName(),
                own.toBuilder()
                        .put(
                                "properties",
                                shared.object("properties").toBuilder()
                                        .putAll(
                                                own.object("properties")
                                                        .without("metadata")
                                                        .without("apiVersion")
                                                        .without("kind"))
                                        .build())
                        .put(
                                "x-kubernetes-group-version-kind",
                                (Json) OpenApiSchemas.gvk(type, type.kind()))
                        .build());
        return schemas;
    }

    /** Whether it is the same kind in all that its definition says of it. */
    boolean isSameAs(CustomKind other) {
        return type.equals(other.type)
                && names.equals(other.names)
                && version.equals(other.version)
                && selectable.equals(other.selectable);
    }
}
