// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.PodReality;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever dies, and whenever: what runs is found again, and no attempt runs twice. */
final class RecoveryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir private Path folder;
    @TempDir private Path notes;

    private final String gatewayUid = UUID.randomUUID().toString();
    private final String podUid = UUID.randomUUID().toString();
    private ProcessDriver driver;

    @BeforeEach
    void open() throws Exception {
        driver = newDriver();
        driver.ensureSandbox(Starter.sandbox(podUid));
    }

    @AfterEach
    void close() throws Exception {
        driver.removePod(podUid);
        driver.stop();
    }

    private ProcessDriver newDriver() throws IOException {
        ProcessDriver fresh =
                new ProcessDriver(folder, gatewayUid, "wayside-test", Clock.systemUTC());
        fresh.start();
        return fresh;
    }

    @Test
    void aGatewayKilledAtAnyMomentFindsAllAndStartsNothingTwice() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 6; round++) {
            Process gateway =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-XX:TieredStopAtLevel=1",
                                    "-XX:+UseSerialGC",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    Starter.class.getName(),
                                    folder.toString(),
                                    gatewayUid,
                                    podUid,
                                    notes.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            int before = attempts().size();
            Eventually.holds(
                    "it starts attempts",
                    PATIENCE,
                    () -> !gateway.isAlive() || attempts().size() > before);
            gateway.waitFor(random.nextInt(60), TimeUnit.MILLISECONDS);
            assertThat(gateway.isAlive()).isTrue();
            gateway.destroyForcibly().waitFor();
            List<PodReality.Container> found = attempts();
            for (PodReality.Container each : found) {
                PodReality.Container again =
                        driver.startContainer(Starter.request(podUid, each.attempt(), notes));
                assertThat(again.state()).isEqualTo(PodReality.State.RUNNING);
                if (each.state() == PodReality.State.RUNNING) {
                    assertThat(again).isEqualTo(each);
                }
            }
        }
        List<PodReality.Container> all = attempts();
        for (PodReality.Container each : all) {
            Path note = notes.resolve(Integer.toString(each.attempt()));
            Eventually.holds(each.id() + " noted", PATIENCE, () -> Files.exists(note));
        }
        for (PodReality.Container each : all) {
            assertThat(runs(each.attempt())).as(each.id()).isEqualTo(1);
        }
    }

    @Test
    void twoDriversThatStartOneAttemptStartItOnce() throws Exception {
        ProcessDriver second = newDriver();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            for (int attempt = 0; attempt < 10; attempt++) {
                int number = attempt;
                List<Future<PodReality.Container>> started = new ArrayList<>();
                for (ProcessDriver each : List.of(driver, second)) {
                    started.add(
                            pool.submit(
                                    () ->
                                            each.startContainer(
                                                    Starter.request(podUid, number, notes))));
                }
                for (Future<PodReality.Container> each : started) {
                    each.get();
                }
            }
        } finally {
            pool.shutdownNow();
            second.stop();
        }
        for (int attempt = 0; attempt < 10; attempt++) {
            int number = attempt;
            Eventually.holds("noted", PATIENCE, () -> runs(number) > 0);
            assertThat(runs(number)).isEqualTo(1);
        }
    }

    @Test
    void anIntentWithoutAProcessIsStarted() throws Exception {
        driver.startContainer(Starter.request(podUid, 0, notes));
        driver.startContainer(Starter.request(podUid, 1, notes));
        // As left by a gateway, and by a waiter, that died just before.
        new PodFolder(pods(), podUid, new Waiter(folder))
                .container("main", 2)
                .create(Starter.request(podUid, 2, notes), Clock.systemUTC());
        Files.createDirectory(container(2).resolve("claim"));
        assertThat(attempts().get(2).state()).isEqualTo(PodReality.State.CREATED);

        assertThat(driver.startContainer(Starter.request(podUid, 2, notes)).state())
                .isEqualTo(PodReality.State.RUNNING);
    }

    @Test
    void aProcessWhoseWaiterWasKilledStillCounts() throws Exception {
        PodReality.Container running = driver.startContainer(Starter.request(podUid, 0, notes));
        // Before it notes, what was started is still the waiter's last step.
        Eventually.holds("noted", PATIENCE, () -> runs(0) == 1);
        killWaiters();

        assertThat(attempts()).containsExactly(running);
        driver.stopContainer(podUid, running.id(), Duration.ofSeconds(10));
        PodReality.Container ended = attempts().get(0);
        assertThat(ended.state()).isEqualTo(PodReality.State.EXITED);
        assertThat(ended.exitCode()).isEqualTo(137);
        assertThat(ended.reason()).isEqualTo("ContainerStatusUnknown");
        assertThat(attempts()).containsExactly(ended);
    }

    @Test
    void afterARebootAllHasEnded() throws Exception {
        driver.startContainer(Starter.request(podUid, 0, notes));
        Eventually.holds("noted", PATIENCE, () -> runs(0) == 1);
        String[] started = Files.readString(container(0).resolve("started")).strip().split(" ");
        driver.stopContainer(podUid, attempts().get(0).id(), Duration.ofSeconds(10));
        Files.delete(container(0).resolve("exit"));
        // Another boot, in which some process has the same pid and, by chance, the same start.
        ProcessHandle self = ProcessHandle.current();
        Files.writeString(
                container(0).resolve("started"),
                UUID.randomUUID() + " " + self.pid() + " " + startTicks(self.pid()) + "\n");

        PodReality.Container ended = attempts().get(0);
        assertThat(started).hasSize(3);
        assertThat(ended.state()).isEqualTo(PodReality.State.EXITED);
        assertThat(ended.exitCode()).isEqualTo(137);
        assertThat(ended.reason()).isEqualTo("ContainerStatusUnknown");
        assertThat(driver.startContainer(Starter.request(podUid, 0, notes))).isEqualTo(ended);
        assertThat(runs(0)).isEqualTo(1);
    }

    @Test
    void afterARebootThePodsSurroundingsAreLostAndMadeAnew() throws Exception {
        PodReality before = driver.pod(podUid).orElseThrow();
        Path record =
                folder.resolve(gatewayUid).resolve("pods").resolve(podUid).resolve("pod.json");
        Files.writeString(
                record,
                Files.readString(record).replace(before.sandboxId(), UUID.randomUUID().toString()));

        assertThat(driver.pod(podUid).orElseThrow().sandboxRunning()).isFalse();
        PodReality after = driver.ensureSandbox(Starter.sandbox(podUid));
        assertThat(after.sandboxRunning()).isTrue();
        assertThat(after).isEqualTo(before);
        assertThat(driver.pod(podUid)).contains(after);
    }

    @Test
    void anotherProcessWithTheSamePidIsNeitherSeenNorKilled() throws Exception {
        driver.startContainer(Starter.request(podUid, 0, notes));
        String boot = Files.readString(container(0).resolve("started")).split(" ")[0];
        driver.stopContainer(podUid, attempts().get(0).id(), Duration.ofSeconds(10));
        Process stranger = new ProcessBuilder("setsid", "sleep", "3600").start();
        try {
            Files.delete(container(0).resolve("exit"));
            Files.writeString(
                    container(0).resolve("started"), boot + " " + stranger.pid() + " 1\n");
            new Waiter(folder).signal(container(0), "TERM");
            new Waiter(folder).kill(container(0));

            assertThat(attempts().get(0).state()).isEqualTo(PodReality.State.EXITED);
            driver.removePod(podUid);
            assertThat(stranger.waitFor(200, TimeUnit.MILLISECONDS)).isFalse();
        } finally {
            stranger.destroyForcibly();
        }
    }

    @Test
    void aHalfRemovedPodIsNotTakenForANewOne() throws Exception {
        driver.startContainer(Starter.request(podUid, 0, notes));
        driver.stopContainer(podUid, attempts().get(0).id(), Duration.ofSeconds(10));
        Files.delete(pods().resolve(podUid).resolve("pod.json"));

        assertThat(driver.pod(podUid)).isEmpty();
        assertThat(driver.ensureSandbox(Starter.sandbox(podUid)).containers()).isEmpty();
    }

    private List<PodReality.Container> attempts() throws Exception {
        return driver.pod(podUid).map(PodReality::containers).orElse(List.of());
    }

    private Path pods() {
        return folder.resolve(gatewayUid).resolve("pods");
    }

    private Path container(int attempt) {
        return pods().resolve(podUid)
                .resolve("containers")
                .resolve("main")
                .resolve(Integer.toString(attempt));
    }

    private long runs(int attempt) throws IOException {
        Path note = notes.resolve(Integer.toString(attempt));
        return Files.exists(note) ? Files.readAllLines(note).size() : 0;
    }

    private void killWaiters() throws Exception {
        List<ProcessHandle> waiters = new Waiter(folder).of(container(0));
        assertThat(waiters).isNotEmpty();
        for (ProcessHandle each : waiters) {
            each.destroyForcibly();
        }
        Eventually.holds(
                "no waiter", PATIENCE, () -> new Waiter(folder).of(container(0)).isEmpty());
    }

    private static String startTicks(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19];
    }
}
