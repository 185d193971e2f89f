// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probes and hooks, against fakes: start-up by HTTP, readiness by exec, liveness by TCP. */
final class ProbesTest {
    private static final String STARTUP = "httpGet";
    private static final String READINESS = "exec";
    private static final String LIVENESS = "Tcp[host=10.244.0.1, port=80]";
    private static final Outcome BAD = Outcome.failure("no");

    @TempDir Path temp;
    private TestGateway gateway;

    @BeforeEach
    void makeGateway() {
        gateway = new TestGateway(temp.resolve("pods"));
    }

    private void ask(String policy, String fields) throws Exception {
        gateway.ask(
                "a",
                """
                {"restartPolicy": "%s", "terminationGracePeriodSeconds": 30,
                 "containers": [{"name": "web", "image": "web:1", %s}]}\
                """
                        .formatted(policy, fields));
        gateway.run();
    }

    private static String startup(String more) {
        return "\"startupProbe\": {\"httpGet\": {\"port\": 80, \"path\": \"/\"}, \"periodSeconds\":"
                + " 1"
                + more
                + "}";
    }

    private static String readiness(String more) {
        return "\"readinessProbe\": {\"exec\": {\"command\": [\"a\"]}, \"periodSeconds\": 5"
                + more
                + "}";
    }

    private static String liveness(String more) {
        return "\"livenessProbe\": {\"tcpSocket\": {\"port\": 80}, \"periodSeconds\": 5"
                + more
                + "}";
    }

    private JsonObject web() {
        return gateway.containerStatus("a", "web");
    }

    private boolean podReady() {
        return new KubeObject(JsonObject.of("status", gateway.status("a")))
                .conditionIsTrue("Ready");
    }

    private void pass(long seconds) throws Exception {
        gateway.advance(Duration.ofSeconds(seconds));
    }

    private long count(String handler) {
        return gateway.checked.stream().filter(handler::equals).count();
    }

    @Test
    void aContainerIsReadyOnceItsProbeSaysSo() throws Exception {
        gateway.outcomes.put(READINESS, BAD);
        ask("Always", readiness(", \"successThreshold\": 2, \"failureThreshold\": 2"));
        pass(1);
        assertThat(web().flag("started")).isTrue();
        assertThat(web().flag("ready")).isFalse();
        assertThat(podReady()).isFalse();
        assertThat(gateway.status("a").text("phase")).isEqualTo("Running");

        gateway.outcomes.clear();
        pass(5);
        assertThat(web().flag("ready")).isFalse();
        pass(5);
        assertThat(web().flag("ready")).isTrue();
        assertThat(podReady()).isTrue();

        gateway.outcomes.put(READINESS, BAD);
        pass(5);
        assertThat(web().flag("ready")).isTrue();
        pass(5);
        assertThat(web().flag("ready")).isFalse();
        assertThat(podReady()).isFalse();
        assertThat(gateway.engine.starts()).hasSize(1);
    }

    @Test
    void probesWaitForTheirInitialDelay() throws Exception {
        ask("Always", readiness(", \"initialDelaySeconds\": 20"));
        pass(19);
        assertThat(gateway.checked).isEmpty();
        pass(1);
        assertThat(gateway.checked).hasSize(1);
        assertThat(web().flag("ready")).isTrue();
    }

    @Test
    void livenessRestartsAndSaysWhy() throws Exception {
        ask("Always", liveness(", \"failureThreshold\": 3"));
        pass(20);
        gateway.outcomes.put(LIVENESS, BAD);
        pass(10);
        assertThat(gateway.engine.starts()).hasSize(1);
        pass(5);
        assertThat(gateway.engine.starts()).containsExactly("uid-a/web#0", "uid-a/web#1");
        assertThat(gateway.outbox.reasons("uid-a")).contains("Unhealthy", "Killing");
        assertThat(gateway.outbox.events())
                .extracting(event -> event.message())
                .contains(
                        "Liveness probe failed: no",
                        "Container web failed liveness probe, will be restarted");
        assertThat(web().number("restartCount")).hasValue(1);
        // The new attempt begins anew, with the same back-off as after any other end.
        pass(15);
        assertThat(gateway.engine.starts()).hasSize(2);
        assertThat(web().text("state", "waiting", "reason")).isEqualTo("CrashLoopBackOff");
    }

    @Test
    void aProbesGracePeriodCountsForItsSake() throws Exception {
        gateway.outcomes.put(LIVENESS, BAD);
        ask("Always", liveness(", \"failureThreshold\": 1, \"terminationGracePeriodSeconds\": 3"));
        pass(1);
        assertThat(gateway.engine.calls())
                .anyMatch(call -> call.startsWith("stopContainer") && call.endsWith(" 3s"));
    }

    @Test
    void livenessRestartsWhatEndsWellWhenAskedToUnlessNothingIsRestarted() throws Exception {
        gateway.outcomes.put(LIVENESS, BAD);
        ask("OnFailure", liveness(", \"failureThreshold\": 1"));
        pass(1);
        assertThat(gateway.engine.starts()).hasSize(2);

        gateway = new TestGateway(temp.resolve("other"));
        gateway.outcomes.put(LIVENESS, BAD);
        ask("Never", liveness(", \"failureThreshold\": 1"));
        pass(1);
        assertThat(gateway.engine.starts()).hasSize(1);
        assertThat(gateway.status("a").text("phase")).isEqualTo("Failed");
        assertThat(gateway.outbox.events())
                .extracting(event -> event.message())
                .contains("Container web failed liveness probe");
    }

    @Test
    void theOthersWaitForTheStartupProbe() throws Exception {
        gateway.outcomes.put(STARTUP, BAD);
        ask(
                "Always",
                startup(", \"failureThreshold\": 30") + "," + readiness("") + "," + liveness(""));
        pass(10);
        assertThat(count(STARTUP)).isBetween(10L, 11L);
        assertThat(count(READINESS)).isZero();
        assertThat(count(LIVENESS)).isZero();
        assertThat(web().flag("started")).isFalse();
        gateway.outcomes.clear();
        pass(1);
        assertThat(web().flag("started")).isTrue();
        assertThat(web().flag("ready")).isTrue();
        assertThat(count(LIVENESS)).isEqualTo(1);
        long startups = count(STARTUP);
        pass(30);
        assertThat(count(STARTUP)).isEqualTo(startups);
    }

    @Test
    void aStartupThatFailsIsRestarted() throws Exception {
        gateway.outcomes.put(STARTUP, BAD);
        ask("Always", startup(", \"failureThreshold\": 4"));
        pass(3);
        assertThat(gateway.engine.starts()).hasSize(2);
        assertThat(gateway.outbox.events())
                .extracting(event -> event.message())
                .contains("Container web failed startup probe, will be restarted");
    }

    @Test
    void whatCannotBeTriedSaysNothing() throws Exception {
        ask("Always", liveness(", \"failureThreshold\": 1") + "," + readiness(""));
        pass(1);
        assertThat(web().flag("ready")).isTrue();
        gateway.outcomes.put(LIVENESS, Outcome.unknown("the runtime is away"));
        gateway.outcomes.put(READINESS, Outcome.unknown("the runtime is away"));
        pass(60);
        assertThat(gateway.engine.starts()).hasSize(1);
        assertThat(web().flag("ready")).isTrue();
    }

    @Test
    void readinessOutlivesTheGateway() throws Exception {
        ask("Always", startup("") + "," + readiness(", \"failureThreshold\": 2"));
        pass(1);
        assertThat(web().flag("ready")).isTrue();
        int writes = gateway.outbox.statusWrites();
        gateway.boot();
        gateway.run();
        assertThat(web().flag("ready")).isTrue();
        assertThat(web().flag("started")).isTrue();
        assertThat(gateway.outbox.statusWrites()).isEqualTo(writes);
        gateway.outcomes.put(READINESS, BAD);
        pass(6);
        assertThat(web().flag("ready")).isTrue();
        pass(5);
        assertThat(web().flag("ready")).isFalse();
        gateway.boot();
        gateway.run();
        assertThat(web().flag("ready")).isFalse();
    }

    @Test
    void aNewAttemptIsNotReadyBecauseTheOldOneWas() throws Exception {
        ask("Always", readiness(""));
        pass(1);
        assertThat(web().flag("ready")).isTrue();
        gateway.outcomes.put(READINESS, BAD);
        gateway.engine.exit("uid-a", "web", 1);
        gateway.run();
        assertThat(gateway.engine.starts()).hasSize(2);
        assertThat(web().flag("ready")).isFalse();
    }

    @Test
    void aThousandFailuresAreNotAThousandEvents() throws Exception {
        gateway.outcomes.put(READINESS, BAD);
        ask("Always", readiness(""));
        for (int i = 0; i < 1000; i++) {
            gateway.outcomes.put(READINESS, Outcome.failure("no " + i));
            pass(5);
        }
        assertThat(gateway.outbox.reasons("uid-a").stream().filter("Unhealthy"::equals))
                .hasSizeBetween(30, 45);
    }

    @Test
    void aPodThatGoesIsNotProbedAnyMore() throws Exception {
        ask("Always", liveness(""));
        pass(1);
        gateway.delete("a", 30);
        gateway.run();
        int checked = gateway.checked.size();
        pass(60);
        assertThat(gateway.checked).hasSize(checked);
    }

    @Test
    void postStartKeepsItFromBeingStartedAndItsFailureEndsIt() throws Exception {
        gateway.outcomes.put("Tcp[host=10.244.0.1, port=9]", BAD);
        ask("Always", "\"lifecycle\": {\"postStart\": {\"tcpSocket\": {\"port\": 9}}}");
        assertThat(gateway.outbox.events())
                .extracting(event -> event.message())
                .contains(
                        "PostStartHook failed: no",
                        "Container web failed its postStart hook, will be restarted");
        assertThat(gateway.engine.starts()).hasSize(2);

        gateway = new TestGateway(temp.resolve("other"));
        List<Runnable> later = new ArrayList<>();
        ask("Always", "\"lifecycle\": {}");
        gateway.drop("a");
        gateway.run();
        gateway.background = task -> later.add(task);
        ask("Always", "\"lifecycle\": {\"postStart\": {\"tcpSocket\": {\"port\": 9}}}");
        while (gateway.engine.starts().size() < 2) {
            later.remove(0).run();
            gateway.run();
        }
        assertThat(web().flag("started")).isFalse();
        assertThat(web().flag("ready")).isFalse();
        later.remove(0).run();
        gateway.run();
        assertThat(web().flag("ready")).isTrue();
    }

    @Test
    void preStopComesFirstAndOnce() throws Exception {
        ask("Always", "\"lifecycle\": {\"preStop\": {\"tcpSocket\": {\"port\": 9}}}");
        gateway.delete("a", 10);
        gateway.run();
        assertThat(gateway.checked).containsExactly("Tcp[host=10.244.0.1, port=9]");
        assertThat(gateway.engine.calls())
                .anyMatch(call -> call.startsWith("stopContainer") && call.endsWith(" 10s"));
        assertThat(gateway.engine.snapshot()).isEmpty();
    }

    @Test
    void preStopIsLeftOutWhereThereIsNoTime() throws Exception {
        ask("Always", "\"lifecycle\": {\"preStop\": {\"tcpSocket\": {\"port\": 9}}}");
        gateway.delete("a", 0);
        gateway.run();
        assertThat(gateway.checked).isEmpty();
    }
}
