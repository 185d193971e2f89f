// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

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
