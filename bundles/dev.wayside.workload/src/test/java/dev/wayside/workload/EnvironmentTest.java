// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeDesiredState;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EnvironmentTest {
    private final FakeDesiredState state = new FakeDesiredState();

    private Map<String, String> env(String container) throws InputException {
        JsonObject json = TestGateway.parse(container);
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", "web")
                        .withMetadata("uid", Json.of("u-1"))
                        .withLabels(Map.of("app", "shop"))
                        .withAnnotations(Map.of("example.test/team", "blue"))
                        .withSpec(
                                TestGateway.parse(
                                        """
                                        {"serviceAccountName": "robot", "containers": [%s]}\
                                        """
                                                .formatted(container)));
        return Environment.of(
                json, new PodFields(pod, "node-1", "192.0.2.7", "10.0.0.5"), Inputs.of(pod, state));
    }

    private void configMap(String data) {
        state.put(
                ResourceType.CONFIG_MAPS,
                KubeObject.of(ResourceType.CONFIG_MAPS, "default", "cfg")
                        .with("data", TestGateway.parse(data)));
    }

    @Test
    void expandsWhatWasGivenBefore() throws Exception {
        assertThat(
                        env(
                                """
                                {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)$$(A)$"},
                                         {"name": "C", "value": "$(B) $(open"}]}\
                                """))
                .containsExactly(
                        Map.entry("A", "1"),
                        Map.entry("B", "1$(C)$(A)$"),
                        Map.entry("C", "1$(C)$(A)$ $(open"));
    }

    @Test
    void readsThePodsOwnFields() throws Exception {
        assertThat(
                        env("""
                        {"env": [
                         {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                         {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
                         {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['example.test/team']"}}},
                         {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                         {"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
                         {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                         {"name": "G", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}},
                         {"name": "H", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['none']"}}}]}\
                        """)
                                .values())
                .containsExactly(
                        "web", "shop", "blue", "10.0.0.5", "192.0.2.7", "node-1", "robot", "");
    }

    @Test
    void takesAllOfAConfigMapAndPassesOverImpossibleNames() throws Exception {
        configMap(
                """
                {"a": "1", "b.c": "2", "d=e": "3"}\
                """);
        assertThat(
                        env(
                                """
                                {"envFrom": [{"prefix": "X_", "configMapRef": {"name": "cfg"}},
                                             {"secretRef": {"name": "none", "optional": true}}],
                                 "env": [{"name": "X_a", "value": "own"}]}\
                                """))
                .containsExactly(Map.entry("X_a", "own"), Map.entry("X_b.c", "2"));
    }

    @Test
    void anOptionalReferenceMayBeAbsentOnceThatIsKnown() throws Exception {
        String container =
                """
                {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]}\
                """;
        assertThat(env(container)).isEmpty();
        state.incomplete(ResourceType.SECRETS);

        assertThatThrownBy(() -> env(container))
                .isInstanceOf(InputException.class)
                .hasMessage("secret \"s\" has not been received yet");
    }

    @Test
    void anAbsentKeyIsNamed() {
        configMap("{}");
        assertThatThrownBy(
                        () ->
                                env(
                                        """
                                        {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "k"}}}]}\
                                        """))
                .hasMessage("couldn't find key k in ConfigMap default/cfg");
    }
}
