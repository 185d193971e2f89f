// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What holds for every schema and every object. */
class StructuralPropertiesTest {
    private static final List<String> NAMES = List.of("a", "b", "c", "d");

    @Property(tries = 500)
    void whatWasPrunedAndFilledInStaysAsItIs(@ForAll long seed) {
        Random random = new Random(seed);
        StructuralSchema schema = StructuralSchema.read(schema(random, 3, true));
        JsonObject object = (JsonObject) value(random, 3, true);
        JsonObject once = normal(object, schema);
        assertThat(normal(once, schema)).isEqualTo(once);
        StructuralPruning again = new StructuralPruning();
        assertThat(again.object(once, schema)).isEqualTo(once);
        assertThat(again.unknown()).isEmpty();
        // Judging it twice says the same, and judging it against itself says nothing.
        assertThat(wrong(once, null, schema)).isEqualTo(wrong(once, null, schema));
        assertThat(wrong(once, once, schema)).isEmpty();
    }

    @Property(tries = 300)
    void whatFitsTheSchemaStillFitsWhenPrunedAndFilledIn(@ForAll long seed) {
        Random random = new Random(seed);
        JsonObject text = schema(random, 3, true);
        StructuralSchema schema = StructuralSchema.read(text);
        JsonObject fitting = (JsonObject) fitting(random, text);
        assertThat(wrong(fitting, null, schema)).isEmpty();
        assertThat(wrong(normal(fitting, schema), null, schema)).isEmpty();
    }

    @Property(tries = 300)
    void generatedSchemasAreStructural(@ForAll long seed) {
        Errors errors = new Errors();
        new StructuralRules(errors).check(schema(new Random(seed), 3, true), "s");
        assertThat(errors.list()).isEmpty();
    }

    private static JsonObject normal(JsonObject object, StructuralSchema schema) {
        return StructuralDefaults.filledIn(new StructuralPruning().object(object, schema), schema);
    }

    private static List<?> wrong(JsonObject object, JsonObject before, StructuralSchema schema) {
        Errors errors = new Errors();
        new StructuralValidation(errors).check(object, before, schema, "");
        return errors.list();
    }

    private static JsonObject schema(Random random, int depth, boolean root) {
        int sort = root ? 0 : random.nextInt(depth == 0 ? 3 : 6);
        JsonObject.Builder schema = JsonObject.builder();
        switch (sort) {
            case 0, 3 -> {
                schema.put("type", "object");
                if (!root && random.nextInt(4) == 0) {
                    schema.put("additionalProperties", schema(random, depth - 1, false));
                } else {
                    JsonObject.Builder properties = JsonObject.builder();
                    for (String name : NAMES.subList(0, depth <= 0 ? 0 : 3)) {
                        properties.put(name, schema(random, depth - 1, false));
                    }
                    schema.put("properties", properties.build());
                    if (random.nextInt(4) == 0) {
                        schema.put("x-kubernetes-preserve-unknown-fields", true);
                    }
                }
            }
            case 1 -> {
                schema.put("type", "integer");
                if (random.nextBoolean()) {
                    schema.put("default", random.nextInt(5)).put("minimum", 0);
                }
            }
            case 2 -> {
                schema.put("type", "string");
                if (random.nextBoolean()) {
                    schema.put("default", "abc").put("pattern", "^[a-z]*$");
                }
            }
            default -> schema.put("type", "array").put("items", schema(random, depth - 1, false));
        }
        if (!root && random.nextInt(5) == 0 && !schema.has("default")) {
            schema.put("nullable", true);
        }
        return schema.build();
    }

    private static Json value(Random random, int depth, boolean root) {
        switch (root ? 0 : random.nextInt(depth == 0 ? 3 : 5)) {
            case 0 -> {
                JsonObject.Builder object = JsonObject.builder();
                for (String name : NAMES) {
                    if (depth > 0 && random.nextInt(3) > 0) {
                        object.put(name, value(random, depth - 1, false));
                    }
                }
                return object.build();
            }
            case 1 -> {
                return Json.of(random.nextInt(10) - 2);
            }
            case 2 -> {
                return random.nextBoolean() ? JsonNull.INSTANCE : Json.of("xyz");
            }
            default -> {
                List<Json> items = new ArrayList<>();
                for (int i = random.nextInt(3); i > 0; i--) {
                    items.add(value(random, depth - 1, false));
                }
                return new JsonArray(items);
            }
        }
    }

    private static Json fitting(Random random, JsonObject schema) {
        if (schema.flag("nullable") && random.nextInt(4) == 0) {
            return JsonNull.INSTANCE;
        }
        return switch (schema.text("type")) {
            case "integer" -> Json.of(random.nextInt(9));
            case "string" -> Json.of("word");
            case "array" ->
                    random.nextBoolean()
                            ? JsonArray.EMPTY
                            : JsonArray.of(fitting(random, schema.object("items")));
            default -> {
                JsonObject.Builder object = JsonObject.builder();
                schema.object("properties")
                        .members()
                        .forEach(
                                (name, value) -> {
                                    if (random.nextBoolean()) {
                                        object.put(name, fitting(random, (JsonObject) value));
                                    }
                                });
                if (schema.has("additionalProperties")) {
                    object.put("k", fitting(random, schema.object("additionalProperties")));
                }
                yield object.build();
            }
        };
    }
}
