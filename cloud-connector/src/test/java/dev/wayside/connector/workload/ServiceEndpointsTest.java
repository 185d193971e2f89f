// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ServiceEndpointsTest {
    private static KubeObject service(String spec) throws JsonException {
        return object(
                "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"uid\":\"u\"},\"spec\":"
                        + spec
                        + "}");
    }

    private static KubeObject pod(String name, String ip, String more) throws JsonException {
        return object(
                """
                {"metadata": {"name": "NAME", "namespace": "shop", "uid": "uid-NAME"},
                 "spec": {"nodeName": "gw", "containers": [{"ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}]},
                 "status": {"podIP": "ADDRESS", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]} MORE}
                """
                        .replace("NAME", name)
                        .replace("ADDRESS", ip)
                        .replace("MORE", more));
    }

    private static KubeObject object(String json) throws JsonException {
        return new KubeObject((JsonObject) Json.parse(json));
    }

    private static String conditions(KubeObject slice, int endpoint) {
        return slice.json()
                .array("endpoints")
                .objects()
                .get(endpoint)
                .object("conditions")
                .toJson();
    }

    @Test
    void namedPortsAreThoseOfEachPod() throws Exception {
        KubeObject other =
                pod("b", "10.0.0.2", "")
                        .withSpec(
                                (JsonObject)
                                        Json.parse(
                                                """
                                                {"containers": [{"ports": [{"name": "http", "containerPort": 9090, "protocol": "TCP"}]}]}
                                                """));
        ServiceEndpoints endpoints =
                new ServiceEndpoints(
                        service(
                                "{\"ports\":[{\"name\":\"w\",\"port\":80,\"targetPort\":\"http\",\"protocol\":\"TCP\"}]}"),
                        List.of(pod("a", "10.0.0.1", ""), other));
        assertThat(endpoints.slices())
                .extracting(
                        slice ->
                                slice.json()
                                        .array("ports")
                                        .objects()
                                        .get(0)
                                        .number("port")
                                        .orElse(0))
                .containsExactlyInAnyOrder(8080L, 9090L);
        assertThat(endpoints.endpoints().json().array("subsets").objects()).hasSize(2);
    }

    @Test
    void aPodThatEndsServesButIsNotReady() throws Exception {
        KubeObject ending =
                pod("a", "10.0.0.1", "")
                        .withMetadata("deletionTimestamp", Json.of("2026-01-01T00:00:00Z"));
        ServiceEndpoints endpoints =
                new ServiceEndpoints(
                        service(
                                "{\"ports\":[{\"port\":80,\"targetPort\":80,\"protocol\":\"TCP\"}]}"),
                        List.of(ending));
        assertThat(conditions(endpoints.slices().get(0), 0))
                .isEqualTo("{\"ready\":false,\"serving\":true,\"terminating\":true}");
        assertThat(endpoints.endpoints().json().has("subsets")).isFalse();
    }

    @Test
    void largeServicesAreCutIntoSlicesOfAHundred() throws Exception {
        List<KubeObject> pods = new ArrayList<>();
        for (int i = 0; i < 1_250; i++) {
            pods.add(pod("p" + (1_000 + i), "10.1." + i / 250 + "." + (i % 250 + 1), ""));
        }
        ServiceEndpoints endpoints =
                new ServiceEndpoints(
                        service(
                                "{\"ports\":[{\"port\":80,\"targetPort\":80,\"protocol\":\"TCP\"}]}"),
                        pods);
        assertThat(endpoints.slices()).hasSize(13);
        assertThat(endpoints.slices()).extracting(KubeObject::name).doesNotHaveDuplicates();
        assertThat(endpoints.slices())
                .allMatch(slice -> slice.json().array("endpoints").size() <= 100);
        assertThat(
                        endpoints
                                .endpoints()
                                .json()
                                .array("subsets")
                                .objects()
                                .get(0)
                                .array("addresses"))
                .hasSize(1_000);
    }

    @Test
    void podsWithoutAddressOrAtTheirEndAreNone() throws Exception {
        KubeObject done =
                pod("b", "10.0.0.2", "")
                        .withStatus(JsonObject.of("phase", "Succeeded").with("podIP", "10.0.0.2"));
        KubeObject waiting = pod("c", "", "");
        List<KubeObject> slices =
                new ServiceEndpoints(
                                service("{\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]}"),
                                List.of(done, waiting))
                        .slices();
        assertThat(slices).hasSize(1);
        assertThat(slices.get(0).json().array("endpoints")).isEmpty();
    }
}
