// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonBoolean;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One place in the schema of a custom kind, with the places below it, read once from the JSON of a
 * CustomResourceDefinition. What makes no sense is read as absent: {@link StructuralRules} has
 * refused it before it was stored. Immutable, but for patterns, which are compiled when first used.
 */
final class StructuralSchema {
    final String type;
    final String format;
    final boolean nullable;
    final boolean intOrString;
    final boolean preserves;
    final boolean embedded;
    final Optional<Json> defaultValue;
    final List<Json> values;
    final OptionalLong minLength;
    final OptionalLong maxLength;
    final OptionalLong minItems;
    final OptionalLong maxItems;
    final OptionalLong minProperties;
    final OptionalLong maxProperties;
    final Optional<BigDecimal> minimum;
    final Optional<BigDecimal> maximum;
    final Optional<BigDecimal> multipleOf;
    final boolean aboveMinimum;
    final boolean belowMaximum;
    final boolean unique;
    final List<String> required;
    final Map<String, StructuralSchema> properties;

    /** Whether members beyond {@link #properties} are allowed. */
    final boolean hasMore;

    /** The schema of these, if there is one. */
    final @Nullable StructuralSchema more;

    final @Nullable StructuralSchema items;
    final List<StructuralSchema> allOf;
    final List<StructuralSchema> anyOf;
    final List<StructuralSchema> oneOf;
    final @Nullable StructuralSchema not;
    final boolean hasDefaults;

    private final String patternText;
    private @Nullable BoundedPattern pattern;
    private final String listType;
    private final List<String> listKeys;

    private StructuralSchema(JsonObject schema) {
        type = schema.text("type");
        format = schema.text("format");
        nullable = schema.flag("nullable");
        intOrString = schema.flag("x-kubernetes-int-or-string");
        preserves = schema.flag("x-kubernetes-preserve-unknown-fields");
        embedded = schema.flag("x-kubernetes-embedded-resource");
        defaultValue = schema.get("default").filter(value -> value != JsonNull.INSTANCE);
        values = schema.array("enum").items();
        minLength = schema.number("minLength");
        maxLength = schema.number("maxLength");
        minItems = schema.number("minItems");
        maxItems = schema.number("maxItems");
        minProperties = schema.number("minProperties");
        maxProperties = schema.number("maxProperties");
        minimum = decimal(schema, "minimum");
        maximum = decimal(schema, "maximum");
        multipleOf = decimal(schema, "multipleOf").filter(step -> step.signum() > 0);
        aboveMinimum = schema.flag("exclusiveMinimum");
        belowMaximum = schema.flag("exclusiveMaximum");
        unique = schema.flag("uniqueItems");
        required = schema.array("required").strings();
        patternText = schema.text("pattern");
        listType = schema.text("x-kubernetes-list-type");
        listKeys = schema.array("x-kubernetes-list-map-keys").strings();
        properties = new LinkedHashMap<>();
        schema.object("properties")
                .members()
                .forEach(
                        (name, value) -> {
                            if (value instanceof JsonObject property) {
                                properties.put(name, new StructuralSchema(property));
                            }
                        });
        Json rest = schema.get("additionalProperties").orElse(JsonNull.INSTANCE);
        more = rest instanceof JsonObject object ? new StructuralSchema(object) : null;
        hasMore = more != null || rest == JsonBoolean.TRUE;
        items =
                schema.get("items").orElse(JsonNull.INSTANCE) instanceof JsonObject object
                        ? new StructuralSchema(object)
                        : null;
        allOf = all(schema.array("allOf"));
        anyOf = all(schema.array("anyOf"));
        oneOf = all(schema.array("oneOf"));
        not =
                schema.get("not").orElse(JsonNull.INSTANCE) instanceof JsonObject object
                        ? new StructuralSchema(object)
                        : null;
        hasDefaults =
                defaultValue.isPresent()
                        || properties.values().stream().anyMatch(each -> each.hasDefaults)
                        || (more != null && more.hasDefaults)
                        || (items != null && items.hasDefaults);
    }

    static StructuralSchema read(JsonObject schema) {
        return new StructuralSchema(schema);
    }

    private static List<StructuralSchema> all(JsonArray schemas) {
        return schemas.objects().stream().map(StructuralSchema::new).toList();
    }

    private static Optional<BigDecimal> decimal(JsonObject schema, String name) {
        return schema.get(name).orElse(JsonNull.INSTANCE) instanceof JsonNumber number
                ? Optional.of(number.decimal())
                : Optional.empty();
    }

    /** Empty for none, and for one that can't be compiled. */
    Optional<BoundedPattern> pattern() {
        if (patternText.isEmpty()) {
            return Optional.empty();
        }
        // A race compiles it twice, no more.
        BoundedPattern known = pattern;
        if (known == null) {
            try {
                known = BoundedPattern.compile(patternText);
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
            pattern = known;
        }
        return Optional.of(known);
    }

    /** The schema of a member, {@code null} if nothing is said of it. */
    @Nullable StructuralSchema member(String name) {
        StructuralSchema property = properties.get(name);
        return property == null ? more : property;
    }

    boolean isSet() {
        return listType.equals("set");
    }

    boolean isMap() {
        return listType.equals("map");
    }

    /** By which members the items of a map are told apart. */
    List<String> keys() {
        return isMap() ? listKeys : List.of();
    }

    Optional<StructuralSchema> field(String name) {
        return Optional.ofNullable(member(name));
    }

    Optional<StructuralSchema> items() {
        return Optional.ofNullable(items);
    }
}
