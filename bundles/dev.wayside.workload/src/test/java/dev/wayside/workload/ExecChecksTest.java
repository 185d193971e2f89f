// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ExecResult;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.FakeContainerDriver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExecChecksTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<String> HANG = List.of("hang");

    @TempDir Path temp;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();
    private final Drivers drivers = new Drivers();
    private final ExecChecks checks = new ExecChecks(drivers, threads);
    private TestGateway gateway;

    @BeforeEach
    void makePods() throws Exception {
        gateway = new TestGateway(temp.resolve("pods"));
        for (int i = 0; i < 10; i++) {
            gateway.ask(
                    "p" + i,
                    """
                    {"containers": [{"name": "web", "image": "web:1"}]}\
                    """);
        }
        gateway.run();
        gateway.engine.hook(
                (call, effective) -> {
                    if (call.endsWith(" hang") && !effective) {
                        hanging.incrementAndGet();
                        await();
                    }
                });
        BoundDriver driver =
                new BoundDriver(
                        "docker",
                        new FakeContainerDriver(gateway.engine, "docker", "gateway-1"),
                        gateway.clock::uptime);
        drivers.add(driver);
        driver.probe();
    }

    private void await() {
        try {
            assertThat(release.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        release.countDown();
        threads.shutdownNow();
    }

    private CompletableFuture<Outcome> run(String pod, List<String> command) {
        String id =
                gateway.engine.snapshot().stream()
                        .filter(it -> it.name().equals(pod))
                        .findFirst()
                        .flatMap(it -> it.newest("web"))
                        .orElseThrow()
                        .id();
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        checks.run(
                new Checks.Where("docker", "uid-" + pod, id), command, PATIENCE, outcome::complete);
        return outcome;
    }

    @Test
    void aPodWithSlowCommandsHoldsUpNoOther() throws Exception {
        List<CompletableFuture<Outcome>> slow =
                List.of(run("p0", HANG), run("p0", HANG), run("p0", HANG), run("p0", HANG));
        for (int i = 1; i < 10; i++) {
            assertThat(run("p" + i, List.of("true")).get(20, TimeUnit.SECONDS))
                    .isEqualTo(Outcome.success());
        }
        Eventually.holds("two hang", PATIENCE, () -> hanging.get() == ExecChecks.MOST_PER_POD);
        assertThat(slow).noneMatch(CompletableFuture::isDone);
        release.countDown();
        for (CompletableFuture<Outcome> each : slow) {
            assertThat(each.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.success());
        }
        assertThat(hanging).hasValue(4);
    }

    @Test
    void threadsAreBoundedAndWhatWaitsHasItsTurn() throws Exception {
        for (int i = 0; i < 9; i++) {
            assertThat(run("p" + i, HANG)).isNotDone();
            assertThat(run("p" + i, HANG)).isNotDone();
        }
        CompletableFuture<Outcome> last = run("p9", List.of("true"));
        Eventually.holds("all threads hang", PATIENCE, () -> hanging.get() == ExecChecks.MOST);
        assertThat(last).isNotDone();
        release.countDown();
        assertThat(last.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.success());
        Eventually.holds("all have run", PATIENCE, () -> hanging.get() == 18);
    }

    @Test
    void saysWhatTheCommandSaid() throws Exception {
        gateway.engine.onExec("web", new ExecResult(false, 3, "it is broken\n"));
        assertThat(run("p0", List.of("x")).get(20, TimeUnit.SECONDS))
                .isEqualTo(Outcome.failure("it is broken"));
        gateway.engine.onExec("web", new ExecResult(false, 3, ""));
        assertThat(run("p0", List.of("x")).get(20, TimeUnit.SECONDS))
                .isEqualTo(Outcome.failure("command terminated with exit code 3"));
        gateway.engine.onExec("web", new ExecResult(true, 137, ""));
        assertThat(run("p0", List.of("x")).get(20, TimeUnit.SECONDS).message())
                .startsWith("command timed out");
        gateway.engine.down(true);
        assertThat(run("p0", List.of("x")).get(20, TimeUnit.SECONDS).kind())
                .isEqualTo(Outcome.Kind.UNKNOWN);
    }
}
