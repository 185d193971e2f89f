// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The numbers of PodDisruptionBudgets. */
final class DisruptionsTest {
    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private void budget(String spec) {
        world.store.create(
                ResourceType.POD_DISRUPTION_BUDGETS,
                KubeObject.of(ResourceType.POD_DISRUPTION_BUDGETS, "default", "web")
                        .withSpec(
                                World.parse(
                                        spec.replace('\'', '"')
                                                .replace(
                                                        "WEB",
                                                        "\"selector\":{\"matchLabels\":{\"app\":\"web\"}}"))),
                World.USER);
    }

    private JsonObject status() {
        return world.get(ResourceType.POD_DISRUPTION_BUDGETS, "web").status();
    }

    private String numbers() {
        JsonObject status = status();
        return status.number("currentHealthy").orElse(-1)
                + " of "
                + status.number("expectedPods").orElse(-1)
                + ", needs "
                + status.number("desiredHealthy").orElse(-1)
                + ", allows "
                + status.number("disruptionsAllowed").orElse(-1);
    }

    private void expect(String numbers) {
        try {
            await(numbers, () -> numbers().equals(numbers));
        } catch (AssertionError e) {
            assertThat(numbers()).isEqualTo(numbers);
            throw e;
        }
    }

    private void web(int replicas) {
        world.node("a", Map.of());
        world.start();
        world.deployment("web", spec("web", "v1", ",\"replicas\":" + replicas));
        await("complete", () -> world.isComplete("web", replicas));
    }

    @Test
    void aNumberOfPodsMustStay() {
        web(3);
        budget("{'minAvailable':2,WEB}");
        expect("3 of 3, needs 2, allows 1");
        Set<String> sick = ConcurrentHashMap.newKeySet();
        sick.add(world.pods("web-").findFirst().orElseThrow().name());
        world.healthy(pod -> !sick.contains(pod.name()));
        expect("2 of 3, needs 2, allows 0");
        assertThat(
                        world.get(ResourceType.POD_DISRUPTION_BUDGETS, "web")
                                .condition("DisruptionAllowed")
                                .orElseThrow()
                                .text("reason"))
                .isEqualTo("InsufficientPods");
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":5}}");
        expect("4 of 5, needs 2, allows 2");
    }

    @Test
    void aShareOfWhatTheDeploymentAsksForMustStay() {
        web(4);
        budget("{'maxUnavailable':'30%',WEB}");
        expect("4 of 4, needs 2, allows 2");
        world.patch(
                ResourceType.POD_DISRUPTION_BUDGETS,
                "web",
                "{\"spec\":{\"maxUnavailable\":null,\"minAvailable\":\"60%\"}}");
        expect("4 of 4, needs 3, allows 1");
        world.patch(ResourceType.DEPLOYMENTS, "web", "{\"spec\":{\"replicas\":10}}");
        expect("10 of 10, needs 6, allows 4");
    }

    @Test
    void aShareOfWhatAStatefulSetAsksForMustStay() {
        world.node("a", Map.of());
        world.start();
        world.create(
                ResourceType.STATEFUL_SETS,
                "web",
                spec("web", "v1", ",\"replicas\":4,\"podManagementPolicy\":\"Parallel\""));
        budget("{'maxUnavailable':'50%',WEB}");
        expect("4 of 4, needs 2, allows 2");
        world.patch(ResourceType.STATEFUL_SETS, "web", "{\"spec\":{\"replicas\":6}}");
        expect("6 of 6, needs 3, allows 3");
    }

    @Test
    void aNoteOfAnEvictionCountsUntilItsPodGoesOrTooMuchTimePasses() {
        web(3);
        budget("{'minAvailable':1,WEB}");
        expect("3 of 3, needs 1, allows 2");
        String pod = world.pods("web-").findFirst().orElseThrow().name();
        KubeObject budget = world.get(ResourceType.POD_DISRUPTION_BUDGETS, "web");
        world.store.update(
                ResourceType.POD_DISRUPTION_BUDGETS,
                budget.withStatus(
                        budget.status()
                                .with(
                                        "disruptedPods",
                                        JsonObject.of(
                                                pod,
                                                world.clock
                                                        .instant()
                                                        .truncatedTo(
                                                                java.time.temporal.ChronoUnit
                                                                        .SECONDS)
                                                        .toString()))),
                "status",
                World.USER);
        expect("2 of 3, needs 1, allows 1");
        world.clock.advance(Duration.ofMinutes(3));
        world.restart();
        expect("3 of 3, needs 1, allows 2");
        assertThat(status().has("disruptedPods")).isFalse();
    }

    @Test
    void podsThatNobodyScalesAreNoBasisForAShare() {
        world.node("a", Map.of());
        world.start();
        world.store.create(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", "alone")
                        .withLabels(Map.of("app", "web"))
                        .withSpec(
                                World.parse("{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}")),
                World.USER);
        budget("{'maxUnavailable':1,WEB}");
        await(
                "told",
                () ->
                        world.get(ResourceType.POD_DISRUPTION_BUDGETS, "web")
                                .condition("DisruptionAllowed")
                                .map(condition -> condition.text("message"))
                                .orElse("")
                                .contains("alone has no controller"));
        assertThat(status().number("disruptionsAllowed")).hasValue(0);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> budget("{'minAvailable':1,'maxUnavailable':1,WEB}"))
                .hasMessageContaining("cannot be both set");
        assertThatThrownBy(() -> budget("{'minAvailable':'x',WEB}"))
                .hasMessageContaining("spec.minAvailable");
        assertThatThrownBy(() -> budget("{'maxUnavailable':-1,WEB}"))
                .hasMessageContaining("spec.maxUnavailable");
    }
}
