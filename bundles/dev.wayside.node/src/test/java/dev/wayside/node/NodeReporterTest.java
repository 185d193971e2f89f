// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeDesiredState;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.EcKeys;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeReporterTest {
    private static final String LEASE =
            "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/gw-1";
    private static final String STATUS = "/api/v1/nodes/gw-1/status";

    @TempDir Path folder;

    private final ManualClock time = new ManualClock();
    private final FakeLink link = new FakeLink();
    private final FakeDesiredState desired = new FakeDesiredState();
    private final Agent agent = new Agent();
    private Optional<CacheHealth.Doubt> doubt = Optional.empty();
    private @Nullable AgentProgress present = agent;
    private GatewayIdentity identity;
    private NodeReporter reporter;

    private static final class Agent implements AgentProgress {
        private Duration sinceProgress = Duration.ofSeconds(1);
        private RuntimeState runtime = new RuntimeState(true, "docker://29.0.0", "");

        @Override
        public Duration sinceProgress() {
            return sinceProgress;
        }

        @Override
        public RuntimeState runtime() {
            return runtime;
        }
    }

    @BeforeEach
    void start() throws Exception {
        Instant now = time.instant();
        identity =
                new TestAuthority(folder)
                        .gateway(
                                EcKeys.generate(),
                                URI.create("https://127.0.0.1:8443"),
                                now,
                                now.plusSeconds(86_400));
        file("proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\n");
        file("proc/loadavg", "0.1 0.1 0.1 1/100 1");
        file("proc/sys/kernel/pid_max", "32768");
        file("proc/sys/kernel/hostname", "box");
        file("proc/sys/kernel/osrelease", "6.1.0");
        file("etc/machine-id", "0123");
        reporter = reporter();
    }

    @Test
    void makesItsLeaseIfThereIsNone() throws Exception {
        link.failures.put("PATCH " + LEASE, 404);

        reporter.turn();

        FakeLink.Sent made = link.takeMatching("POST").get(0);
        assertThat(made.path()).isEqualTo(LEASE.substring(0, LEASE.lastIndexOf('/')));
        assertThat(made.body().text("metadata", "name")).isEqualTo("gw-1");
        assertThat(made.body().object("spec"))
                .isEqualTo(
                        JsonObject.of("holderIdentity", "gw-1")
                                .with("leaseDurationSeconds", 40)
                                .with("renewTime", "2026-06-01T12:00:00.000000Z"));
        JsonObject owner = made.body().array("metadata", "ownerReferences").objects().get(0);
        assertThat(owner.text("uid")).isEqualTo(TestAuthority.UID);
    }

    @Test
    void renewsItsLeaseEveryTenSecondsWhileTheAgentMoves() throws Exception {
        turns(60);
        assertThat(link.takeMatching("PATCH " + LEASE))
                .hasSize(6)
                .extracting(it -> it.body().text("spec", "renewTime"))
                .doesNotHaveDuplicates()
                .contains("2026-06-01T12:00:50.000000Z");

        agent.sinceProgress = Duration.ofMillis(29_999);
        turns(10);
        assertThat(link.takeMatching(LEASE)).hasSize(1);

        agent.sinceProgress = Duration.ofSeconds(30);
        turns(100);
        assertThat(link.takeMatching(LEASE)).isEmpty();

        agent.sinceProgress = Duration.ZERO;
        turns(1);
        assertThat(link.takeMatching(LEASE)).hasSize(1);

        present = null;
        turns(100);
        assertThat(link.takeMatching(LEASE)).isEmpty();
    }

    @Test
    void renewsItsLeaseAlsoWhileTheRuntimeIsDown() throws Exception {
        agent.runtime = new AgentProgress.RuntimeState(false, "", "docker: no answer");
        turns(30);
        List<FakeLink.Sent> sent = link.take();
        assertThat(sent).filteredOn(it -> it.path().equals(LEASE)).hasSize(3);
        assertThat(sent)
                .filteredOn(it -> it.path().equals(STATUS))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(condition(it, "Ready"))
                                        .containsEntry("status", Json.of("False"))
                                        .containsEntry("reason", Json.of("RuntimeDown"))
                                        .containsEntry("message", Json.of("docker: no answer")));
    }

    @Test
    void neverSaysALeaseLaterThatCouldNotBeSaidNow() throws Exception {
        link.failures.put(LEASE, 0);
        turns(35);
        assertThat(link.takeMatching(LEASE)).hasSize(4);
        link.connected = false;
        turns(100);
        assertThat(link.take()).isEmpty();

        link.failures.clear();
        link.connected = true;
        turns(1);

        assertThat(link.takeMatching(LEASE))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(it.body().text("spec", "renewTime"))
                                        .isEqualTo("2026-06-01T12:02:15.000000Z"));
    }

    @Test
    void saysTheStatusWhenItChangesAndEveryFiveMinutes() throws Exception {
        turns(299);
        assertThat(link.takeMatching(STATUS)).hasSize(1);
        turns(10);
        assertThat(link.takeMatching(STATUS)).hasSize(1);

        agent.sinceProgress = Duration.ofSeconds(31);
        turns(1);
        assertThat(link.takeMatching(STATUS))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(condition(it, "Ready"))
                                        .containsEntry("reason", Json.of("AgentNotReady")));

        doubt = Optional.of(new CacheHealth.Doubt("StoreReplaced", "another store"));
        turns(1);
        assertThat(link.takeMatching(STATUS))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(condition(it, "CacheSuspect"))
                                        .containsEntry("status", Json.of("True")));

        file("proc/loadavg", "0.1 0.1 0.1 1/32000 1");
        turns(10);
        assertThat(link.takeMatching(STATUS))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(condition(it, "PIDPressure"))
                                        .containsEntry("status", Json.of("True")));
    }

    @Test
    void saysItOfTheNodeThatItJoinedAsAndOfNoOther() throws Exception {
        reporter.turn();

        FakeLink.Sent status = link.takeMatching(STATUS).get(0);
        assertThat(status.method()).isEqualTo("PATCH");
        assertThat(status.body().members().keySet()).containsExactly("metadata", "status");
        assertThat(status.body().object("metadata"))
                .isEqualTo(JsonObject.of("uid", TestAuthority.UID));
        assertThat(status.body().array("status", "addresses").objects())
                .extracting(it -> it.text("address"))
                .containsExactly("127.0.0.1", "box");
        assertThat(status.body().object("status", "nodeInfo").text("machineID")).isEqualTo("0123");
        assertThat(status.body().object("status", "nodeInfo").text("kubeletVersion"))
                .isEqualTo("v1.35.0-wayside.0.1.0");
    }

    @Test
    void givesTheAgentTimeToComeUpBeforeItSaysNotReady() throws Exception {
        present = null;
        turns(10);
        assertThat(link.take()).isEmpty();
        turns(1);
        assertThat(link.takeMatching(STATUS)).hasSize(1);
    }

    @Test
    void setsItsThreeLabelsAndNoOthersUntilTheyAreThere() throws Exception {
        desired.put(ResourceType.NODES, node("1", "True").withLabels(Map.of("site", "site-1")));
        turns(10);

        List<FakeLink.Sent> labels =
                link.take().stream().filter(it -> it.path().equals("/api/v1/nodes/gw-1")).toList();
        assertThat(labels)
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(it.body())
                                        .isEqualTo(
                                                JsonObject.of(
                                                        "metadata",
                                                        JsonObject.of("uid", TestAuthority.UID)
                                                                .with(
                                                                        "labels",
                                                                        JsonObject.ofStrings(
                                                                                ours())))));

        desired.put(ResourceType.NODES, node("2", "True").withLabels(ours()));
        turns(300);
        assertThat(link.take()).noneMatch(it -> it.path().equals("/api/v1/nodes/gw-1"));
    }

    @Test
    void setsItsLabelsSoonIfTheFirstTryFails() throws Exception {
        // Ends with: the status is heard, the labels are not.
        link.failures.put("nodes/gw-1$", 503);
        turns(1);
        link.failures.clear();
        link.take();
        turns(10);
        assertThat(link.take()).filteredOn(it -> it.path().equals("/api/v1/nodes/gw-1")).hasSize(1);
    }

    @Test
    void answersAConnectorThatGaveItUpForLost() throws Exception {
        desired.put(ResourceType.NODES, node("1", "True"));
        turns(60);
        link.take();

        desired.put(ResourceType.NODES, node("2", "Unknown"));
        turns(10);

        assertThat(link.takeMatching(STATUS))
                .singleElement()
                .satisfies(
                        it ->
                                assertThat(condition(it, "Ready"))
                                        .containsEntry("status", Json.of("True"))
                                        .containsEntry(
                                                "lastTransitionTime",
                                                Json.of("2026-06-01T12:01:00Z")));
        turns(60);
        assertThat(link.takeMatching(STATUS)).as("while its answer is on the way").isEmpty();
        desired.put(ResourceType.NODES, node("3", "True"));
        turns(60);
        assertThat(link.takeMatching(STATUS)).isEmpty();
    }

    @Test
    void keepsTheTimesOfTransitionOverARestart() throws Exception {
        desired.put(ResourceType.NODES, node("1", "True"));

        reporter.turn();

        assertThat(condition(link.takeMatching(STATUS).get(0), "Ready"))
                .containsEntry("lastTransitionTime", Json.of("2026-01-01T00:00:00Z"));
    }

    @Test
    void makesNoNodeAndNoHasteIfItsNodeIsGoneOrAnothers() throws Exception {
        for (int status : List.of(404, 409, 401, 403)) {
            link.failures.put("", status);
            turns(100);
            assertThat(link.take())
                    .hasSizeLessThanOrEqualTo(40)
                    .noneMatch(
                            it -> it.method().equals("POST") && it.path().equals("/api/v1/nodes"));
        }
        link.failures.clear();
        turns(11);
        assertThat(link.takeMatching(STATUS)).hasSize(1);
    }

    @Test
    void raisesTheTimeFloorOnlyByALeaseThatWasHeard() throws Exception {
        link.failures.put(LEASE, 0);
        turns(1);
        assertThat(folder.resolve("time-floor")).doesNotExist();

        link.failures.clear();
        turns(10);
        assertThat(folder.resolve("time-floor")).exists();
    }

    @Test
    void believesNoClockThatJumpsAheadWhileItIsConnected() throws Exception {
        turns(60);
        Instant before = time.instant();
        time.set(before.plus(Duration.ofDays(36_500)));
        turns(60);
        assertThat(link.takeMatching("PATCH " + LEASE)).hasSize(12);
        time.set(before);

        assertThat(new TimeFloor(folder.resolve("time-floor"), time).now())
                .isBetween(before, before.plus(Duration.ofMinutes(2)));
    }

    @Test
    void raisesTheTimeFloorOverALongConnection() throws Exception {
        turns(1);
        time.advance(Duration.ofDays(20));
        turns(1);
        Instant vouched = time.instant().minusSeconds(1);
        time.set(Instant.EPOCH);

        assertThat(new TimeFloor(folder.resolve("time-floor"), time).now())
                .isEqualTo(min(vouched, identity.certificates().get(0)));
    }

    private static Instant min(Instant one, X509Certificate certificate) {
        Instant end = certificate.getNotAfter().toInstant();
        return one.isBefore(end) ? one : end;
    }

    @Test
    void saysOnceThatTheConnectorDoesNotHear() throws Exception {
        try (Logged logged = new Logged()) {
            link.failures.put(LEASE, 403);
            turns(120);
            assertThat(logged.lines("can't be told")).hasSize(1);
            assertThat(logged.lines("hears of this node again")).isEmpty();

            link.failures.clear();
            turns(20);
            assertThat(logged.lines("hears of this node again")).hasSize(1);
        }
    }

    private NodeReporter reporter() {
        return new NodeReporter(
                identity,
                link,
                desired,
                () -> doubt,
                () -> Optional.ofNullable(present),
                new Machine(folder, folder),
                new TimeFloor(folder.resolve("time-floor"), time),
                "0.1.0",
                time::uptime,
                time);
    }

    /** As many turns, one a second. */
    private void turns(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            reporter.turn();
            time.advance(Duration.ofSeconds(1));
        }
    }

    private static Map<String, String> ours() {
        return Map.of(
                "kubernetes.io/hostname", "gw-1",
                "kubernetes.io/os", "linux",
                "kubernetes.io/arch", Machine.architecture());
    }

    private static KubeObject node(String revision, String ready) {
        return KubeObject.of(ResourceType.NODES, "", "gw-1")
                .withMetadata("uid", Json.of(TestAuthority.UID))
                .withMetadata("resourceVersion", Json.of(revision))
                .withStatus(
                        JsonObject.of(
                                "conditions",
                                JsonArray.of(
                                        JsonObject.of("type", "Ready")
                                                .with("status", ready)
                                                .with(
                                                        "lastTransitionTime",
                                                        "2026-01-01T00:00:00Z"))));
    }

    private static Map<String, Json> condition(FakeLink.Sent sent, String type) {
        return sent.body().array("status", "conditions").objects().stream()
                .filter(it -> it.text("type").equals(type))
                .findFirst()
                .orElseThrow()
                .members();
    }

    private void file(String path, String content) throws Exception {
        Files.createDirectories(folder.resolve(path).getParent());
        Files.writeString(folder.resolve(path), content);
    }
}
