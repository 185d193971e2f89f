// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The connector's machine is lost, and its backup comes back in the midst of running gateways. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackupIT {
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String WORD = "what-only-the-key-file-opens";

    private Installation wayside;
    private Path backup;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        backup = wayside.data().resolve("backup");
        wayside.up(2, 2);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    @Test
    void gatewaysGoOnWithARestoredConnector() throws Exception {
        wayside.apply(Manifests.grid("steady", "wayside.dev/host", 1, "steady"));
        wayside.apply(Manifests.pod("removed", "wayside.dev/host", "gw-1"));
        wayside.kubectl("create", "secret", "generic", "s", "--from-literal=word=" + WORD).ok();
        wayside.awaitRunning("app=steady", 2);
        wayside.awaitRunning("app=removed", 1);
        assertThat(wayside.wayside("backup", backup.toString()).ok()).contains("backed up");
        isForItsOwnerAlone();

        // What the lost connector still did, and nobody will know.
        crash("steady", "gw-1");
        wayside.awaitRunning("app=steady", 2);
        wayside.apply(Manifests.grid("late", "wayside.dev/host", 1, "late"));
        wayside.kubectl("delete", "pod", "removed").ok();
        wayside.wayside("gateway", "add", "--site", "site-3", "--driver", "process").ok();
        List<KubeObject> late = wayside.awaitRunning("app=late", 3);
        Map<String, KubeObject> steady = byNode(wayside.awaitRunning("app=steady", 3));
        assertThat(restarts(steady.get("gw-1"))).isEqualTo(1);
        List<ProcessHandle> running = processes(steady.values());
        assertThat(running).hasSize(3);
        List<ProcessHandle> unknown =
                processes(
                        late.stream()
                                .filter(pod -> !pod.spec().text("nodeName").equals("gw-3"))
                                .toList());
        assertThat(unknown).hasSize(2);
        long lost = revision();

        wayside.cutConnector();
        lose();
        assertThat(wayside.wayside("restore", backup.toString()).ok()).contains("restored");
        wayside.up(0, 1);

        // What was made since is gone, what was removed since is back, what was there never
        // stopped.
        Eventually.see("the end of what was made since", SOON, () -> alive(unknown), List::isEmpty);
        wayside.awaitRunning("app=removed", 1);
        Map<String, KubeObject> after =
                Eventually.see(
                        "the statuses of now",
                        SOON,
                        () -> byNode(wayside.get("pods", "-l", "app=steady")),
                        pods -> restarts(pods.get("gw-1")) == 1);
        assertThat(after.keySet()).containsExactlyInAnyOrder("gw-1", "gw-2");
        for (String node : after.keySet()) {
            assertThat(after.get(node).uid()).isEqualTo(steady.get(node).uid());
            assertThat(containerId(after.get(node))).isEqualTo(containerId(steady.get(node)));
        }
        assertThat(wayside.kubectl("get", "secret", "s", "-o", "jsonpath={.data.word}").ok())
                .isNotEmpty();
        watchersOfTheLostTimeMustListAnew(lost);

        // A gateway that the backup does not know keeps what it has, and says why.
        Eventually.see(
                "gw-3 says that it is not known",
                SOON,
                () -> log("gw-3"),
                text -> text.contains("nothing is removed"));
        assertThat(alive(running)).hasSize(3);
        aGatewayThatIsNotKnownIsAddedAnew();
        wayside.awaitRunning("app=steady", 3);
    }

    private void isForItsOwnerAlone() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(backup)))
                .isEqualTo("rw-------");
        String base64 =
                java.util.Base64.getEncoder().encodeToString(WORD.getBytes(StandardCharsets.UTF_8));
        List<Path> stored = List.of(backup, wayside.data().resolve("connector/store/objects.mv"));
        for (Path file : stored) {
            assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                    .doesNotContain(base64)
                    .doesNotContain(WORD)
                    .doesNotContain("BEGIN PRIVATE KEY");
        }
        Command.Result again = wayside.wayside("backup", backup.toString());
        assertThat(again.status()).isNotZero();
        assertThat(again.output()).contains("--force");
    }

    /** Ends a container's process, so that the gateway starts it anew. */
    private void crash(String app, String node) throws Exception {
        KubeObject pod = byNode(wayside.get("pods", "-l", "app=" + app)).get(node);
        processes(List.of(pod)).forEach(ProcessHandle::destroyForcibly);
        Eventually.see(
                "a restart of " + pod.name(),
                SOON,
                () -> byNode(wayside.get("pods", "-l", "app=" + app)).get(node),
                now -> restarts(now) == 1 && now.conditionIsTrue("Ready"));
    }

    /** Of the connector nothing is left but its backup and its key file. */
    private void lose() throws Exception {
        Path connector = wayside.data().resolve("connector");
        Files.move(connector, wayside.data().resolve("lost-connector"));
        Files.createDirectory(connector);
        Files.copy(wayside.data().resolve("lost-connector/listen"), connector.resolve("listen"));
    }

    private long revision() throws Exception {
        String list = wayside.kubectl("get", "--raw", PODS + "?limit=1").ok();
        return Long.parseLong(((JsonObject) Json.parse(list)).text("metadata", "resourceVersion"));
    }

    private void watchersOfTheLostTimeMustListAnew(long lost) throws Exception {
        Command.Result resumed =
                wayside.kubectl("get", "--raw", PODS + "?watch=true&resourceVersion=" + lost);
        assertThat(resumed.output()).containsIgnoringCase("too old resource version");
        assertThat(revision()).isGreaterThan(lost);
    }

    private void aGatewayThatIsNotKnownIsAddedAnew() throws Exception {
        assertThat(wayside.get("nodes"))
                .extracting(KubeObject::name)
                .containsExactlyInAnyOrder("gw-1", "gw-2");
        wayside.gatewayCommand("leave", "gw-3").ok();
        wayside.wayside(
                        "gateway",
                        "add",
                        "--site",
                        "site-3",
                        "--name",
                        "gw-3",
                        "--driver",
                        "process")
                .ok();
    }

    private String log(String gateway) throws Exception {
        try (Stream<Path> files = Files.walk(wayside.gateway(gateway).resolve("log"))) {
            StringBuilder all = new StringBuilder();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file));
            }
            return all.toString();
        }
    }

    private static Map<String, KubeObject> byNode(List<KubeObject> pods) {
        return pods.stream()
                .collect(
                        Collectors.toMap(
                                pod -> pod.spec().text("nodeName"), pod -> pod, (a, b) -> a));
    }

    private static long restarts(KubeObject pod) {
        return pod.status().array("containerStatuses").objects().stream()
                .mapToLong(status -> status.number("restartCount").orElse(0))
                .sum();
    }

    private static String containerId(KubeObject pod) {
        return pod.status().array("containerStatuses").objects().get(0).text("containerID");
    }

    private List<ProcessHandle> processes(Iterable<KubeObject> pods) throws Exception {
        List<ProcessHandle> all = new java.util.ArrayList<>();
        for (KubeObject pod : pods) {
            all.addAll(Processes.ofPod(wayside.data(), pod.uid()));
        }
        return alive(all);
    }

    private static List<ProcessHandle> alive(List<ProcessHandle> processes) {
        return processes.stream().filter(ProcessHandle::isAlive).toList();
    }
}
