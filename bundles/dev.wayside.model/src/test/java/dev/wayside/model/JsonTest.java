// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "true",
                "\"\"",
                "0",
                "-1.50",
                "1e3",
                "12345678901234567890123",
                "{\"b\":1,\"a\":[{},[],\"é\\n\\\"\",null,false]}"
            })
    void writesWhatItRead(String text) throws JsonException {
        assertThat(Json.parse(text).toJson()).isEqualTo(text);
    }

    @Test
    void anyTreeSurvivesWritingAndReading() throws JsonException {
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            Json tree = tree(random, 4);
            assertThat(Json.parse(tree.toBytes())).isEqualTo(tree);
            assertThat(Json.parse(tree.toBytes()).hashCode()).isEqualTo(tree.hashCode());
        }
    }

    private static Json tree(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 4 : 6)) {
            case 0 -> Json.of(random.nextLong());
            case 1 -> text(random);
            case 2 -> Json.of(random.nextBoolean());
            case 3 -> JsonNull.INSTANCE;
            case 4 -> {
                JsonArray array = JsonArray.EMPTY;
                for (int i = random.nextInt(4); i > 0; i--) {
                    array = array.plus(tree(random, depth - 1));
                }
                yield array;
            }
            default -> {
                JsonObject.Builder object = JsonObject.builder();
                for (int i = random.nextInt(4); i > 0; i--) {
                    object.put("m" + random.nextInt(10), tree(random, depth - 1));
                }
                yield object.build();
            }
        };
    }

    private static Json text(Random random) {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        return Json.of(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "{", "{\"a\"", "[1,]", "{} {}", "{'a':1}", "01", "nul", "\"\\x\"", "NaN",
                "\"\n\""
            })
    void refusesWhatIsNoJson(String text) {
        assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void refusesMoreThanTheLimits() {
        JsonLimits limits = new JsonLimits(100, 5, 10);
        assertThatThrownBy(() -> read("\"" + "x".repeat(100) + "\"", limits))
                .hasMessageContaining("limit of 100");
        assertThatThrownBy(() -> read("[".repeat(6) + "]".repeat(6), limits))
                .hasMessageContaining("deeper than 5");
        assertThatThrownBy(() -> read("[1,2,3,4,5,6,7,8,9,10]", limits))
                .hasMessageContaining("more than 10 values");
        String deep = "[".repeat(1_000_000);
        assertThatThrownBy(() -> Json.parse(deep)).isInstanceOf(JsonException.class);
    }

    private static Json read(String text, JsonLimits limits) throws JsonException {
        return JsonReader.read(
                text.getBytes(StandardCharsets.UTF_8), limits, JsonReader.DuplicateNames.LAST_WINS);
    }

    @Test
    void aRepeatedNameIsRefusedOrTheLastWins() throws JsonException {
        byte[] twice = "{\"a\":1,\"a\":2}".getBytes(StandardCharsets.UTF_8);
        assertThat(Json.parse(twice)).isEqualTo(JsonObject.of("a", Json.of(2)));
        assertThatThrownBy(
                        () ->
                                JsonReader.read(
                                        twice,
                                        JsonLimits.DEFAULT,
                                        JsonReader.DuplicateNames.REFUSE))
                .hasMessageContaining("duplicate field \"a\"");
    }

    @Test
    void numbersCompareByValueAndKnowWhetherTheyAreWhole() throws JsonException {
        assertThat(Json.parse("1.0")).isEqualTo(Json.of(1)).hasSameHashCodeAs(Json.of(1));
        assertThat(((JsonNumber) Json.parse("1e3")).whole()).hasValue(1000);
        assertThat(((JsonNumber) Json.parse("1.5")).whole()).isEmpty();
        assertThat(((JsonNumber) Json.parse("1e999999999")).whole()).isEmpty();
    }

    @Test
    void setsAndRemovesAtAPathAndLeavesTheOriginal() throws JsonException {
        JsonObject object = (JsonObject) Json.parse("{\"a\":{\"b\":1}}");
        assertThat(object.withAt(List.of("a", "c", "d"), Json.of(2)).toJson())
                .isEqualTo("{\"a\":{\"b\":1,\"c\":{\"d\":2}}}");
        assertThat(object.withoutAt(List.of("a", "b")).toJson()).isEqualTo("{\"a\":{}}");
        assertThat(object.withoutAt(List.of("x", "y"))).isSameAs(object);
        assertThat(object.toJson()).isEqualTo("{\"a\":{\"b\":1}}");
    }

    @Test
    void membersCannotBeChangedFromOutside() {
        assertThatThrownBy(() -> JsonObject.of("a", "b").members().put("c", JsonNull.INSTANCE))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void anObjectOfATextIsReadWhenAskedAndWrittenAsItIs() throws Exception {
        String text = "{\"a\":1,\"b\":{\"c\":[\"\u00e4\\\"\"]}}";
        JsonObject object = JsonObject.ofText(text.getBytes(StandardCharsets.UTF_8));
        assertThat(object.toJson()).isEqualTo(text);
        JsonObject around =
                JsonObject.builder()
                        .put("items", JsonArray.of(object, object))
                        .put("after", "x")
                        .build();
        assertThat(around.toJson())
                .isEqualTo("{\"items\":[" + text + "," + text + "],\"after\":\"x\"}");
        assertThat(object).isEqualTo(Json.parse(text));
        assertThat(object.object("b").array("c").strings()).containsExactly("\u00e4\"");
        assertThat(object.with("d", 2).toJson()).endsWith(",\"d\":2}");
        assertThat(object.toJson()).isEqualTo(text);
    }

    @Test
    void aLongTextIsWrittenWhole() throws Exception {
        String text = "{\"a\":\"" + "x".repeat(100_000) + "\"}";
        JsonObject object = JsonObject.ofText(text.getBytes(StandardCharsets.UTF_8));
        assertThat(JsonObject.of("o", object).toJson()).isEqualTo("{\"o\":" + text + "}");
    }

    @Test
    void aTextThatIsNoObjectIsFoundOutWhenAsked() {
        JsonObject object = JsonObject.ofText("[1]".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(object::members).isInstanceOf(IllegalStateException.class);
    }
}
