// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.node.AgentProgress.RuntimeState;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeStatusTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00.123456Z");
    private static final long GIB = 1L << 30;
    private static final Machine.Resources WELL =
            new Machine.Resources(4, GIB, GIB / 2, 10 * GIB, 5 * GIB, 300, 32_768);

    private Machine.Resources resources = WELL;
    private Optional<RuntimeState> agent =
            Optional.of(new RuntimeState(true, "docker://29.0.0", ""));
    private Duration progress = Duration.ofSeconds(1);
    private Optional<CacheHealth.Doubt> doubt = Optional.empty();
    private JsonArray before = JsonArray.EMPTY;

    @Test
    void saysCapacityAndWhatOfItPodsMayHave() {
        JsonObject status = status();

        assertThat(status.object("capacity"))
                .isEqualTo(
                        JsonObject.of("cpu", "4")
                                .with("memory", "1048576Ki")
                                .with("pods", "110")
                                .with("ephemeral-storage", "10485760Ki"));
        assertThat(status.object("allocatable"))
                .isEqualTo(
                        JsonObject.of("cpu", "4")
                                .with("memory", (1024 - 128) * 1024 + "Ki")
                                .with("pods", "110")
                                .with("ephemeral-storage", "9437184Ki"));
        resources = new Machine.Resources(1, 256L << 20, 128L << 20, GIB, GIB, 1, 100);
        assertThat(status().text("allocatable", "memory"))
                .as("at most a quarter is kept back")
                .isEqualTo(192 * 1024 + "Ki");
    }

    @Test
    void saysAddressesAndTheRuntime() {
        assertThat(status().array("addresses"))
                .isEqualTo(
                        JsonArray.of(
                                JsonObject.of("type", "InternalIP").with("address", "192.0.2.7"),
                                JsonObject.of("type", "Hostname").with("address", "box")));
        assertThat(status().object("nodeInfo"))
                .isEqualTo(
                        JsonObject.of("kernelVersion", "6.1")
                                .with("containerRuntimeVersion", "docker://29.0.0"));
    }

    @Test
    void isReadyWhileTheAgentMovesAndTheRuntimeAnswers() {
        assertCondition("Ready", "True", "GatewayReady");
        progress = Duration.ofSeconds(30);
        assertCondition("Ready", "False", "AgentNotReady");
        progress = Duration.ofMillis(29_999);
        agent = Optional.of(new RuntimeState(false, "", "docker: no answer"));
        assertCondition("Ready", "False", "RuntimeDown");
        assertThat(condition("Ready").text("message")).isEqualTo("docker: no answer");
        agent = Optional.empty();
        assertCondition("Ready", "False", "AgentNotReady");
    }

    @Test
    void isUnderPressureOnlyWhenItRunsOut() {
        assertCondition("MemoryPressure", "False", "GatewayHasSufficientMemory");
        assertCondition("DiskPressure", "False", "GatewayHasSufficientDisk");
        assertCondition("PIDPressure", "False", "GatewayHasSufficientPID");

        resources = new Machine.Resources(4, GIB, 49L << 20, 10 * GIB, 99L << 20, 29_500, 32_768);
        assertCondition("MemoryPressure", "True", "GatewayHasInsufficientMemory");
        assertCondition("DiskPressure", "True", "GatewayHasInsufficientDisk");
        assertCondition("PIDPressure", "True", "GatewayHasInsufficientPID");

        resources = new Machine.Resources(4, 0, 0, 0, 0, 0, 0);
        assertCondition("MemoryPressure", "False", "GatewayHasSufficientMemory");
        assertCondition("DiskPressure", "True", "GatewayHasInsufficientDisk");
        assertCondition("PIDPressure", "False", "GatewayHasSufficientPID");
    }

    @Test
    void isNotUnderPressureForTasksOnThisMachine() {
        resources = new Machine(Path.of("/"), Path.of("").toAbsolutePath()).resources();
        assertThat(resources.maxTasks()).isPositive();
        assertCondition("PIDPressure", "False", "GatewayHasSufficientPID");
    }

    @Test
    void saysWhyTheCacheIsInDoubt() {
        assertCondition("CacheSuspect", "False", "CacheSound");
        doubt = Optional.of(new CacheHealth.Doubt("StoreReplaced", "another store"));
        assertCondition("CacheSuspect", "True", "StoreReplaced");
        assertThat(condition("CacheSuspect").text("message")).isEqualTo("another store");
    }

    @Test
    void keepsTheTimeOfTheLastTransition() {
        before = status().array("conditions");
        Instant later = NOW.plusSeconds(600);
        progress = Duration.ofMinutes(1);

        JsonArray after = status(later).array("conditions");

        assertThat(after.objects())
                .allSatisfy(
                        it -> {
                            assertThat(it.text("lastHeartbeatTime"))
                                    .isEqualTo("2026-06-01T12:10:00Z");
                            assertThat(it.text("lastTransitionTime"))
                                    .isEqualTo(
                                            it.text("type").equals("Ready")
                                                    ? "2026-06-01T12:10:00Z"
                                                    : "2026-06-01T12:00:00Z");
                        });
        // Another reason for the same status is no transition.
        before = after;
        agent = Optional.empty();
        assertThat(condition("Ready", later.plusSeconds(60)).text("lastTransitionTime"))
                .isEqualTo("2026-06-01T12:10:00Z");
    }

    @Test
    void isComparedWithoutTheTimesAtWhichItWasSaid() {
        before = status().array("conditions");

        JsonObject first = status();
        JsonObject second = status(NOW.plusSeconds(60));
        assertThat(second).isNotEqualTo(first);
        assertThat(NodeStatus.timeless(second)).isEqualTo(NodeStatus.timeless(first));
        progress = Duration.ofMinutes(1);
        assertThat(NodeStatus.timeless(status())).isNotEqualTo(NodeStatus.timeless(first));
    }

    private void assertCondition(String type, String status, String reason) {
        JsonObject condition = condition(type);
        assertThat(condition.text("status")).as(type).isEqualTo(status);
        assertThat(condition.text("reason")).isEqualTo(reason);
    }

    private JsonObject condition(String type) {
        return condition(type, NOW);
    }

    private JsonObject condition(String type, Instant now) {
        return status(now).array("conditions").objects().stream()
                .filter(it -> it.text("type").equals(type))
                .findFirst()
                .orElseThrow();
    }

    private JsonObject status() {
        return status(NOW);
    }

    private JsonObject status(Instant now) {
        return NodeStatus.of(
                new NodeStatus.Facts(
                        resources,
                        JsonObject.of("kernelVersion", "6.1"),
                        Optional.of("192.0.2.7"),
                        "box",
                        agent,
                        progress,
                        doubt),
                before,
                now);
    }
}
