// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.testing.FakeContainerDriver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeavingTest {
    @TempDir Path data;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final FakeContainerDriver.Engine engine =
            new FakeContainerDriver.Engine(Clock.systemUTC());

    @BeforeEach
    void joined() throws IOException {
        for (String file :
                List.of("identity/key.pem", "identity/identity.json", "state/cache", "pods/a/b")) {
            Files.createDirectories(data.resolve(file).getParent());
            Files.writeString(data.resolve(file), "{}");
        }
        Files.writeString(data.resolve("time-floor"), "2026-01-01T00:00:00Z");
        Files.createDirectories(data.resolve("log"));
    }

    @Test
    void erasesAllButTheLogs() throws Exception {
        Leaving leaving = leaving(new AtomicFiles());
        leaving.request();
        assertThat(leaving.requested()).isTrue();

        leaving.erase();

        assertThat(leaving.requested()).isFalse();
        assertThat(left()).containsExactly("log");
    }

    @Test
    void canBeRepeatedAfterACutAtAnyStepAndKeepsItsMarkerUntilThen() throws Exception {
        int step = 0;
        boolean cut = true;
        while (cut) {
            joined();
            leaving(new AtomicFiles()).request();
            int[] left = {step++};
            AtomicFiles cutting =
                    new AtomicFiles(
                            (change, path) -> {
                                if (left[0]-- <= 0) {
                                    throw new IOException("cut");
                                }
                            });
            try {
                leaving(cutting).erase();
                cut = false;
            } catch (IOException e) {
                if (!left().equals(List.of("log"))) {
                    assertThat(leaving(new AtomicFiles()).requested())
                            .as("marker, cut at %d", step)
                            .isTrue();
                }
                leaving(new AtomicFiles()).erase();
            }
            assertThat(left()).as("cut at %d", step).containsExactly("log");
        }
        assertThat(step).isGreaterThan(10);
    }

    @Test
    void erasesTheKeyOnlyAfterWhatNeedsItAndSyncsThatTheMarkerIsGone() throws Exception {
        leaving(new AtomicFiles()).request();
        List<String> changes = new ArrayList<>();
        leaving(
                        new AtomicFiles(
                                (change, path) ->
                                        changes.add(change + " " + data.relativize(path))))
                .erase();

        assertThat(changes)
                .containsSubsequence(
                        "delete state",
                        "delete pods",
                        "rename identity.leaving",
                        "delete identity.leaving",
                        "delete " + Leaving.MARKER,
                        "sync ");
    }

    @Test
    void stopsAndRemovesThePodsOfEveryDriver() throws Exception {
        FakeContainerDriver one = new FakeContainerDriver(engine, "one", "gateway-1");
        pod(one, "pod-1");
        pod(one, "pod-2");

        assertThat(leaving(new AtomicFiles()).removePods(List.of(one))).isZero();

        assertThat(engine.snapshot()).isEmpty();
        assertThat(engine.calls()).anyMatch(call -> call.startsWith("stopContainer"));
    }

    @Test
    void removesWhatItCanIfOneDriverDoesNotAnswer() throws Exception {
        FakeContainerDriver.Engine dead = new FakeContainerDriver.Engine(Clock.systemUTC());
        FakeContainerDriver away = new FakeContainerDriver(dead, "away", "gateway-1");
        pod(away, "pod-1");
        FakeContainerDriver well = new FakeContainerDriver(engine, "well", "gateway-1");
        pod(well, "pod-2");
        dead.down(true);

        assertThatThrownBy(() -> leaving(new AtomicFiles()).removePods(List.of(away, well)))
                .isInstanceOf(DriverException.class);

        assertThat(well.pods()).isEmpty();
        dead.down(false);
        assertThat(leaving(new AtomicFiles()).removePods(List.of(away, well))).isZero();
        assertThat(away.pods()).isEmpty();
    }

    @Test
    void aPodThatCannotBeRemovedKeepsNoOther() throws Exception {
        FakeContainerDriver driver = new FakeContainerDriver(engine, "one", "gateway-1");
        pod(driver, "pod-1");
        pod(driver, "pod-2");
        engine.hook(
                (call, effective) -> {
                    if (call.equals("removePod pod-1")) {
                        throw new DriverException(
                                DriverException.Kind.UNAVAILABLE, "Busy", "busy", null);
                    }
                });

        assertThatThrownBy(() -> leaving(new AtomicFiles()).removePods(List.of(driver)))
                .isInstanceOf(DriverException.class)
                .hasMessage("busy");

        assertThat(driver.pods()).singleElement().matches(pod -> pod.uid().equals("pod-1"));
    }

    @Test
    void killsWhatCannotBeStopped() throws Exception {
        FakeContainerDriver driver = new FakeContainerDriver(engine, "one", "gateway-1");
        pod(driver, "pod-1");
        engine.hook(
                (call, effective) -> {
                    if (call.startsWith("stopContainer")) {
                        throw new DriverException(
                                DriverException.Kind.UNAVAILABLE, "Stuck", "stuck", null);
                    }
                });

        assertThat(leaving(new AtomicFiles()).removePods(List.of(driver))).isZero();
    }

    @Test
    void endsWith78IfThisDeviceHasNotJoined() throws Exception {
        Files.delete(data.resolve("identity/identity.json"));

        assertThat(run()).isEqualTo(78);

        assertThat(err.toString(UTF_8)).contains("has not joined");
        assertThat(leaving(new AtomicFiles()).requested()).isFalse();
    }

    @Test
    void endsWhatWasCutShortAfterTheKeyWasErased() throws Exception {
        leaving(new AtomicFiles()).request();
        Files.move(data.resolve("identity"), data.resolve("identity.leaving"));

        assertThat(run()).isZero();

        assertThat(data.resolve("identity.leaving")).doesNotExist();
        assertThat(leaving(new AtomicFiles()).requested()).isFalse();
    }

    @Test
    void asksAndSaysSoIfItTakesTooLong() throws Exception {
        assertThat(run("--timeout", "0")).isEqualTo(69);

        assertThat(err.toString(UTF_8)).contains("not left yet");
        assertThat(leaving(new AtomicFiles()).requested()).isTrue();
        assertThat(data.resolve("identity/key.pem")).exists();
    }

    @Test
    void wantsArgumentsThatMakeSense() throws Exception {
        assertThat(LeaveCommand.run(List.of("--data"), print(out), print(err))).isEqualTo(64);
        assertThat(run("--timeout", "soon")).isEqualTo(64);
        assertThat(run("--timeout", "-1")).isEqualTo(64);
        assertThat(run("--fast", "1")).isEqualTo(64);
        assertThat(err.toString(UTF_8)).contains("--data", "--timeout", "--fast", "usage:");
        assertThat(leaving(new AtomicFiles()).requested()).isFalse();
    }

    @Test
    void takesNoOtherProcessForTheGateway() throws Exception {
        Files.createDirectories(data.resolve("run"));
        Files.writeString(data.resolve("run/gateway.pid"), ProcessHandle.current().pid() + "\n");

        assertThat(LeaveCommand.running(data)).isFalse();

        Files.writeString(data.resolve("run/gateway.pid"), "no number");
        assertThat(LeaveCommand.running(data)).isFalse();
        Files.delete(data.resolve("run/gateway.pid"));
        assertThat(LeaveCommand.running(data)).isFalse();
    }

    @Test
    void knowsTheGatewayByItsCommandLine() throws Exception {
        Path script = Files.createDirectories(data.resolve("bin")).resolve("gateway");
        Files.writeString(script, "read unused\n");
        Process gateway =
                new ProcessBuilder("/bin/sh", script.toString(), "run", "--data", "x").start();
        try {
            Files.createDirectories(data.resolve("run"));
            Files.writeString(data.resolve("run/gateway.pid"), gateway.pid() + "\n");
            assertThat(LeaveCommand.running(data)).isTrue();
        } finally {
            gateway.destroyForcibly().waitFor();
        }
        assertThat(LeaveCommand.running(data)).isFalse();
    }

    private int run(String... arguments) {
        return LeaveCommand.run(
                Stream.concat(Stream.of("--data", data.toString()), Stream.of(arguments)).toList(),
                print(out),
                print(err));
    }

    private static PrintStream print(ByteArrayOutputStream to) {
        return new PrintStream(to, true, UTF_8);
    }

    private Leaving leaving(AtomicFiles files) {
        return new Leaving(
                data,
                new IdentityFolder(data.resolve("identity"), files),
                List.of(data.resolve("state"), data.resolve("pods"), data.resolve("time-floor")),
                files);
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(data)) {
            return files.map(it -> it.getFileName().toString()).toList();
        }
    }

    private static void pod(FakeContainerDriver driver, String uid) throws DriverException {
        driver.ensureSandbox(new SandboxRequest(uid, "default", uid, "", false, uid, List.of()));
        driver.startContainer(
                new ContainerRequest(
                        uid, "default", uid, "web", 0, "image", List.of(), List.of(), Map.of(), "",
                        List.of(), 0, 0, 0, "", false, false, false, false, "hash"));
    }
}
