// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.DockerEngine;
import dev.wayside.testing.Eventually;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Two gateways of two sites on one real Docker engine. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DockerIT {
    private DockerEngine engine;
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        engine = DockerEngine.start();
        engine.importBusybox(IMAGE);
        wayside = Installation.withDocker(engine.socket());
        assertThat(wayside.up(2, 2)).contains("driver docker");
    }

    private static final String IMAGE = "busybox:1.36";

    @AfterAll
    void down() throws Exception {
        try {
            if (wayside != null) {
                wayside.close();
                assertThat(engine.docker("ps", "-aq", "--filter", "label=wayside.dev/gateway-uid"))
                        .isEmpty();
            }
        } finally {
            if (engine != null) {
                engine.close();
            }
        }
    }

    /** The ids of running containers of the label's pods, infra containers left out. */
    private Set<String> containers(String app) throws Exception {
        return wayside.get("pods", "-l", "app=" + app).stream()
                .map(
                        pod ->
                                pod.status()
                                        .array("containerStatuses")
                                        .objects()
                                        .get(0)
                                        .text("containerID"))
                .map(id -> id.substring("docker://".length()))
                .collect(Collectors.toSet());
    }

    @Test
    @Order(1)
    void theSampleGridRunsInRealContainersOnTheRightGateways() throws Exception {
        wayside.kubectl(
                        "apply",
                        "-f",
                        Installation.ROOT.resolve("samples/grid-docker.yaml").toString())
                .ok();
        List<KubeObject> pods = wayside.awaitRunning("app=hello", 2);
        assertThat(pods)
                .extracting(pod -> pod.spec().text("nodeName"))
                .containsExactlyInAnyOrder("gw-1", "gw-2");
        Map<String, String> cidrs =
                wayside.get("nodes").stream()
                        .collect(
                                Collectors.toMap(
                                        KubeObject::name, node -> node.spec().text("podCIDR")));
        assertThat(Set.copyOf(cidrs.values())).hasSize(2);
        for (KubeObject pod : pods) {
            String prefix = cidrs.get(pod.spec().text("nodeName")).replaceAll("\\.0/24$", ".");
            assertThat(pod.status().text("podIP")).startsWith(prefix);
        }
        for (String id : containers("hello")) {
            assertThat(
                            engine.docker(
                                    "inspect",
                                    "-f",
                                    "{{.State.Running}} {{.HostConfig.NetworkMode}}",
                                    id))
                    .startsWith("true container:");
            assertThat(engine.docker("logs", id)).contains("Hello from gw-");
        }
        assertThat(
                        wayside.get("node", "gw-1")
                                .get(0)
                                .status()
                                .text("nodeInfo", "containerRuntimeVersion"))
                .startsWith("docker://");
    }

    @Test
    @Order(2)
    void threeReplicasWithOnePortHaveAnAddressEachAndReachEachOther() throws Exception {
        wayside.apply(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web, namespace: default}
                spec:
                  replicas: 3
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      nodeSelector: {site: site-1}
                      containers:
                        - name: web
                          image: busybox:1.36
                          imagePullPolicy: Never
                          command: [sh, -c, "mkdir /w; hostname >/w/index.html; exec httpd -f -p 8080 -h /w"]
                          ports: [{containerPort: 8080}]
                          resources: {limits: {memory: 32Mi, cpu: 200m}}
                """);
        List<KubeObject> pods = wayside.awaitRunning("app=web", 3);
        Set<String> addresses =
                pods.stream().map(pod -> pod.status().text("podIP")).collect(Collectors.toSet());
        assertThat(addresses).hasSize(3);
        for (KubeObject pod : pods) {
            assertThat(
                            engine.inNetwork(
                                            "busybox",
                                            "wget",
                                            "-q",
                                            "-O",
                                            "-",
                                            "http://" + pod.status().text("podIP") + ":8080/")
                                    .strip())
                    .isEqualTo(pod.name());
        }
        String id = containers("web").iterator().next();
        assertThat(
                        engine.docker(
                                "inspect",
                                "-f",
                                "{{.HostConfig.Memory}}"
                                        + " {{.HostConfig.NanoCpus}}/{{.HostConfig.CpuQuota}}",
                                id))
                .startsWith(Long.toString(32L << 20));
    }

    @Test
    @Order(3)
    void killingEitherGatewayLeavesEveryContainerAsItIs() throws Exception {
        Set<String> hello = containers("hello");
        Set<String> web = containers("web");
        for (String gateway : List.of("gw-1", "gw-2")) {
            wayside.cutGateway(gateway);
            for (String id : hello) {
                assertThat(engine.docker("inspect", "-f", "{{.State.Running}}", id))
                        .isEqualTo("true");
            }
            wayside.startGateway(gateway);
        }
        wayside.awaitRunning("app=web", 3);
        assertThat(containers("hello")).isEqualTo(hello);
        assertThat(containers("web")).isEqualTo(web);
    }

    @Test
    @Order(4)
    void aContainerThatIsRemovedBehindItsBackIsReplacedWithNoConnector() throws Exception {
        KubeObject pod =
                wayside.awaitRunning("app=hello", 2).stream()
                        .filter(p -> p.spec().text("nodeName").equals("gw-1"))
                        .findFirst()
                        .orElseThrow();
        String first =
                pod.status()
                        .array("containerStatuses")
                        .objects()
                        .get(0)
                        .text("containerID")
                        .substring("docker://".length());
        wayside.cutConnector();
        wayside.cutGateway("gw-1");
        engine.docker("rm", "-f", first);
        wayside.startGateway("gw-1");
        String second =
                Eventually.see(
                        "a new container for the pod",
                        Duration.ofSeconds(60),
                        () ->
                                engine.docker(
                                        "ps",
                                        "-q",
                                        "--no-trunc",
                                        "--filter",
                                        "label=wayside.dev/pod-uid=" + pod.uid(),
                                        "--filter",
                                        "label=io.kubernetes.container.name=hello"),
                        id -> !id.isEmpty());
        assertThat(second).isNotEqualTo(first);
        wayside.up(2, 2);
        Eventually.see(
                "the new container's status has reached the connector",
                Duration.ofSeconds(60),
                () ->
                        wayside.get("pod", pod.name())
                                .get(0)
                                .status()
                                .array("containerStatuses")
                                .objects()
                                .get(0),
                status ->
                        status.text("containerID").equals("docker://" + second)
                                && status.flag("ready"));
    }

    @Test
    @Order(5)
    void anImageChangeRollsOutAndABadImageStaysWhereItIs() throws Exception {
        engine.importBusybox("busybox:1.37");
        wayside.kubectl(
                        "patch",
                        "dg",
                        "hello",
                        "--type=json",
                        "-p",
                        "[{\"op\":\"replace\",\"path\":\"/spec/template/template/spec/containers/0/image\",\"value\":\"busybox:1.37\"}]")
                .ok();
        Eventually.see(
                "both sites run the new image",
                Duration.ofSeconds(90),
                () -> wayside.get("pods", "-l", "app=hello"),
                pods ->
                        pods.size() == 2
                                && pods.stream()
                                        .allMatch(
                                                pod ->
                                                        pod.conditionIsTrue("Ready")
                                                                && pod.spec()
                                                                        .array("containers")
                                                                        .objects()
                                                                        .get(0)
                                                                        .text("image")
                                                                        .equals("busybox:1.37")));
        wayside.kubectl(
                        "patch",
                        "dg",
                        "hello",
                        "--type=json",
                        "-p",
                        "[{\"op\":\"replace\",\"path\":\"/spec/template/template/spec/containers/0/image\",\"value\":\"nowhere.invalid/none:1\"}]")
                .ok();
        Eventually.see(
                "the new pods wait for their image, the old ones serve on",
                Duration.ofSeconds(90),
                () -> wayside.get("pods", "-l", "app=hello"),
                pods ->
                        pods.stream().filter(pod -> pod.conditionIsTrue("Ready")).count() == 2
                                && pods.stream()
                                        .anyMatch(
                                                pod ->
                                                        pod
                                                                .status()
                                                                .array("containerStatuses")
                                                                .objects()
                                                                .stream()
                                                                .anyMatch(
                                                                        s ->
                                                                                s.text(
                                                                                                "state",
                                                                                                "waiting",
                                                                                                "reason")
                                                                                        .matches(
                                                                                                "ErrImagePull|ImagePullBackOff"))));
    }

    @Test
    @Order(6)
    void whenTheEngineIsAwayTheNodeSaysSoAndNothingIsLost() throws Exception {
        Set<String> web = containers("web");
        engine.freeze();
        try {
            Eventually.see(
                    "Ready=False with reason RuntimeDown",
                    Duration.ofSeconds(90),
                    () -> wayside.get("node", "gw-1").get(0).condition("Ready").orElseThrow(),
                    ready ->
                            ready.text("status").equals("False")
                                    && ready.text("reason").equals("RuntimeDown"));
        } finally {
            engine.thaw();
        }
        Eventually.see(
                "the node is Ready again",
                Duration.ofSeconds(60),
                () -> wayside.get("node", "gw-1").get(0),
                node -> node.conditionIsTrue("Ready"));
        wayside.awaitRunning("app=web", 3);
        assertThat(containers("web")).isEqualTo(web);
    }

    @Test
    @Order(7)
    void deletingTheGridRemovesTheContainers() throws Exception {
        wayside.kubectl("delete", "dg", "hello").ok();
        wayside.kubectl("delete", "deploy", "web").ok();
        Eventually.see(
                "no container of ours is left",
                Duration.ofSeconds(90),
                () -> engine.docker("ps", "-aq", "--filter", "label=wayside.dev/pod-uid"),
                String::isEmpty);
        Eventually.see(
                "the pods are gone, which their gateways have confirmed",
                Duration.ofSeconds(30),
                () -> wayside.get("pods"),
                List::isEmpty);
    }
}
