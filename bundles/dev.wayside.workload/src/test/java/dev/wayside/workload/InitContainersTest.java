// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Init containers and sidecars, against fakes. */
final class InitContainersTest {
    @TempDir Path temp;
    private TestGateway gateway;

    @BeforeEach
    void makeGateway() {
        gateway = new TestGateway(temp.resolve("pods"));
    }

    private void ask(String policy) {
        gateway.ask(
                "a",
                """
                {"restartPolicy": "%s",
                 "initContainers": [{"name": "one", "image": "i:1"}, {"name": "two", "image": "i:1"}],
                 "containers": [{"name": "web", "image": "web:1"}]}\
                """
                        .formatted(policy));
    }

    private void exit(String container, int code) throws Exception {
        gateway.engine.exit("uid-a", container, code);
        gateway.run();
    }

    private String phase() {
        return gateway.status("a").text("phase");
    }

    private JsonObject condition(String type) {
        return new KubeObject(JsonObject.of("status", gateway.status("a")))
                .condition(type)
                .orElseThrow();
    }

    private JsonObject init(String name) {
        return gateway.status("a").array("initContainerStatuses").objects().stream()
                .filter(status -> status.text("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void runOneAfterTheOtherBeforeTheOthers() throws Exception {
        ask("Always");
        gateway.run();
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0");
        assertThat(phase()).isEqualTo("Pending");
        assertThat(init("one").object("state").has("running")).isTrue();
        assertThat(init("two").text("state", "waiting", "reason")).isEqualTo("PodInitializing");
        assertThat(gateway.containerStatus("a", "web").text("state", "waiting", "reason"))
                .isEqualTo("PodInitializing");
        assertThat(condition("Initialized").text("status")).isEqualTo("False");
        assertThat(condition("Initialized").text("reason")).isEqualTo("ContainersNotInitialized");
        assertThat(condition("Initialized").text("message"))
                .isEqualTo("containers with incomplete status: [one two]");
        assertThat(condition("PodReadyToStartContainers").text("status")).isEqualTo("True");

        exit("one", 0);
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0", "uid-a/two#0");
        assertThat(init("one").text("state", "terminated", "reason")).isEqualTo("Completed");
        assertThat(init("one").flag("ready")).isTrue();
        assertThat(phase()).isEqualTo("Pending");

        exit("two", 0);
        assertThat(gateway.engine.starts())
                .containsExactly("uid-a/one#0", "uid-a/two#0", "uid-a/web#0");
        assertThat(phase()).isEqualTo("Running");
        assertThat(condition("Initialized").text("status")).isEqualTo("True");
        assertThat(condition("Ready").text("status")).isEqualTo("True");
    }

    @Test
    void areRetriedWithTheSameBackOff() throws Exception {
        ask("Always");
        gateway.run();
        exit("one", 1);
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0", "uid-a/one#1");
        exit("one", 2);
        assertThat(init("one").text("state", "waiting", "reason")).isEqualTo("CrashLoopBackOff");
        assertThat(init("one").number("lastState", "terminated", "exitCode")).hasValue(2);
        assertThat(phase()).isEqualTo("Pending");
        gateway.advance(Duration.ofSeconds(9));
        assertThat(gateway.engine.starts()).hasSize(2);
        gateway.advance(Duration.ofSeconds(1));
        assertThat(gateway.engine.starts()).endsWith("uid-a/one#2");
        exit("one", 0);
        assertThat(gateway.engine.starts()).endsWith("uid-a/two#0");
        assertThat(init("one").number("restartCount")).hasValue(2);
    }

    @Test
    void aFailureIsTheEndOfAPodThatIsNeverRestarted() throws Exception {
        ask("Never");
        gateway.run();
        exit("one", 3);
        assertThat(phase()).isEqualTo("Failed");
        assertThat(init("one").text("state", "terminated", "reason")).isEqualTo("Error");
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0");
    }

    @Test
    void areNotRunAgainAfterARestartOfTheGatewayNorIfSomebodyRemovesThem() throws Exception {
        ask("Always");
        gateway.run();
        exit("one", 0);
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0", "uid-a/two#0");
        gateway.engine.vanish("uid-a", "one");
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).containsExactly("uid-a/one#0", "uid-a/two#0");
        assertThat(init("one").flag("ready")).isTrue();
        exit("two", 0);
        gateway.engine.vanish("uid-a", "two");
        exit("web", 1);
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts())
                .containsExactly("uid-a/one#0", "uid-a/two#0", "uid-a/web#0", "uid-a/web#1");
        assertThat(condition("Initialized").text("status")).isEqualTo("True");
    }

    @Test
    void runAgainAfterAReboot() throws Exception {
        ask("Always");
        gateway.run();
        exit("one", 0);
        exit("two", 0);
        gateway.engine.reboot();
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).endsWith("uid-a/web#0", "uid-a/one#1");
        assertThat(phase()).isEqualTo("Pending");
        assertThat(condition("Initialized").text("status")).isEqualTo("False");
        gateway.boot();
        exit("one", 0);
        exit("two", 0);
        assertThat(gateway.engine.starts()).endsWith("uid-a/one#1", "uid-a/two#1", "uid-a/web#1");
        assertThat(phase()).isEqualTo("Running");
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).hasSize(6);
    }

    @Test
    void runAgainAfterARebootThatCameWhileTheyRan() throws Exception {
        ask("OnFailure");
        gateway.run();
        exit("one", 0);
        gateway.engine.reboot();
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).endsWith("uid-a/two#0", "uid-a/one#1");
        exit("one", 0);
        assertThat(gateway.engine.starts()).endsWith("uid-a/two#1");
    }

    @Test
    void adoptsAPodWhoseRecordIsLostWithoutRunningThemAgain() throws Exception {
        ask("Always");
        gateway.run();
        exit("one", 0);
        exit("two", 0);
        gateway.records.remove(PodRecords.BUCKET, "uid-a");
        gateway.boot();
        gateway.run();
        assertThat(gateway.engine.starts()).hasSize(3);
        assertThat(phase()).isEqualTo("Running");
    }

    private static final String SIDECARS =
            """
            {"restartPolicy": "%s", "terminationGracePeriodSeconds": 30,
             "initContainers": [
               {"name": "proxy", "image": "p:1", "restartPolicy": "Always"},
               {"name": "one", "image": "i:1"},
               {"name": "log", "image": "l:1", "restartPolicy": "Always"}],
             "containers": [{"name": "web", "image": "web:1"}]}\
            """;

    @Test
    void sidecarsStartInTurnAndStay() throws Exception {
        gateway.ask("a", SIDECARS.formatted("Always"));
        gateway.run();
        assertThat(gateway.engine.starts()).containsExactly("uid-a/proxy#0", "uid-a/one#0");
        assertThat(phase()).isEqualTo("Pending");
        exit("proxy", 0);
        assertThat(gateway.engine.starts()).endsWith("uid-a/proxy#1");
        exit("one", 0);
        assertThat(gateway.engine.starts()).endsWith("uid-a/log#0", "uid-a/web#0");
        assertThat(phase()).isEqualTo("Running");
        assertThat(condition("Ready").text("status")).isEqualTo("True");
        exit("log", 1);
        assertThat(gateway.engine.starts()).endsWith("uid-a/log#1");
        exit("log", 1);
        assertThat(condition("Ready").text("message"))
                .isEqualTo("containers with unready status: [log]");
        assertThat(phase()).isEqualTo("Running");
    }

    @Test
    void sidecarsOfAPodThatIsDoneAreStoppedLastFirstAndThenItIsOver() throws Exception {
        gateway.ask("a", SIDECARS.formatted("Never"));
        gateway.run();
        exit("one", 0);
        exit("web", 0);
        assertThat(gateway.engine.calls().stream().filter(it -> it.startsWith("stopContainer")))
                .hasSize(2);
        assertThat(phase()).isEqualTo("Succeeded");
        assertThat(gateway.engine.starts()).hasSize(4);
    }

    @Test
    void sidecarsEndAfterAllOthersWhenThePodIsDeleted() throws Exception {
        gateway.ask("a", SIDECARS.formatted("Always"));
        gateway.run();
        exit("one", 0);
        String proxy = gateway.engine.snapshot().get(0).newest("proxy").orElseThrow().id();
        String log = gateway.engine.snapshot().get(0).newest("log").orElseThrow().id();
        String web = gateway.engine.snapshot().get(0).newest("web").orElseThrow().id();
        gateway.delete("a", 30);
        gateway.run();
        assertThat(gateway.engine.calls().stream().filter(it -> it.startsWith("stopContainer")))
                .containsExactly(
                        "stopContainer " + web + " 30s",
                        "stopContainer " + log + " 30s",
                        "stopContainer " + proxy + " 30s");
        assertThat(gateway.engine.snapshot()).isEmpty();
    }

    @Test
    void anImageThatCannotBePulledShowsAtTheInitContainer() throws Exception {
        gateway.engine.failImage(
                "i:1",
                new dev.wayside.api.driver.DriverException(
                        dev.wayside.api.driver.DriverException.Kind.UNAVAILABLE,
                        "ErrImagePull",
                        "no such image",
                        null));
        ask("Always");
        gateway.run();
        assertThat(init("one").text("state", "waiting", "reason")).isEqualTo("ErrImagePull");
        assertThat(gateway.status("a").get("phase")).contains(Json.of("Pending"));
    }
}
