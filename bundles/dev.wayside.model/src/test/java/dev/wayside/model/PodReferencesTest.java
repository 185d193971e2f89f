// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PodReferencesTest {
    @Test
    void findsEveryReferenceOfAPod() throws Exception {
        KubeObject all =
                KubeObject.of(ResourceType.PODS, "n", "p")
                        .withSpec(
                                (JsonObject)
                                        Json.parse(
                                                """
                                                {"imagePullSecrets": [{"name": "s1"}],
                                                 "initContainers": [{"env": [{"valueFrom":
                                                   {"secretKeyRef": {"name": "s2"}}}]}],
                                                 "containers": [{"env": [{"valueFrom":
                                                   {"configMapKeyRef": {"name": "m1"}}}],
                                                   "envFrom": [{"secretRef": {"name": "s3"}},
                                                     {"configMapRef": {"name": "m2"}}]}],
                                                 "ephemeralContainers": [{"envFrom":
                                                   [{"secretRef": {"name": "s6"}}]}],
                                                 "volumes": [{"configMap": {"name": "m3"}},
                                                   {"secret": {"secretName": "s4"}},
                                                   {"projected": {"sources": [
                                                     {"secret": {"name": "s5"}},
                                                     {"configMap": {"name": "m4"}}]}}]}
                                                """));

        assertThat(PodReferences.of(all))
                .extracting(ObjectKey::toString)
                .containsExactlyInAnyOrder(
                        "secrets n/s1",
                        "secrets n/s2",
                        "secrets n/s3",
                        "secrets n/s4",
                        "secrets n/s5",
                        "secrets n/s6",
                        "configmaps n/m1",
                        "configmaps n/m2",
                        "configmaps n/m3",
                        "configmaps n/m4");
    }

    @Test
    void whatIsNotNamedIsNoReference() throws Exception {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "n", "p")
                        .withSpec(
                                (JsonObject)
                                        Json.parse(
                                                """
                                                {"containers": [{"env": [{"name": "A", "value": "x"}]}],
                                                 "volumes": [{"emptyDir": {}}, {"configMap": {}}]}
                                                """));

        assertThat(PodReferences.of(pod)).isEmpty();
    }
}
