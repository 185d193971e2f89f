// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.testing.ContainerDriverContract;
import dev.wayside.testing.DockerEngine;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.TestProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Docker driver does what every driver does, on a real engine. */
final class DockerDriverTest extends ContainerDriverContract {
    private static final String IMAGE = "wayside.test/busybox:1";

    private static DockerEngine engine;

    @TempDir private Path shared;

    @BeforeAll
    static void startEngine() throws Exception {
        engine = DockerEngine.start();
        engine.importBusybox(IMAGE);
    }

    @AfterAll
    static void stopEngine() throws Exception {
        if (engine != null) {
            engine.close();
        }
    }

    @Override
    protected ContainerDriver open(String gatewayUid) {
        DockerDriver driver = new DockerDriver(engine.socket(), gatewayUid, Clock.systemUTC());
        driver.start();
        return driver;
    }

    @Override
    protected void close(ContainerDriver driver) {
        ((DockerDriver) driver).stop();
    }

    @Override
    protected String image() {
        return IMAGE;
    }

    @Override
    protected String podCidr() {
        return "10.244.7.0/24";
    }

    @Test
    void podsWithTheSamePortHaveAddressesOfTheirOwn() throws Exception {
        Set<String> addresses = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            String uid = newUid();
            String ip = driver.ensureSandbox(sandbox(uid)).ip();
            assertThat(ip).startsWith("10.244.7.");
            addresses.add(ip);
            serve(uid, "web", "page of " + uid);
            awaitPage(ip, 8080, "page of " + uid);
            assertThat(engine.docker("ps", "-q", "--filter", "label=wayside.dev/pod-uid=" + uid))
                    .hasLineCount(2);
        }
        assertThat(addresses).hasSize(3);
    }

    @Test
    void containersOfAPodShareItsNetworkNameAndMemory() throws Exception {
        String uid = newPod();
        serve(uid, "web", "hello");
        PodReality.Container asks =
                driver.startContainer(
                        request(
                                uid,
                                "asks",
                                0,
                                List.of(
                                        "sh",
                                        "-c",
                                        "until printf 'GET / HTTP/1.0\\r"
                                            + "\\n"
                                            + "\\r"
                                            + "\\n"
                                            + "' | nc 127.0.0.1 8080 | grep -q hello; do sleep 0.1;"
                                            + " done; hostname; readlink /proc/self/ns/ipc"),
                                Map.of(),
                                List.of()));
        assertThat(awaitExit(uid, "asks").exitCode()).isZero();
        String infra =
                engine.docker(
                        "ps",
                        "-q",
                        "--filter",
                        "label=wayside.dev/pod-uid=" + uid,
                        "--filter",
                        "label=io.kubernetes.container.name=POD");
        String pid = engine.docker("inspect", "-f", "{{.State.Pid}}", infra);
        assertThat(engine.docker("logs", ContainerNames.id(asks.id())))
                .isEqualTo(
                        podName(uid)
                                + "\n"
                                + Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/ipc")));
    }

    @Test
    void aHostPortLeadsToThePod() throws Exception {
        String uid = newUid();
        driver.ensureSandbox(
                new SandboxRequest(
                        uid,
                        "default",
                        podName(uid),
                        podCidr(),
                        false,
                        "web",
                        List.of(new SandboxRequest.HostPort("127.0.0.1", 18080, 8080, "TCP"))));
        serve(uid, "web", "published");
        awaitPage("127.0.0.1", 18080, "published");

        // A second pod cannot have it; a third, without, can.
        String second = newUid();
        DriverException taken =
                failure(
                        () ->
                                driver.ensureSandbox(
                                        new SandboxRequest(
                                                second,
                                                "default",
                                                podName(second),
                                                podCidr(),
                                                false,
                                                "web",
                                                List.of(
                                                        new SandboxRequest.HostPort(
                                                                "127.0.0.1", 18080, 80, "TCP")))));
        assertThat(taken.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(taken).hasMessageContaining("18080");
    }

    @Test
    void aPodOnTheHostsNetworkHasNoAddressOfItsOwn() throws Exception {
        String uid = newUid();
        PodReality pod =
                driver.ensureSandbox(
                        new SandboxRequest(
                                uid, "default", podName(uid), podCidr(), true, "web", List.of()));
        assertThat(pod.sandboxRunning()).isTrue();
        assertThat(pod.ip()).isEmpty();
        assertThat(start(uid, "main", 0, TestProgram.RUNS).state())
                .isEqualTo(PodReality.State.RUNNING);
    }

    @Test
    void aSubnetThatClashesIsNamed() throws Exception {
        newPod();
        ContainerDriver neighbour = reopen(neighbourUid);
        DriverException clash = failure(() -> neighbour.ensureSandbox(sandbox(newUid())));
        assertThat(clash.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(clash.reason()).isEqualTo("PodNetworkError");
        assertThat(clash).hasMessageContaining("10.244.7.0/24");
    }

    @Test
    void aNodeWithoutPodCidrUsesDockersBridge() throws Exception {
        String uid = newUid();
        PodReality pod =
                driver.ensureSandbox(
                        new SandboxRequest(
                                uid, "default", podName(uid), "", false, "web", List.of()));
        assertThat(pod.ip()).isNotEmpty().doesNotStartWith("10.244.7.");
    }

    @Test
    void whatIsAskedForArrives() throws Exception {
        String nasty = "a\"b'c $(id) \\n ü€\n\ttwo  ";
        Files.writeString(shared.resolve("in"), "mounted");
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
        String uid = newPod();
        driver.startContainer(
                new ContainerRequest(
                        uid,
                        "default",
                        podName(uid),
                        "main",
                        0,
                        IMAGE,
                        List.of("sh", "-c"),
                        List.of(
                                "exec 2>/dev/null; printf '%s|' \"$NASTY\"; id -u; id -g; pwd; cat"
                                    + " /data/in; touch /data/x || echo ro; touch /x || echo ro"
                                    + " root; cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
                                    + " /sys/fs/cgroup/memory.max; cat"
                                    + " /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max;"
                                    + " exit 0"),
                        Map.of("NASTY", nasty),
                        "/tmp",
                        List.of(new ContainerRequest.Mount(shared, "/data", true)),
                        250,
                        64 << 20,
                        100,
                        "1234:567",
                        false,
                        true,
                        false,
                        false,
                        "hash-1"));
        PodReality.Container ended = awaitExit(uid, "main");
        assertThat(engine.docker("logs", ContainerNames.id(ended.id())))
                .startsWith(nasty + "|1234\n567\n/tmp\nmounted")
                .contains("ro\n", "ro root\n", "67108864", "25000");
        assertThat(ended.imageId()).startsWith("sha256:");
        assertThat(
                        engine.docker(
                                "inspect",
                                "-f",
                                "{{.HostConfig.LogConfig}} {{.HostConfig.RestartPolicy.Name}}"
                                        + " {{.HostConfig.CpuShares}}",
                                ContainerNames.id(ended.id())))
                .contains("json-file", "max-file:3", "max-size:10m", " no 102");
    }

    @Test
    void runningOutOfMemoryIsTold() throws Exception {
        String uid = newPod();
        ContainerRequest plain =
                request(
                        uid,
                        "main",
                        0,
                        List.of("sh", "-c", "x=$(head -c 100000000 /dev/zero | tr '\\0' a)"),
                        Map.of(),
                        List.of());
        driver.startContainer(
                new ContainerRequest(
                        uid,
                        plain.namespace(),
                        plain.podName(),
                        plain.name(),
                        0,
                        IMAGE,
                        plain.command(),
                        List.of(),
                        Map.of(),
                        "",
                        List.of(),
                        0,
                        16 << 20,
                        0,
                        "",
                        false,
                        false,
                        false,
                        false,
                        "hash-1"));
        PodReality.Container ended = awaitExit(uid, "main");
        assertThat(ended.reason()).isEqualTo("OOMKilled");
        assertThat(ended.exitCode()).isEqualTo(137);
    }

    @Test
    void theEnginesComplaintsKeepSecrets() throws Exception {
        String uid = newPod();
        DriverException refused =
                failure(
                        () ->
                                driver.startContainer(
                                        request(
                                                uid,
                                                "main",
                                                0,
                                                List.of("/sekrit"),
                                                Map.of("PASSWORD", "sekrit"),
                                                List.of())));
        assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
        assertThat(refused).hasMessageNotContaining("sekrit");
    }

    @Test
    void anAttemptThatWasMadeButNotStartedIsStarted() throws Exception {
        String uid = newPod();
        String name = ContainerNames.container(uid, "default", podName(uid), "main", 0);
        // As a gateway does that dies between the two.
        String id =
                engine.docker(
                        "create",
                        "--name",
                        name,
                        "--network",
                        "container:"
                                + engine.docker(
                                        "inspect",
                                        "-f",
                                        "{{.Id}}",
                                        ContainerNames.infra(uid, "default", podName(uid))),
                        "--label",
                        "wayside.dev/gateway-uid=" + gatewayUid,
                        "--label",
                        "wayside.dev/pod-uid=" + uid,
                        "--label",
                        "io.kubernetes.container.name=main",
                        "--label",
                        "wayside.dev/attempt=0",
                        IMAGE,
                        "sleep",
                        "3600");
        assertThat(reality(uid).containers().get(0).state()).isEqualTo(PodReality.State.CREATED);

        PodReality.Container started = start(uid, "main", 0, TestProgram.SUCCEEDS);
        assertThat(started.id()).isEqualTo("docker://" + id);
        assertThat(started.state()).isEqualTo(PodReality.State.RUNNING);
    }

    @Test
    void aNameThatSomebodyElseHasIsLeftAlone() throws Exception {
        String uid = newPod();
        String name = ContainerNames.container(uid, "default", podName(uid), "main", 0);
        engine.docker("create", "--name", name, IMAGE, "true");
        try {
            DriverException taken = failure(() -> start(uid, "main", 0, TestProgram.SUCCEEDS));
            assertThat(taken).hasMessageContaining(name);
        } finally {
            engine.docker("rm", name);
        }
    }

    @Test
    void aSandboxThatDiedIsMadeAnewOnlyWhenNobodyIsLeftInIt() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        engine.docker("kill", ContainerNames.infra(uid, "default", podName(uid)));
        Eventually.holds("it is seen", PATIENCE, () -> !reality(uid).sandboxRunning());

        DriverException inhabited = failure(() -> driver.ensureSandbox(sandbox(uid)));
        assertThat(inhabited.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(inhabited.reason()).isEqualTo("SandboxChanged");
        assertThat(failure(() -> start(uid, "main", 1, TestProgram.RUNS)).kind())
                .isEqualTo(DriverException.Kind.UNAVAILABLE);
        driver.stopContainer(uid, running.id(), Duration.ofSeconds(10));

        assertThat(driver.ensureSandbox(sandbox(uid)).sandboxRunning()).isTrue();
        PodReality.Container next = start(uid, "main", 1, TestProgram.RUNS);
        assertThat(reality(uid).containers())
                .extracting(PodReality.Container::state)
                .containsExactly(PodReality.State.EXITED, PodReality.State.RUNNING);
        assertThat(reality(uid).newest("main")).contains(next);
    }

    @Test
    void anImageThatCannotBePulledMayBeLater() {
        DriverException failed =
                failure(() -> driver.ensureImage("localhost:1/none:1", PullPolicy.IF_NOT_PRESENT));
        assertThat(failed.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(failed.reason()).isEqualTo("ErrImagePull");
    }

    @Test
    void anEngineThatHangsIsUnavailableInTimeAndLeavesNothingBehind() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        long threads = threads();
        long files = files();
        ExecutorService pool = Executors.newFixedThreadPool(12);
        engine.freeze();
        try {
            long before = System.nanoTime();
            assertThat(failure(() -> driver.version()).kind())
                    .isEqualTo(DriverException.Kind.UNAVAILABLE);
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isLessThan(Duration.ofSeconds(6));
            List<Future<DriverException>> calls = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                calls.add(pool.submit(() -> failure(() -> driver.pod(uid))));
            }
            for (Future<DriverException> call : calls) {
                assertThat(call.get(15, TimeUnit.SECONDS).kind())
                        .isEqualTo(DriverException.Kind.UNAVAILABLE);
            }
        } finally {
            engine.thaw();
            pool.shutdownNow();
        }
        assertThat(driver.version()).startsWith("docker://");
        assertThat(reality(uid).containers()).containsExactly(running);
        assertThat(threads()).isEqualTo(threads);
        Eventually.holds("no file is left open", PATIENCE, () -> files() <= files);
    }

    @Test
    void anEngineThatComesBackIsUsedAgain() throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.RUNS);
        Set<String> hinted = ConcurrentHashMap.newKeySet();
        try (ContainerDriver.Subscription watch = driver.watch(hinted::add)) {
            assertThat(watch).isNotNull();
            engine.restart();
            assertThat(reality(uid).sandboxRunning()).isFalse();
            awaitExit(uid, "main");
            driver.ensureSandbox(sandbox(uid));
            hinted.clear();
            start(uid, "main", 1, TestProgram.RUNS);
            Eventually.holds("hints come again", PATIENCE, () -> hinted.contains(uid));
        }
    }

    @Test
    void aClosedDriverHasNoThreads() throws Exception {
        long before = threads();
        DockerDriver another = (DockerDriver) open(neighbourUid);
        another.version();
        assertThat(threads()).isGreaterThan(before);
        another.stop();
        Eventually.holds("its threads end", PATIENCE, () -> threads() == before);
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("wayside-driver-docker"))
                .count();
    }

    private static long files() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    /** Serves one page on the pod's port 8080. */
    private void serve(String uid, String container, String page) throws Exception {
        driver.startContainer(
                request(
                        uid,
                        container,
                        0,
                        List.of(
                                "sh",
                                "-c",
                                "echo \"$PAGE\" >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"),
                        Map.of("PAGE", page),
                        List.of()));
    }

    private static void awaitPage(String ip, int port, String page) throws Exception {
        Eventually.holds(
                page,
                PATIENCE,
                () ->
                        engine.inNetwork(
                                        "sh",
                                        "-c",
                                        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 3"
                                                + " \"$1\" \"$2\" || true",
                                        "sh",
                                        ip,
                                        Integer.toString(port))
                                .contains(page));
    }
}
