// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectorTest {
    private static final Map<String, String> LABELS =
            Map.of("app", "web", "tier", "", "n", "5", "x.io/y", "z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                     | true",
                "app=web                | true",
                "app==web,x.io/y = z    | true",
                "app!=web               | false",
                "gone!=web              | true",
                "app in (db, web)       | true",
                "app notin (db,web)     | false",
                "gone notin (a)         | true",
                "app                    | true",
                "gone                   | false",
                "!gone                  | true",
                "!app                   | false",
                "tier=                  | true",
                "tier in (,a)           | true",
                "n>4                    | true",
                "n<5                    | false",
                "app>4                  | false"
            })
    void labelSelectorsFollowTheQuerySyntax(String text, boolean matches) {
        LabelSelector selector = LabelSelector.parse(text);
        assertThat(selector.matches(LABELS)).isEqualTo(matches);
        assertThat(LabelSelector.parse(selector.toString())).isEqualTo(selector);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "=a",
                "a in b",
                "a in (b",
                "a,",
                "a b",
                "a=b c",
                "-a=b",
                "a/b/c=d",
                "a=?",
                "!",
                ",a",
                "a in (b))"
            })
    void refusesWhatIsNoLabelSelector(String text) {
        assertThatThrownBy(() -> LabelSelector.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("unable to parse");
    }

    @Test
    void readsMatchLabelsAndMatchExpressions() throws JsonException {
        LabelSelector selector =
                LabelSelector.of(
                        (JsonObject)
                                Json.parse(
                                        "{\"matchLabels\":{\"app\":\"web\"},\"matchExpressions\":[{\"key\":\"tier\",\"operator\":\"Exists\"},"
                                            + "{\"key\":\"n\",\"operator\":\"NotIn\",\"values\":[\"6\"]}]}"));
        assertThat(selector.matches(LABELS)).isTrue();
        assertThat(selector).hasToString("app=web,tier,n!=6");
        assertThatThrownBy(
                        () ->
                                LabelSelector.requirement(
                                        (JsonObject)
                                                Json.parse("{\"key\":\"a\",\"operator\":\"In\"}")))
                .hasMessageContaining("needs values");
        assertThatThrownBy(
                        () ->
                                LabelSelector.requirement(
                                        (JsonObject)
                                                Json.parse(
                                                        "{\"key\":\"a\",\"operator\":\"Like\"}")))
                .hasMessageContaining("\"Like\"");
    }

    @Test
    void fieldSelectorsCompareAndEscape() {
        FieldSelector selector =
                FieldSelector.parse(
                        "metadata.name=a\\,b\\=c,status.phase!=Failed,spec.nodeName==n1");
        Map<String, String> fields =
                Map.of("metadata.name", "a,b=c", "status.phase", "Running", "spec.nodeName", "n1");
        assertThat(selector.matches(field -> fields.getOrDefault(field, ""))).isTrue();
        assertThat(selector.required("spec.nodeName")).contains("n1");
        assertThat(selector.required("status.phase")).isEmpty();
        assertThat(FieldSelector.parse(selector.toString())).isEqualTo(selector);
        assertThatThrownBy(() -> FieldSelector.parse("status.phase"))
                .hasMessageContaining("can't understand");
    }
}
