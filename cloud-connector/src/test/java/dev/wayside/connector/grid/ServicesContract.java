// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who serves a Service, on any store. */
abstract class ServicesContract {
    private final World world;

    ServicesContract(World.Kind kind) {
        world = new World(kind);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private Stream<JsonObject> endpoints(String service) {
        return world.store.all(ResourceType.ENDPOINT_SLICES).stream()
                .filter(slice -> service.equals(slice.labels().get("kubernetes.io/service-name")))
                .flatMap(slice -> slice.json().array("endpoints").objects().stream());
    }

    private List<String> addresses(String service) {
        return endpoints(service)
                .filter(endpoint -> endpoint.object("conditions").flag("ready"))
                .flatMap(endpoint -> endpoint.array("addresses").strings().stream())
                .sorted()
                .toList();
    }

    private List<String> older(String service, String list) {
        return world
                .store
                .get(ResourceType.ENDPOINTS.key("default", service))
                .map(KubeObject::json)
                .orElse(JsonObject.EMPTY)
                .array("subsets")
                .objects()
                .stream()
                .flatMap(subset -> subset.array(list).objects().stream())
                .map(address -> address.text("ip"))
                .sorted()
                .toList();
    }

    private List<String> pods(String prefix) {
        return world.pods(prefix).map(pod -> pod.status().text("podIP")).sorted().toList();
    }

    private void web(int replicas) {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":" + replicas));
        world.service(
                "web",
                "{\"selector\":{\"app\":\"web\"},\"ports\":[{\"port\":80,\"targetPort\":8080,\"protocol\":\"TCP\"}]}");
        await("ready", () -> world.isComplete("web", replicas));
    }

    @Test
    void followsTheReadyPods() {
        web(3);
        await("all serve", () -> addresses("web").equals(pods("web-")));
        await("in the older form, too", () -> older("web", "addresses").equals(pods("web-")));
        JsonObject slice =
                world.store.all(ResourceType.ENDPOINT_SLICES).stream()
                        .filter(each -> each.name().startsWith("web-"))
                        .findFirst()
                        .orElseThrow()
                        .json();
        assertThat(slice.array("ports").objects().get(0).number("port")).hasValue(8080);
        assertThat(slice.array("endpoints").objects())
                .allMatch(each -> each.text("nodeName").equals("a"));
        KubeObject sick = world.pods("web-").findFirst().orElseThrow();
        world.healthy(pod -> !pod.name().equals(sick.name()));
        await("one less", () -> addresses("web").size() == 2);
        assertThat(addresses("web")).doesNotContain(sick.status().text("podIP"));
        await(
                "and in the older form",
                () ->
                        older("web", "notReadyAddresses")
                                .equals(List.of(sick.status().text("podIP"))));
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":0}}");
        await("nobody", () -> endpoints("web").count() == 0);
        await("nobody in the older form", () -> older("web", "addresses").isEmpty());
    }

    @Test
    void whatOthersChangeIsPutRight() {
        web(1);
        await("serves", () -> addresses("web").equals(pods("web-")));
        String slice = world.names(ResourceType.ENDPOINT_SLICES).get(0);
        world.patch(ResourceType.ENDPOINT_SLICES, slice, "{\"endpoints\":[]}");
        world.delete(ResourceType.ENDPOINTS, "web");
        await("again", () -> addresses("web").equals(pods("web-")));
        await("also the older form", () -> older("web", "addresses").equals(pods("web-")));
    }

    @Test
    void aServiceTakesItsEndpointsWithIt() {
        web(2);
        await("serve", () -> addresses("web").equals(pods("web-")));
        world.delete(ResourceType.SERVICES, "web");
        await(
                "gone",
                () ->
                        world.names(ResourceType.ENDPOINT_SLICES).isEmpty()
                                && world.names(ResourceType.ENDPOINTS).isEmpty());
    }

    @Test
    void leavesTheEndpointsOfAServiceWithoutSelectorToTheirUser() {
        world.node("a", Map.of());
        world.start();
        world.service("other", "{\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]}");
        world.store.create(
                ResourceType.ENDPOINTS,
                new KubeObject(
                        World.parse(
                                """
                                {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "other", "namespace": "default"},
                                 "subsets": [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80, "protocol": "TCP"}]}]}
                                """)),
                World.USER);
        world.deployment("web", spec("web", "v1", ",\"replicas\":1"));
        world.service(
                "web",
                "{\"selector\":{\"app\":\"web\"},\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]}");
        await("the other Service is served", () -> addresses("web").size() == 1);
        assertThat(older("other", "addresses")).containsExactly("192.0.2.7");
    }

    @Test
    void countsAfterARestart() {
        web(2);
        await("serve", () -> addresses("web").equals(pods("web-")));
        world.stop();
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":3}}");
        world.start();
        await("three", () -> addresses("web").size() == 3 && addresses("web").equals(pods("web-")));
        assertThat(world.names(ResourceType.ENDPOINT_SLICES)).hasSize(1);
    }
}
