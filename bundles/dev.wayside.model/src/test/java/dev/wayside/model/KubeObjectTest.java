// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KubeObjectTest {
    @Test
    void keepsFieldsThatItHasNoNameFor() throws JsonException {
        KubeObject pod =
                new KubeObject(
                        (JsonObject)
                                Json.parse(
                                        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"future\":1},\"extra\":[]}"));
        assertThat(pod.withLabels(Map.of("a", "b")).json().toJson())
                .isEqualTo(
                        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"future\":1,\"labels\":{\"a\":\"b\"}},\"extra\":[]}");
        assertThat(pod.withLabels(Map.of("a", "b")).withLabels(Map.of())).isEqualTo(pod);
    }

    @Test
    void readsTimesAsKubernetesWritesThemAndPassesOverOthers() throws JsonException {
        KubeObject object =
                new KubeObject(
                        (JsonObject)
                                Json.parse(
                                        "{\"metadata\":{\"creationTimestamp\":\"2026-11-24T10:00:00+01:00\",\"deletionTimestamp\":\"soon\"}}"));
        assertThat(object.created()).contains(Instant.parse("2026-11-24T09:00:00Z"));
        assertThat(object.deleted()).isEmpty();
    }

    @Test
    void neverShowsItsContentInLogs() throws JsonException {
        KubeObject secret =
                new KubeObject(
                        (JsonObject)
                                Json.parse(
                                        "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},\"data\":{\"k\":\"djEx\"}}"));
        assertThat(secret).hasToString("Secret n/s");
    }

    @Test
    void pathsAndKeysFollowTheScopeOfTheKind() {
        assertThat(ResourceType.DEPLOYMENTS.path("web", "app"))
                .isEqualTo("/apis/apps/v1/namespaces/web/deployments/app");
        assertThat(ResourceType.NODES.path("", "gw-1")).isEqualTo("/api/v1/nodes/gw-1");
        assertThat(ResourceType.PODS.path("")).isEqualTo("/api/v1/pods");
        assertThat(ResourceType.NODES.key("ignored", "gw-1"))
                .isEqualTo(new ObjectKey("nodes", "", "gw-1"));
        assertThat(ResourceType.DEPLOYMENTS.key("web", "app"))
                .hasToString("deployments.apps web/app");
    }

    @Test
    void ownersSurviveWritingAndReading() {
        KubeObject owner =
                KubeObject.of(ResourceType.DEPLOYMENTS, "web", "app")
                        .withMetadata("uid", Json.of("u1"));
        OwnerReference reference = OwnerReference.controllerOf(owner);
        KubeObject owned =
                KubeObject.of(ResourceType.PODS, "web", "p")
                        .withMetadata("ownerReferences", JsonArray.of(reference.toJson()));
        assertThat(owned.controller()).contains(reference);
    }
}
