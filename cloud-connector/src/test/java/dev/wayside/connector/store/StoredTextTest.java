// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StoredTextTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{}}",
                "{\"metadata\":{},\"spec\":{\"metadata\":{\"x\":1}}}",
                "{\"spec\":{\"metadata\":{\"x\":1}},\"metadata\":{\"name\":\"b\"}}",
                "{\"list\":[{\"metadata\":{}},\"}\"],\"metadata\":{\"name\":\"c\"}}",
                "{\"data\":{\"a\":\"\\\\\",\"b\":\"\\\"metadata\\\":{\"},\"metadata\":{\"n\":1}}",
                "{\"kind\":\"metadata\",\"x\":\"\\\"\",\"metadata\":{\"name\":\"\u00e4\"}}"
            })
    void theRevisionComesIntoTheMetadataAndNothingElseChanges(String text) throws Exception {
        JsonObject object = (JsonObject) Json.parse(text);
        byte[] with = StoredText.withRevision(text.getBytes(StandardCharsets.UTF_8), 42);
        assertThat(Json.parse(with)).isEqualTo(Stored.at(new KubeObject(object), 42).json());
    }

    @Test
    void aTextWithoutMetadataIsRefused() {
        byte[] text = "{\"kind\":\"metadata\"}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> StoredText.withRevision(text, 42))
                .isInstanceOf(IllegalStateException.class);
    }
}
