// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyDecoderTest {
    private final BodyDecoder decoder = new BodyDecoder();

    @Test
    void readsJsonAndNamesDuplicateFields() {
        BodyDecoder.Decoded decoded =
                decode("application/json; charset=utf-8", "{\"a\":1,\"a\":2}");

        assertThat(decoded.value().toJson()).isEqualTo("{\"a\":2}");
        assertThat(decoded.strictErrors()).containsExactly("duplicate field \"a\"");
    }

    @Test
    void readsYamlAsTheSameTree() {
        BodyDecoder.Decoded decoded =
                decode("application/yaml", "a: [1, 2.5, true, ~, x]\nb: {3: y}\n");

        assertThat(decoded.value().toJson())
                .isEqualTo("{\"a\":[1,2.5,true,null,\"x\"],\"b\":{\"3\":\"y\"}}");
    }

    @Test
    void boundsYamlThatGrowsByAliases() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 45; i++) {
            bomb.append("a" + i + ": &a" + i + " [*a" + (i - 1) + ", *a" + (i - 1) + "]\n");
        }

        assertRefused("application/yaml", bomb.toString(), Reason.BAD_REQUEST);
    }

    @Test
    void boundsYamlThatGrowsByAliasesOfOneLongText() {
        String bomb = "a: &a " + "x".repeat(100_000) + "\nb: [" + "*a, ".repeat(40) + "1]";

        assertRefused("application/yaml", bomb, Reason.BAD_REQUEST);
    }

    @Test
    void readsWhatAliasesRepeatWithinBounds() {
        assertThat(yaml("a: &a {x: &n 1}\nb: [*a, *n]\n*n : 2\n"))
                .isEqualTo("{\"a\":{\"x\":1},\"b\":[{\"x\":1},1],\"1\":2}");
        assertRefused("application/yaml", "&a [*a]", Reason.BAD_REQUEST);
        assertRefused("application/yaml", "[*a]", Reason.BAD_REQUEST);
        assertRefused("application/yaml", "a: &a [1]\n? *a\n: 1", Reason.BAD_REQUEST);
    }

    /** To read so many digits would take minutes. */
    @ParameterizedTest
    @Timeout(60)
    @ValueSource(strings = {"9", "0x", "0o", "-", "1.", "!!int ", "!!int \"", "!!float 1."})
    void refusesYamlNumbersLongerThanInJson(String begin) {
        String end = begin.endsWith("\"") ? "\"" : "";

        assertRefused(
                "application/yaml",
                "a: " + begin + "7".repeat(1_000_000) + end,
                Reason.BAD_REQUEST);
    }

    @Test
    void readsTheScalarsOfYamlsCoreSchema() {
        assertThat(yaml("[010, 0x1F, 0o17, +5, -2, 1e3, .5, .inf, 99999999999999999999]"))
                .isEqualTo("[10,31,15,5,-2,1000.0,0.5,\"Infinity\",99999999999999999999]");
        assertThat(yaml("[~, null, !!null '', yes, True, '1', \"2\", !!str 3, ! 4, !!int '5']"))
                .isEqualTo("[null,null,null,\"yes\",true,\"1\",\"2\",\"3\",\"4\",5]");
        assertThat(yaml("")).isEqualTo("null");
        assertThat(yaml("a: |\n  x\n  y\nb: " + "x".repeat(1_000)))
                .isEqualTo("{\"a\":\"x\\ny\\n\",\"b\":\"" + "x".repeat(1_000) + "\"}");
        assertRefused("application/yaml", "!!java.lang.Runtime [1]", Reason.BAD_REQUEST);
        assertRefused("application/yaml", "!!int x", Reason.BAD_REQUEST);
        assertRefused("application/yaml", "a: 1\na: 2", Reason.BAD_REQUEST);
    }

    private String yaml(String text) {
        return decode("application/yaml", text).value().toJson();
    }

    @Test
    void boundsTheDepthOfYaml() {
        assertRefused("application/yaml", "[".repeat(100_000), Reason.BAD_REQUEST);
    }

    @Test
    void refusesYamlOfTwoDocuments() {
        assertRefused("application/yaml", "a: 1\n---\nb: 2\n", Reason.BAD_REQUEST);
    }

    @Test
    void refusesMalformedJson() {
        assertRefused("application/json", "{\"a\":", Reason.BAD_REQUEST);
        assertRefused("", "", Reason.BAD_REQUEST);
    }

    @Test
    void saysWhichTypesItTakes() {
        assertRefused("text/csv", "", Reason.UNSUPPORTED_MEDIA_TYPE);
        assertThatThrownBy(() -> decode("text/csv", ""))
                .hasMessageContaining("text/csv")
                .hasMessageContaining("application/vnd.kubernetes.protobuf");
    }

    @Test
    void refusesProtobufThatIsNone() {
        assertRefused(BodyDecoder.PROTOBUF, "", Reason.BAD_REQUEST);
        assertRefused(BodyDecoder.PROTOBUF, "k8s\0\u007f", Reason.BAD_REQUEST);
    }

    private void assertRefused(String type, String body, Reason reason) {
        assertThatThrownBy(() -> decode(type, body))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    private BodyDecoder.Decoded decode(String type, String body) {
        return decoder.decode(type, body.getBytes(StandardCharsets.UTF_8));
    }
}
