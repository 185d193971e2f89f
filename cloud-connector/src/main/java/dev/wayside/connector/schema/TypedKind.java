// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.apply.Shape;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A kind whose fields are in the type table. What all such kinds share is here; a subclass adds the
 * defaults, rules and columns of its own.
 */
abstract class TypedKind implements KindDefinition {

    /**
     * What a kind is called and can do.
     *
     * @param typeName in the type table, for instance {@code core/v1.Pod}
     * @param custom whether it is Wayside's own: no strategic merge, and the user's spelling stays
     */
    record Facts(
            ResourceType type,
            String typeName,
            List<String> shortNames,
            List<String> categories,
            Set<String> subresources,
            boolean countsGenerations,
            boolean custom) {

        static Facts of(ResourceType type, String typeName, String... shortNames) {
            return new Facts(
                    type, typeName, List.of(shortNames), List.of(), Set.of(), false, false);
        }

        Facts with(String... subresources) {
            return new Facts(
                    type,
                    typeName,
                    shortNames,
                    categories,
                    Set.of(subresources),
                    countsGenerations,
                    custom);
        }

        Facts inAll() {
            return new Facts(
                    type,
                    typeName,
                    shortNames,
                    List.of("all"),
                    subresources,
                    countsGenerations,
                    custom);
        }

        Facts countingGenerations() {
            return new Facts(type, typeName, shortNames, categories, subresources, true, custom);
        }

        Facts asCustom() {
            return new Facts(
                    type, typeName, shortNames, categories, subresources, countsGenerations, true);
        }
    }

    private final Facts facts;
    private final TypeTable table;
    private final TypeTable.StructType struct;
    private final Shape shape;

    TypedKind(Facts facts, TypeTable table) {
        this.facts = facts;
        this.table = table;
        this.struct = OpenApiSchemas.withTypeMeta(table.struct(facts.typeName()));
        this.shape = table.shapes().of(struct);
    }

    // What a subclass may say.

    /** Fills in what the kind's users leave out. */
    KubeObject defaulted(KubeObject object) {
        return object;
    }

    /** The rules beyond metadata, for new objects and for replacements alike. */
    abstract void check(KubeObject object, Errors errors);

    /** The rules of change. */
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {}

    /** What objects may be called. */
    NameRules.Rule nameRule() {
        return NameRules::subdomain;
    }

    /** Selectable fields beside {@code metadata.name} and {@code metadata.namespace}. */
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of();
    }

    // What all share.

    @Override
    public final ResourceType type() {
        return facts.type();
    }

    @Override
    public final String singular() {
        return facts.type().kind().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public final List<String> shortNames() {
        return facts.shortNames();
    }

    @Override
    public final List<String> categories() {
        return facts.categories();
    }

    @Override
    public final Set<String> subresources() {
        return facts.subresources();
    }

    @Override
    public final boolean countsGenerations() {
        return facts.countsGenerations();
    }

    @Override
    public boolean lazy() {
        return false;
    }

    @Override
    public long deletionGraceSeconds(KubeObject object) {
        return 0;
    }

    /** Also brings the object into its normal form, so that it does not matter who wrote it. */
    @Override
    public final KubeObject withDefaults(KubeObject object) {
        return defaulted(new KubeObject(pruned(object.json())));
    }

    @Override
    public final List<FieldError> validateCreate(KubeObject object) {
        Errors errors = new Errors();
        MetadataRules.check(object, type(), nameRule(), errors);
        check(object, errors);
        return errors.list();
    }

    @Override
    public final List<FieldError> validateUpdate(
            KubeObject before, KubeObject after, String subresource) {
        Errors errors = new Errors();
        MetadataRules.check(after, type(), nameRule(), errors);
        MetadataRules.checkUpdate(before, after, errors);
        // An object that is on its way out must stay changeable even where rules became stricter.
        if (!ending(before) || !before.spec().equals(after.spec())) {
            check(after, errors);
        }
        checkUpdate(before, after, subresource, errors);
        return errors.list();
    }

    private static boolean ending(KubeObject object) {
        return object.metadata().has("deletionTimestamp");
    }

    @Override
    public final List<String> unknownFields(JsonObject object) {
        return new UnknownFields(table).in(object, struct);
    }

    @Override
    public final Optional<String> wrongType(JsonObject object) {
        return new WrongTypes(table).in(object, struct);
    }

    @Override
    public final JsonObject pruned(JsonObject object) {
        Normalizer normalizer = new Normalizer(table);
        return facts.custom()
                ? normalizer.pruned(object, struct)
                : normalizer.normal(object, struct);
    }

    @Override
    public final JsonObject strategicMerge(JsonObject current, JsonObject patch) {
        return new StrategicMerge(table).apply(current, patch, struct);
    }

    @Override
    public final Shape shape() {
        return shape;
    }

    @Override
    public final boolean hasStrategicMerge() {
        return !facts.custom();
    }

    @Override
    public final Set<String> selectableFields() {
        Set<String> fields = new java.util.LinkedHashSet<>(selectable().keySet());
        fields.add("metadata.name");
        if (type().namespaced()) {
            fields.add("metadata.namespace");
        }
        return fields;
    }

    @Override
    public final String field(KubeObject object, String field) {
        Function<KubeObject, String> reader = selectable().get(field);
        if (reader != null) {
            return reader.apply(object);
        }
        return switch (field) {
            case "metadata.name" -> object.name();
            case "metadata.namespace" -> object.namespace();
            default -> "";
        };
    }

    @Override
    public abstract List<Column> columns();

    @Override
    public abstract List<Json> cells(KubeObject object, Instant now);

    @Override
    public final Map<String, JsonObject> openApiSchemas() {
        return new OpenApiSchemas(table).of(struct, type());
    }

    @Override
    public final String openApiName() {
        return OpenApiSchemas.componentName(struct.name());
    }

    /** A field that is read as it is written in JSON. */
    static Function<KubeObject, String> at(String... path) {
        return object -> object.json().text(path);
    }
}
