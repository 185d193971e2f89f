// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    @Test
    void readsEveryKindOfValueAndComments() {
        assertThat(
                        JsonText.object(
                                "\uFEFF// head\n"
                                    + "{\"a\": [1, -2.5e1, true, false, []], /* between */ \"b\":"
                                    + " {\"c\": \"x\\n"
                                    + "\\u00e9\\\"/\\/\"}} // tail"))
                .isEqualTo(
                        Map.of(
                                "a",
                                List.of(1L, -25.0, true, false, List.of()),
                                "b",
                                Map.of("c", "x\né\"//")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":1} x",
                "{\"a\":01}",
                "{\"a\":tru}",
                "{\"a\":null}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"",
                "{\"a\":1e9999}",
                "/* {}",
                "{\"a\":1 \"b\":2}"
            })
    void refusesWhatIsNoJsonObject(String text) {
        assertThatThrownBy(() -> JsonText.object(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line");
    }

    @Test
    void refusesARepeatedNameAndSaysWhere() {
        assertThatThrownBy(() -> JsonText.object("{\n\"a\": 1,\n\"a\": 2}"))
                .hasMessage("line 3: expected each name once; \"a\" is here twice");
    }

    @Test
    void refusesNestingWithoutEnd() {
        assertThatThrownBy(() -> JsonText.object("{\"a\":" + "[".repeat(10_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nesting");
    }
}
