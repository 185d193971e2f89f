// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The gateway goes on by itself: cut from the connector, killed, and both at once. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CloudAwayIT {
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(2, 2);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private static JsonObject container(KubeObject pod) {
        return pod.status().array("containerStatuses").objects().get(0);
    }

    /** The pid in {@code process://…}, by way of the process whose environment names the pod. */
    private static ProcessHandle processOf(KubeObject pod, Installation wayside) throws Exception {
        return Eventually.see(
                        "the process of " + pod.name(),
                        Duration.ofSeconds(20),
                        () -> Processes.ofPod(wayside.data(), pod.uid()),
                        found -> found.size() == 1)
                .get(0);
    }

    @Test
    void aContainerThatVanishedWhileAllWasAwayComesBackFromTheCacheAlone() throws Exception {
        wayside.apply(Manifests.grid("steady", "wayside.dev/host", 1, "hi"));
        KubeObject pod =
                wayside.awaitRunning("app=steady", 2).stream()
                        .filter(p -> p.spec().text("nodeName").equals("gw-1"))
                        .findFirst()
                        .orElseThrow();
        ProcessHandle first = processOf(pod, wayside);

        wayside.cutConnector();
        wayside.cutGateway("gw-1");
        assertThat(first.isAlive()).as("containers outlive the gateway").isTrue();
        Installation.kill(first.pid());

        // Only the gateway; the connector stays away.
        assertThat(wayside.startGateway("gw-1")).contains("running");
        ProcessHandle second =
                Eventually.see(
                                "the container is back without a connector",
                                Duration.ofMinutes(1),
                                () -> Processes.ofPod(wayside.data(), pod.uid()),
                                found -> found.size() == 1)
                        .get(0);
        assertThat(second.pid()).isNotEqualTo(first.pid());

        wayside.up(2, 2);
        KubeObject after =
                Eventually.see(
                        "the new status has reached the connector",
                        Duration.ofMinutes(1),
                        () -> wayside.get("pod", pod.name()).get(0),
                        seen ->
                                container(seen).number("restartCount").orElse(0) == 1
                                        && seen.conditionIsTrue("Ready"));
        assertThat(after.uid()).isEqualTo(pod.uid());
        assertThat(container(after).text("containerID"))
                .isNotEqualTo(container(pod).text("containerID"));
        wayside.kubectl("delete", "dg", "steady").ok();
    }

    @Test
    void aPodDeletedWhileItsGatewayWasAwayGoesWhenItIsBackAndOnlyThatPod() throws Exception {
        for (String name : List.of("stays", "goes")) {
            wayside.apply(Manifests.pod(name, "wayside.dev/host", "gw-2"));
        }
        KubeObject stays = wayside.awaitRunning("app=stays", 1).get(0);
        KubeObject goes = wayside.awaitRunning("app=goes", 1).get(0);
        ProcessHandle steady = processOf(stays, wayside);
        ProcessHandle doomed = processOf(goes, wayside);

        wayside.cutGateway("gw-2");
        wayside.kubectl("delete", "pod", "goes", "--wait=false").ok();
        assertThat(doomed.isAlive()).isTrue();

        wayside.startGateway("gw-2");
        Eventually.see(
                "the deleted pod is gone",
                Duration.ofMinutes(1),
                () -> wayside.get("pods").stream().map(KubeObject::name).toList(),
                names -> !names.contains("goes"));
        assertThat(doomed.isAlive()).isFalse();
        assertThat(steady.isAlive()).as("the other pod's process was never touched").isTrue();
        assertThat(container(wayside.get("pod", "stays").get(0)).text("containerID"))
                .isEqualTo(container(stays).text("containerID"));
        wayside.kubectl("delete", "pod", "stays").ok();
    }

    @Test
    void aHundredThousandWritesElsewhereCostAReturningGatewayNoList() throws Exception {
        for (String name : List.of("here-1", "here-2")) {
            wayside.apply(Manifests.pod(name, "wayside.dev/host", "gw-1"));
        }
        for (String name : List.of("there-1", "there-2")) {
            wayside.apply(Manifests.pod(name, "wayside.dev/host", "gw-2"));
        }
        KubeObject stays = wayside.awaitRunning("app=here-1", 1).get(0);
        wayside.awaitRunning("app=here-2", 1);
        wayside.awaitRunning("app=there-1", 1);
        wayside.awaitRunning("app=there-2", 1);
        ProcessHandle steady = processOf(stays, wayside);
        Path log = wayside.gateway("gw-1").resolve("log/gateway.log");
        assertThat(Files.readString(log)).contains("pods was listed whole");

        // Killed when it may not have kept the echo of its own last status, which is trimmed then.
        wayside.cutGateway("gw-1");
        List<String> elsewhere = new ArrayList<>(List.of("there-1", "there-2"));
        elsewhere.addAll(idlePods(62));
        new WriteLoad(wayside.data().resolve("kubeconfig"))
                .annotate(
                        elsewhere.stream()
                                .map(name -> "/api/v1/namespaces/default/pods/" + name)
                                .toList(),
                        100_000);
        wayside.kubectl("delete", "pod", "here-2", "--wait=false").ok();
        long before = Files.size(log);
        wayside.startGateway("gw-1");
        Eventually.see(
                "what changed has arrived",
                Duration.ofMinutes(1),
                () -> wayside.get("pods").stream().map(KubeObject::name).toList(),
                names -> !names.contains("here-2"));
        assertThat(Files.readString(log).substring((int) before))
                .contains("Connected to")
                .doesNotContain("was listed whole");
        assertThat(steady.isAlive()).isTrue();
        wayside.kubectl("delete", "pod", "here-1", "there-1", "there-2").ok();
        wayside.kubectl("delete", "pod", "-l", "app=idle").ok();
    }

    /** Pods that no scheduler looks at: writes to one object would wait for each other. */
    private List<String> idlePods(int count) throws Exception {
        List<String> names = new ArrayList<>();
        StringBuilder manifests = new StringBuilder();
        for (int i = 0; i < count; i++) {
            names.add("idle-" + i);
            manifests
                    .append("---\n")
                    .append(
                            Manifests.pod("idle-" + i, "wayside.dev/host", "nowhere")
                                    .replace("{app: idle-" + i + "}", "{app: idle}")
                                    .replace("spec:\n", "spec:\n  schedulerName: nobody\n"));
        }
        wayside.apply(manifests.toString());
        return names;
    }

    @Test
    void aGatewayThatLeavesTakesItsWorkloadsKeysAndStateAway() throws Exception {
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
        wayside.apply(Manifests.pod("leaving", "wayside.dev/host", "gw-3"));
        ProcessHandle process = processOf(wayside.awaitRunning("app=leaving", 1).get(0), wayside);
        Path home = wayside.gateway("gw-3");

        wayside.gatewayCommand("leave", "gw-3").ok();
        assertThat(process.isAlive()).isFalse();
        assertThat(home.resolve("identity/key.pem")).doesNotExist();
        assertThat(home.resolve("identity/identity.json")).doesNotExist();
        assertThat(home.resolve("state"))
                .satisfiesAnyOf(
                        state -> assertThat(state).doesNotExist(),
                        state -> assertThat(state).isEmptyDirectory());
        Command.Result run = wayside.gatewayCommand("run", "gw-3");
        assertThat(run.status()).as(run.output()).isEqualTo(78);
        assertThat(run.output()).contains("gateway join");

        wayside.kubectl("delete", "node", "gw-3").ok();
        Eventually.see(
                "the pod went with its node",
                Duration.ofMinutes(1),
                () -> wayside.get("pods").stream().map(KubeObject::name).toList(),
                names -> !names.contains("leaving"));
    }

    @Test
    void aCutEvictsNothingAndIsSeenByTheOperator() throws Exception {
        wayside.apply(Manifests.grid("kept", "wayside.dev/host", 1, "hi"));
        List<KubeObject> before = wayside.awaitRunning("app=kept", 2);
        wayside.cutGateway("gw-1");
        Eventually.see(
                "the node is unknown and taken out of scheduling",
                Duration.ofSeconds(100),
                () -> wayside.get("node", "gw-1").get(0),
                node ->
                        node.condition("Ready").orElseThrow().text("status").equals("Unknown")
                                && node.spec().array("taints").objects().stream()
                                        .anyMatch(
                                                taint ->
                                                        taint.text("key")
                                                                        .equals(
                                                                                "node.kubernetes.io/unreachable")
                                                                && taint.text("effect")
                                                                        .equals("NoSchedule")));
        assertThat(wayside.get("node", "gw-1").get(0).spec().array("taints").objects())
                .noneMatch(taint -> taint.text("effect").equals("NoExecute"));
        assertThat(wayside.get("pods", "-l", "app=kept"))
                .extracting(KubeObject::uid)
                .containsExactlyInAnyOrderElementsOf(before.stream().map(KubeObject::uid).toList());
        wayside.startGateway("gw-1");
        Eventually.see(
                "the node is back",
                Duration.ofMinutes(1),
                () -> wayside.get("node", "gw-1").get(0),
                node -> node.conditionIsTrue("Ready") && node.spec().array("taints").isEmpty());
        assertThat(wayside.awaitRunning("app=kept", 2))
                .extracting(KubeObject::uid)
                .containsExactlyInAnyOrderElementsOf(before.stream().map(KubeObject::uid).toList());
        wayside.kubectl("delete", "dg", "kept").ok();
    }
}
