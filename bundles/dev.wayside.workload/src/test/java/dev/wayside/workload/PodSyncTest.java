// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeOutbox;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent against fakes, one behaviour at a time. */
final class PodSyncTest {
    private static final String WEB =
            """
            {"containers": [{"name": "web", "image": "web:1"}]}\
            """;
    private static final String TWO =
            """
            {"containers": [{"name": "web", "image": "web:1"}, {"name": "log", "image": "log:1"}]}\
            """;

    @TempDir Path temp;
    private TestGateway gateway;

    @BeforeEach
    void makeGateway() {
        gateway = new TestGateway(temp.resolve("pods"));
    }

    private List<PodReality> existing() {
        return gateway.engine.snapshot();
    }

    private PodReality.Container newest(String name, String container) {
        return existing().stream()
                .filter(pod -> pod.name().equals(name))
                .findFirst()
                .orElseThrow()
                .newest(container)
                .orElseThrow();
    }

    @Test
    void startsWhatIsAskedFor() throws Exception {
        gateway.ask("a", TWO);
        gateway.run();

        assertThat(gateway.engine.starts()).containsExactly("uid-a/web#0", "uid-a/log#0");
        JsonObject status = gateway.status("a");
        assertThat(status.text("phase")).isEqualTo("Running");
        assertThat(status.text("podIP")).startsWith("10.244.0.");
        assertThat(status.text("hostIP")).isEqualTo("192.0.2.7");
        assertThat(status.text("startTime")).isEqualTo("2026-11-24T00:00:00Z");
        assertThat(status.text("qosClass")).isEqualTo("BestEffort");
        JsonObject web = gateway.containerStatus("a", "web");
        assertThat(web.flag("ready")).isTrue();
        assertThat(web.number("restartCount")).hasValue(0);
        assertThat(web.text("containerID")).startsWith("docker://");
        assertThat(new KubeObject(JsonObject.of("status", status)).conditionIsTrue("Ready"))
                .isTrue();
        assertThat(gateway.outbox.reasons("uid-a"))
                .containsExactly("Pulled", "Pulled", "Created", "Started", "Created", "Started");
    }

    @Test
    void doesNothingMoreWhenAllIsWell() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        int calls = gateway.engine.calls().size();
        int writes = gateway.outbox.statusWrites();
        gateway.advance(Duration.ofMinutes(2));
        gateway.boot();
        gateway.run();

        assertThat(gateway.engine.calls()).hasSize(calls);
        assertThat(gateway.outbox.statusWrites()).isEqualTo(writes);
    }

    @Test
    void adoptsRunningContainersAfterARestartEvenIfTheRecordsAreLost() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        gateway.node(
                """
                {"cpu": "0", "memory": "0", "pods": "0"}\
                """);
        gateway.records.remove(PodRecords.BUCKET, "uid-a");
        gateway.boot();
        gateway.run();

        assertThat(gateway.engine.starts()).hasSize(1);
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
    }

    @Test
    void bringsBackWhatWasRemovedBehindItsBack() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        gateway.engine.vanish("uid-a", "web");
        gateway.boot();
        gateway.run();

        assertThat(gateway.engine.starts()).containsExactly("uid-a/web#0", "uid-a/web#1");
        assertThat(gateway.containerStatus("a", "web").number("restartCount")).hasValue(1);
    }

    @Test
    void anOfflineRebootBringsEverythingBackWithoutPulling() throws Exception {
        gateway.ask(
                "a",
                """
                {"containers": [{"name": "web", "image": "web", "imagePullPolicy": "Always"}]}\
                """);
        gateway.run();
        gateway.engine.failImage(
                "web",
                new DriverException(
                        DriverException.Kind.UNAVAILABLE, "ErrImagePull", "no route", null));
        gateway.engine.reboot();
        gateway.node(
                """
                {"cpu": "0", "memory": "0", "pods": "0"}\
                """);
        gateway.boot();
        gateway.run();

        assertThat(newest("a", "web").state()).isEqualTo(PodReality.State.RUNNING);
        assertThat(newest("a", "web").attempt()).isEqualTo(1);
        JsonObject web = gateway.containerStatus("a", "web");
        assertThat(web.number("lastState", "terminated", "exitCode")).hasValue(137);
    }

    @Test
    void restartsWithBackOffAndForgivesAfterTenMinutes() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        gateway.engine.exit("uid-a", "web", 1);
        gateway.run();
        assertThat(newest("a", "web").attempt()).isEqualTo(1);

        for (long delay : List.of(10, 20, 40, 80, 160, 300, 300)) {
            int attempt = newest("a", "web").attempt();
            gateway.engine.exit("uid-a", "web", 1);
            gateway.run();
            JsonObject status = gateway.containerStatus("a", "web");
            assertThat(status.text("state", "waiting", "reason")).isEqualTo("CrashLoopBackOff");
            assertThat(status.number("lastState", "terminated", "exitCode")).hasValue(1);
            assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
            assertThat(gateway.timer("a")).contains(Duration.ofSeconds(delay));
            gateway.advance(Duration.ofSeconds(delay).minusMillis(1));
            assertThat(newest("a", "web").attempt()).isEqualTo(attempt);
            gateway.advance(Duration.ofMillis(1));
            assertThat(newest("a", "web").attempt()).isEqualTo(attempt + 1);
        }
        gateway.advance(Duration.ofMinutes(11));
        int attempt = newest("a", "web").attempt();
        gateway.engine.exit("uid-a", "web", 1);
        gateway.run();
        assertThat(newest("a", "web").attempt()).isEqualTo(attempt + 1);
    }

    @Test
    void keepsOneEndedAttemptForItsLog() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        for (int i = 0; i < 4; i++) {
            gateway.engine.exit("uid-a", "web", 1);
            gateway.advance(Duration.ofMinutes(11));
        }

        assertThat(existing().get(0).containers())
                .extracting(PodReality.Container::attempt)
                .containsExactly(3, 4);
    }

    @Test
    void aJobThatSucceededIsDone() throws Exception {
        gateway.ask(
                "a",
                """
                {"restartPolicy": "OnFailure", "containers": [{"name": "web", "image": "web:1"}]}\
                """);
        gateway.run();
        gateway.engine.exit("uid-a", "web", 3);
        gateway.run();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
        gateway.engine.exit("uid-a", "web", 0);
        gateway.run();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Succeeded");
        assertThat(gateway.containerStatus("a", "web").number("state", "terminated", "exitCode"))
                .hasValue(0);

        gateway.engine.vanish("uid-a", "web");
        gateway.boot();
        gateway.advance(Duration.ofHours(1));
        assertThat(gateway.engine.starts()).hasSize(2);
        assertThat(gateway.status("a").text("phase")).isEqualTo("Succeeded");
    }

    @Test
    void aPodThatIsNeverRestartedFails() throws Exception {
        gateway.ask(
                "a",
                """
                {"restartPolicy": "Never", "containers": [{"name": "web", "image": "web:1"}]}\
                """);
        gateway.run();
        gateway.engine.exit("uid-a", "web", 3);
        gateway.run();

        assertThat(gateway.status("a").text("phase")).isEqualTo("Failed");
        assertThat(gateway.engine.starts()).hasSize(1);
    }

    @Test
    void anImageChangeRestartsThatContainerAlone() throws Exception {
        KubeObject pod = gateway.ask("a", TWO);
        gateway.run();
        gateway.ask(pod.withSpec(TestGateway.parse(TWO.replace("web:1", "web:2"))));
        gateway.run();

        assertThat(gateway.engine.starts())
                .containsExactly("uid-a/web#0", "uid-a/log#0", "uid-a/web#1");
        assertThat(newest("a", "web").image()).isEqualTo("web:2");
        assertThat(gateway.containerStatus("a", "web").text("image")).isEqualTo("web:2");
    }

    @Test
    void anImageChangeRestartsEvenWhatIsNeverRestarted() throws Exception {
        String never =
                TWO.replace("{\"containers\"", "{\"restartPolicy\": \"Never\", \"containers\"");
        KubeObject pod = gateway.ask("a", never);
        gateway.run();
        gateway.ask(pod.withSpec(TestGateway.parse(never.replace("web:1", "web:2"))));
        gateway.run();

        assertThat(newest("a", "web").image()).isEqualTo("web:2");
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
    }

    @Test
    void deletionStopsRemovesAndConfirms() throws Exception {
        gateway.ask("a", TWO);
        gateway.ask("b", WEB);
        gateway.run();
        gateway.delete("a", 7);
        gateway.run();

        assertThat(existing()).extracting(PodReality::name).containsExactly("b");
        assertThat(gateway.engine.calls())
                .filteredOn(call -> call.startsWith("stopContainer"))
                .hasSize(2)
                .allMatch(call -> call.endsWith(" 7s"));
        assertThat(gateway.outbox.confirmed())
                .containsExactly(
                        new FakeOutbox.Target(ResourceType.PODS.key("default", "a"), "uid-a"));
        assertThat(gateway.status("a").text("phase")).isEqualTo("Failed");
        gateway.advance(Duration.ofMinutes(3));
        assertThat(gateway.outbox.confirmed()).hasSize(1);
        gateway.drop("a");
        gateway.run();
        assertThat(gateway.records.all(PodRecords.BUCKET)).containsOnlyKeys("uid-b");
    }

    @Test
    void aShorterGraceShortensTheWait() throws Exception {
        Deque<Runnable> later = new ArrayDeque<>();
        gateway.ask("a", WEB);
        gateway.run();
        gateway.background = later::add;
        gateway.delete("a", 60);
        gateway.run();
        gateway.run();
        gateway.advance(Duration.ofSeconds(10));
        gateway.delete("a", 5);
        gateway.run();
        gateway.delete("a", 600);
        gateway.run();
        assertThat(later).hasSize(2);
        while (!later.isEmpty()) {
            later.remove().run();
        }
        gateway.run();

        String id = "docker://00000001";
        assertThat(gateway.engine.calls())
                .filteredOn(call -> call.startsWith("stopContainer"))
                .containsExactly("stopContainer " + id + " 60s", "stopContainer " + id + " 5s");
        assertThat(gateway.outbox.reasons("uid-a")).filteredOn("Killing"::equals).hasSize(1);
        assertThat(gateway.outbox.confirmed()).hasSize(1);
    }

    @Test
    void aPodNobodyAsksForAnyMoreGoesAndOnlyThat() throws Exception {
        gateway.ask("a", WEB);
        gateway.ask("b", WEB);
        gateway.run();
        gateway.state.incomplete(ResourceType.PODS);
        gateway.drop("a");
        gateway.boot();
        gateway.run();
        assertThat(existing()).hasSize(2);

        gateway.state.complete(ResourceType.PODS, true);
        gateway.run();
        assertThat(existing()).extracting(PodReality::name).containsExactly("b");
        assertThat(gateway.outbox.confirmed()).isEmpty();
        assertThat(gateway.engine.starts()).hasSize(2);
    }

    @Test
    void aSuccessorOfTheSameNameWaitsForTheOldOne() throws Exception {
        Deque<Runnable> later = new ArrayDeque<>();
        gateway.ask("a", "uid-old", WEB);
        gateway.run();
        gateway.background = later::add;
        gateway.ask("a", "uid-new", WEB);
        gateway.run();
        assertThat(existing()).extracting(PodReality::uid).containsExactly("uid-old");
        gateway.boot();
        gateway.run();
        assertThat(existing()).extracting(PodReality::uid).containsExactly("uid-old");

        gateway.background = Runnable::run;
        later.forEach(Runnable::run);
        gateway.run();
        assertThat(existing()).extracting(PodReality::uid).containsExactly("uid-new");
        assertThat(gateway.engine.starts()).containsExactly("uid-old/web#0", "uid-new/web#0");
        assertThat(gateway.records.all(PodRecords.BUCKET)).containsOnlyKeys("uid-new");
    }

    @Test
    void whatDoesNotFitFailsOnceAndForGood() throws Exception {
        gateway.ask(
                "a",
                """
                {"containers": [{"name": "web", "image": "web:1",
                  "resources": {"requests": {"cpu": "1500m"}}}]}\
                """);
        gateway.run();
        gateway.ask(
                "b",
                """
                {"containers": [{"name": "web", "image": "web:1",
                  "resources": {"requests": {"cpu": "600m"}}}]}\
                """);
        gateway.run();
        assertThat(gateway.status("b").text("phase")).isEqualTo("Failed");
        assertThat(gateway.status("b").text("reason")).isEqualTo("OutOfcpu");
        assertThat(gateway.status("b").text("message")).contains("requested: 600, used: 1500");
        assertThat(gateway.outbox.reasons("uid-b")).containsExactly("OutOfcpu");

        gateway.drop("a");
        gateway.boot();
        gateway.advance(Duration.ofMinutes(5));
        assertThat(gateway.status("b").text("phase")).isEqualTo("Failed");
        assertThat(existing()).isEmpty();
        gateway.delete("b", 30);
        gateway.run();
        assertThat(gateway.outbox.confirmed()).hasSize(1);
        assertThat(gateway.records.all(PodRecords.BUCKET)).isEmpty();
    }

    @Test
    void waitsForTheNode() throws Exception {
        gateway.state.remove(ResourceType.NODES.key("", TestGateway.NODE));
        gateway.ask("a", WEB);
        gateway.run();
        assertThat(existing()).isEmpty();
        assertThat(gateway.outbox.statusWrites()).isZero();

        gateway.node(
                """
                {"cpu": "2", "memory": "1Gi"}\
                """);
        gateway.run();
        assertThat(gateway.engine.starts()).hasSize(1);
    }

    @Test
    void whatIsNotSupportedStaysPendingAndSaysWhichField() throws Exception {
        KubeObject pod =
                gateway.ask(
                        "a",
                        """
                        {"containers": [{"name": "web", "image": "web:1",
                          "livenessProbe": {"odd": {"command": ["true"]}}}]}\
                        """);
        gateway.run();
        gateway.advance(Duration.ofMinutes(5));

        assertThat(gateway.status("a").text("phase")).isEqualTo("Pending");
        assertThat(gateway.status("a").text("reason")).isEqualTo("Unsupported");
        assertThat(gateway.status("a").text("message"))
                .contains("spec.containers[0].livenessProbe.odd");
        assertThat(gateway.outbox.reasons("uid-a")).containsExactly("Unsupported");
        assertThat(existing()).isEmpty();

        gateway.ask(pod.withSpec(TestGateway.parse(WEB)));
        gateway.run();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
        assertThat(gateway.status("a").has("reason")).isFalse();
    }

    @Test
    void waitsForAConfigMapThatTheEnvironmentNeeds() throws Exception {
        gateway.ask(
                "a",
                """
                {"containers": [{"name": "web", "image": "web:1", "args": ["--level=$(LEVEL)"],
                  "env": [{"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "level"}}}]}]}\
                """);
        gateway.run();
        gateway.advance(Duration.ofMinutes(5));
        JsonObject waiting = gateway.containerStatus("a", "web").object("state", "waiting");
        assertThat(waiting.text("reason")).isEqualTo("CreateContainerConfigError");
        assertThat(waiting.text("message")).isEqualTo("configmap \"cfg\" not found");
        assertThat(gateway.outbox.reasons("uid-a")).containsExactly("Pulled", "Failed");

        gateway.configMap("cfg", Map.of("level", "7"));
        gateway.run();
        ContainerRequest made = gateway.engine.requests().get(0);
        assertThat(made.env()).containsExactly(Map.entry("LEVEL", "7"));
        assertThat(made.args()).containsExactly("--level=7");
    }

    @Test
    void volumesWaitForTheirSourcesFollowThemAndGoWithThePod() throws Exception {
        gateway.ask(
                "a",
                """
                {"containers": [{"name": "web", "image": "web:1", "volumeMounts": [
                  {"name": "cfg", "mountPath": "/etc/cfg"}, {"name": "tmp", "mountPath": "/tmp"}]}],
                 "volumes": [{"name": "cfg", "configMap": {"name": "cfg"}}, {"name": "tmp", "emptyDir": {}}]}\
                """);
        gateway.run();
        gateway.advance(Duration.ofMinutes(5));
        assertThat(gateway.containerStatus("a", "web").text("state", "waiting", "reason"))
                .isEqualTo("ContainerCreating");
        assertThat(gateway.outbox.reasons("uid-a")).containsExactly("FailedMount");

        gateway.configMap("cfg", Map.of("a.conf", "one"));
        gateway.run();
        Path file = gateway.dir.resolve("uid-a/volumes/cfg/a.conf");
        assertThat(file).hasContent("one");
        assertThat(gateway.engine.requests().get(0).mounts())
                .containsExactly(
                        new ContainerRequest.Mount(
                                gateway.dir.resolve("uid-a/volumes/cfg"), "/etc/cfg", true),
                        new ContainerRequest.Mount(
                                gateway.dir.resolve("uid-a/volumes/tmp"), "/tmp", false));

        gateway.configMap("cfg", Map.of("a.conf", "two"));
        gateway.run();
        assertThat(file).hasContent("two");
        assertThat(gateway.engine.starts()).hasSize(1);

        gateway.delete("a", 1);
        gateway.run();
        assertThat(gateway.dir.resolve("uid-a")).doesNotExist();
    }

    @Test
    void secretsReachTheContainerAndNoEventOrStatus() throws Exception {
        String value = "s3cr3t-value";
        gateway.state.put(
                ResourceType.SECRETS,
                KubeObject.of(ResourceType.SECRETS, "default", "key")
                        .with(
                                "data",
                                JsonObject.of(
                                        "token",
                                        Base64.getEncoder()
                                                .encodeToString(
                                                        value.getBytes(StandardCharsets.UTF_8)))));
        gateway.ask(
                "a",
                """
                {"containers": [{"name": "web", "image": "web:1",
                  "envFrom": [{"prefix": "P_", "secretRef": {"name": "key"}}],
                  "volumeMounts": [{"name": "s", "mountPath": "/s"}]}],
                 "volumes": [{"name": "s", "secret": {"secretName": "key", "defaultMode": 256}}]}\
                """);
        gateway.run();

        assertThat(gateway.engine.requests().get(0).env())
                .containsExactly(Map.entry("P_token", value));
        assertThat(gateway.engine.requests().get(0).toString()).doesNotContain(value);
        Path file = gateway.dir.resolve("uid-a/volumes/s/token");
        assertThat(Files.getPosixFilePermissions(file)).hasToString("[OWNER_READ]");
        assertThat(Files.getPosixFilePermissions(gateway.dir)).hasSize(3);
        assertThat(gateway.outbox.events().toString()).doesNotContain(value);
        assertThat(gateway.status("a").toJson()).doesNotContain(value);
        assertThat(gateway.records.all(PodRecords.BUCKET).toString()).doesNotContain(value);
    }

    @Test
    void aFailingPullIsRepeatedWithBackOff() throws Exception {
        gateway.engine.failImage(
                "web:1",
                new DriverException(
                        DriverException.Kind.UNAVAILABLE, "ErrImagePull", "no route", null));
        gateway.ask("a", TWO);
        gateway.run();
        assertThat(gateway.containerStatus("a", "web").text("state", "waiting", "reason"))
                .isEqualTo("ErrImagePull");
        assertThat(gateway.containerStatus("a", "log").flag("ready")).isTrue();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Pending");
        gateway.advance(Duration.ofSeconds(10));
        assertThat(gateway.containerStatus("a", "web").text("state", "waiting", "reason"))
                .isEqualTo("ImagePullBackOff");
        gateway.engine.failImage("web:1", null);
        gateway.advance(Duration.ofSeconds(20));

        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");
    }

    @Test
    void aContainerThatCannotBeStartedSaysWhy() throws Exception {
        gateway.engine.failStart(
                "web",
                new DriverException(
                        DriverException.Kind.UNAVAILABLE,
                        "RunContainerError",
                        "no such file",
                        null));
        gateway.ask("a", WEB);
        gateway.run();
        JsonObject waiting = gateway.containerStatus("a", "web").object("state", "waiting");
        assertThat(waiting.text("reason")).isEqualTo("RunContainerError");
        assertThat(waiting.text("message")).isEqualTo("no such file");
        gateway.engine.failStart("web", null);
        gateway.advance(Duration.ofSeconds(10));

        assertThat(gateway.engine.starts()).containsExactly("uid-a/web#0");
    }

    @Test
    void podsOfADriverThatIsAwayAreLeftAlone() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        JsonObject before = gateway.status("a");
        gateway.removeDrivers();
        gateway.addDriver("process");
        gateway.delete("a", 1);
        gateway.ask("b", "uid-b", WEB);
        gateway.run();
        assertThat(existing()).filteredOn(pod -> pod.name().equals("a")).hasSize(1);
        assertThat(gateway.status("a")).isEqualTo(before);
        assertThat(gateway.outbox.confirmed()).isEmpty();

        gateway.addDriver("docker");
        gateway.driversAreBack();
        gateway.run();
        assertThat(gateway.outbox.confirmed()).hasSize(1);
    }

    @Test
    void anEngineThatIsDownChangesNothingUntilItIsBack() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();
        int writes = gateway.outbox.statusWrites();
        gateway.engine.down(true);
        gateway.advanceClock(Duration.ofMinutes(1));
        gateway.run();
        gateway.boot();
        gateway.run();
        assertThat(gateway.outbox.statusWrites()).isEqualTo(writes);

        gateway.engine.down(false);
        gateway.driversAreBack();
        gateway.run();
        assertThat(gateway.engine.starts()).hasSize(1);
        assertThat(gateway.outbox.statusWrites()).isEqualTo(writes);
    }

    @Test
    void aFullDiskStartsNothingNewAndIsSurvived() throws Exception {
        gateway.records.full(true);
        gateway.ask("a", WEB);
        org.assertj.core.api.Assertions.assertThatThrownBy(gateway::run)
                .isInstanceOf(dev.wayside.api.state.StateException.class);
        assertThat(existing()).isEmpty();
        gateway.records.full(false);
        gateway.run();

        assertThat(gateway.engine.starts()).hasSize(1);
    }

    @Test
    void aLostSandboxStartsThePodAnew() throws Exception {
        gateway.ask("a", TWO);
        gateway.run();
        gateway.engine.loseSandbox("uid-a");
        gateway.run();

        assertThat(gateway.engine.starts())
                .containsExactly("uid-a/web#0", "uid-a/log#0", "uid-a/web#1", "uid-a/log#1");
        assertThat(existing().get(0).sandboxRunning()).isTrue();
    }

    @Test
    void reportsTheSchedulersConditionAsItIsAndNoneOfOthers() throws Exception {
        KubeObject pod = gateway.ask("a", WEB);
        gateway.ask(
                pod.withStatus(
                        JsonObject.builder()
                                .put("phase", "Pending")
                                .put(
                                        "conditions",
                                        TestGateway.array(
                                                """
                                                [{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
                                                 {"type": "example.test/gate", "status": "False"}]\
                                                """))
                                .build()));
        gateway.run();

        JsonObject status = gateway.status("a");
        assertThat(status.array("conditions").objects())
                .contains(
                        TestGateway.parse(
                                """
                                {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}\
                                """))
                .noneMatch(condition -> condition.text("type").equals("example.test/gate"));
    }

    @Test
    void foldersOfNobodyAreSweptOnceThePodsAreKnown() throws Exception {
        gateway.ask(
                "a", WEB.replace("]}", "], \"volumes\": [{\"name\": \"t\", \"emptyDir\": {}}]}"));
        gateway.run();
        Files.createDirectories(gateway.dir.resolve("uid-gone/volumes/x"));
        gateway.state.incomplete(ResourceType.PODS);
        gateway.sweep();
        assertThat(gateway.dir.resolve("uid-gone")).exists();
        gateway.state.complete(ResourceType.PODS, true);
        gateway.sweep();

        assertThat(gateway.dir.resolve("uid-gone")).doesNotExist();
        assertThat(gateway.dir.resolve("uid-a")).exists();
    }

    @Test
    void aHashOfAnotherVersionRestartsNothing() throws Exception {
        gateway.ask("a", WEB);
        gateway.run();

        assertThat(SpecHash.differ("v0-abc", newest("a", "web").specHash())).isFalse();
        assertThat(SpecHash.differ("v1-abc", newest("a", "web").specHash())).isTrue();
    }
}
