// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.FakeContainerDriver;
import dev.wayside.testing.FakeDesiredState;
import dev.wayside.testing.FakeLocalRecords;
import dev.wayside.testing.FakeOutbox;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent with its threads. */
final class WorkloadAgentTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir Path temp;

    private final FakeDesiredState state = new FakeDesiredState();
    private final FakeOutbox outbox = new FakeOutbox();
    private final FakeLocalRecords records = new FakeLocalRecords();
    private final FakeContainerDriver.Engine engine =
            new FakeContainerDriver.Engine(Clock.systemUTC());
    private final ContainerDriver driver = new FakeContainerDriver(engine);
    private final CountDownLatch release = new CountDownLatch(1);
    private WorkloadAgent agent;

    @BeforeEach
    void start() {
        state.put(
                ResourceType.NODES,
                KubeObject.of(ResourceType.NODES, "", "gateway-1")
                        .withStatus(
                                TestGateway.parse(
                                        """
                                        {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "20"}}\
                                        """)));
        agent = newAgent();
        agent.start();
    }

    private WorkloadAgent newAgent() {
        return new WorkloadAgent(
                new Agent(
                        state,
                        outbox,
                        records,
                        "gateway-1",
                        temp.resolve("pods"),
                        temp.resolve("volumes"),
                        4,
                        Duration.ofSeconds(60),
                        Clock.systemUTC()));
    }

    private void bind() {
        agent.bindDriver(driver, Map.of(ContainerDriver.NAME, "docker"));
    }

    @AfterEach
    void stop() {
        release.countDown();
        agent.stop();
    }

    private void ask(String name) {
        state.put(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", name)
                        .withMetadata("uid", Json.of("uid-" + name))
                        .withSpec(
                                TestGateway.parse(
                                        """
                                        {"containers": [{"name": "main", "image": "web:1"}]}\
                                        """)));
    }

    private boolean reported(String name, String phase) {
        return outbox.lastStatus(ResourceType.PODS.key("default", name), "uid-" + name)
                .map(status -> status.text("phase").equals(phase))
                .orElse(false);
    }

    @Test
    void runsPodsOnceADriverComes() throws Exception {
        ask("a");
        assertThat(agent.runtime().up()).isFalse();
        assertThat(agent.runtime().message()).contains("no container driver");
        bind();
        ask("b");
        Eventually.holds(
                "both run", PATIENCE, () -> reported("a", "Running") && reported("b", "Running"));
        assertThat(agent.runtime().up()).isTrue();
        assertThat(agent.runtime().version()).isEqualTo("fake://1.0");

        engine.exit("uid-a", "main", 1);
        Eventually.holds(
                "it was restarted", PATIENCE, () -> engine.starts().contains("uid-a/main#1"));
        Eventually.holds(
                "events are written", PATIENCE, () -> outbox.reasons("uid-b").contains("Started"));
    }

    @Test
    void stoppingLeavesWorkloadsRunningAndANewAgentAdoptsThem() throws Exception {
        bind();
        ask("a");
        Eventually.holds("it runs", PATIENCE, () -> reported("a", "Running"));
        agent.stop();
        assertThat(state.openWatches()).isZero();
        assertThat(engine.snapshot().get(0).containers().get(0).state())
                .isEqualTo(PodReality.State.RUNNING);
        agent = newAgent();
        agent.start();
        bind();
        ask("b");
        Eventually.holds("the other runs", PATIENCE, () -> reported("b", "Running"));

        assertThat(engine.starts()).containsExactly("uid-a/main#0", "uid-b/main#0");
    }

    @Test
    void aHungCallHoldsUpOnePodAlone() throws Exception {
        engine.hook(
                (call, effective) -> {
                    if (call.equals("ensureSandbox stuck") && !effective) {
                        hang();
                    }
                });
        bind();
        ask("stuck");
        ask("a");
        Eventually.holds("the other runs", PATIENCE, () -> reported("a", "Running"));

        assertThat(agent.runtime().up()).isTrue();
        assertThat(reported("stuck", "Running")).isFalse();
        release.countDown();
        Eventually.holds("it runs too", PATIENCE, () -> reported("stuck", "Running"));
    }

    @Test
    void stopsInTimeThoughEveryCallHangs() throws Exception {
        CountDownLatch hung = new CountDownLatch(4);
        engine.hook(
                (call, effective) -> {
                    if (call.startsWith("ensureSandbox")) {
                        hung.countDown();
                        hangHard();
                    }
                });
        bind();
        for (String name : new String[] {"a", "b", "c", "d", "e"}) {
            ask(name);
        }
        assertThat(hung.await(PATIENCE.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
                .isTrue();
        long before = System.nanoTime();
        agent.stop();

        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aPodIsStartedWhenItsConfigMapComes() throws Exception {
        bind();
        state.put(
                ResourceType.PODS,
                KubeObject.of(ResourceType.PODS, "default", "a")
                        .withMetadata("uid", Json.of("uid-a"))
                        .withSpec(
                                TestGateway.parse(
                                        """
                                        {"containers": [{"name": "main", "image": "web:1",
                                          "envFrom": [{"configMapRef": {"name": "cfg"}}]}]}\
                                        """)));
        Eventually.holds("it waits", PATIENCE, () -> reported("a", "Pending"));
        state.put(
                ResourceType.CONFIG_MAPS,
                KubeObject.of(ResourceType.CONFIG_MAPS, "default", "cfg"));

        Eventually.holds("it runs", PATIENCE, () -> reported("a", "Running"));
    }

    private void hang() {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does not even listen to interrupts. */
    private void hangHard() {
        boolean interrupted = false;
        while (release.getCount() > 0) {
            try {
                release.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
