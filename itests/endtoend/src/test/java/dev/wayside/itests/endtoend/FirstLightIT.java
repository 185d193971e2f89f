// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** A user's first hour, with host processes: the steps build on each other, as theirs do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FirstLightIT {
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        assertThat(wayside.up(2, 2))
                .contains("Gateway gw-1 is running")
                .contains("Gateway gw-2 is running")
                .contains("kubeconfig is " + wayside.data().resolve("kubeconfig"))
                .contains("./wayside kubectl get nodes -o wide");
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    @Test
    @Order(1)
    void bothNodesAreReadyWithTheLabelsOfTheirSites() throws Exception {
        List<KubeObject> nodes = wayside.get("nodes");
        assertThat(nodes).extracting(KubeObject::name).containsExactlyInAnyOrder("gw-1", "gw-2");
        assertThat(nodes).allMatch(node -> node.conditionIsTrue("Ready"));
        assertThat(nodes)
                .extracting(node -> node.labels().get("site"))
                .containsExactlyInAnyOrder("site-1", "site-2");
        assertThat(wayside.kubectl("get", "nodes", "-o", "wide").ok())
                .contains("INTERNAL-IP", "CONTAINER-RUNTIME", "Ready");
    }

    @Test
    @Order(2)
    void aSecondUpFindsThingsRunningAndSaysSo() throws Exception {
        assertThat(wayside.up(2, 2))
                .contains("the connector runs already")
                .contains("gateway gw-1 is running");
    }

    @Test
    @Order(3)
    void theSampleGridRunsOnEverySite() throws Exception {
        wayside.kubectl(
                        "apply",
                        "-f",
                        Installation.ROOT.resolve("samples/grid-process.yaml").toString())
                .ok();
        List<KubeObject> pods = wayside.awaitRunning("app=hello", 2);
        assertThat(pods)
                .extracting(pod -> pod.spec().text("nodeName"))
                .containsExactlyInAnyOrder("gw-1", "gw-2");
        assertThat(wayside.get("deployments"))
                .extracting(KubeObject::name)
                .containsExactlyInAnyOrder("hello-site-1", "hello-site-2");
        for (KubeObject pod : pods) {
            String id =
                    pod.status().array("containerStatuses").objects().get(0).text("containerID");
            assertThat(id).startsWith("process://");
        }
        assertThat(wayside.kubectl("get", "deploy,rs,pods", "-o", "wide").ok())
                .contains("hello-site-1", "Running", "gw-2");
    }

    @Test
    @Order(4)
    void describeShowsWhatHappened() throws Exception {
        String described = wayside.kubectl("describe", "pods", "-l", "app=hello").ok();
        assertThat(described).contains("Scheduled", "Started", "Node:");
        assertThat(wayside.kubectl("describe", "dg", "hello").ok()).contains("site-1", "site-2");
        assertThat(wayside.kubectl("describe", "node", "gw-1").ok())
                .contains("hello-site-1", "Allocatable");
    }

    @Test
    @Order(5)
    void aChangeRollsOutInEverySite() throws Exception {
        Map<String, String> before = uidByNode();
        wayside.kubectl(
                        "patch",
                        "dg",
                        "hello",
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"template\":{\"template\":{\"metadata\":{\"annotations\":{\"v\":\"2\"}}}}}}")
                .ok();
        Eventually.see(
                "new pods on both gateways",
                Duration.ofSeconds(90),
                this::uidByNode,
                after ->
                        after.keySet().equals(before.keySet())
                                && after.entrySet().stream()
                                        .noneMatch(
                                                e -> before.get(e.getKey()).equals(e.getValue())));
        wayside.awaitRunning("app=hello", 2);
        for (String site : List.of("site-1", "site-2")) {
            assertThat(
                            wayside.kubectl(
                                            "rollout",
                                            "status",
                                            "deploy/hello-" + site,
                                            "--timeout=60s")
                                    .ok())
                    .contains("successfully rolled out");
        }
    }

    private Map<String, String> uidByNode() throws Exception {
        return wayside.get("pods", "-l", "app=hello").stream()
                .filter(pod -> pod.deleted().isEmpty() && pod.conditionIsTrue("Ready"))
                .collect(
                        Collectors.toMap(
                                pod -> pod.spec().text("nodeName"),
                                KubeObject::uid,
                                (a, b) -> a + "," + b));
    }

    @Test
    @Order(6)
    void replicasOfTheGridCountInEverySite() throws Exception {
        wayside.kubectl(
                        "patch",
                        "dg",
                        "hello",
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"template\":{\"replicas\":3}}}")
                .ok();
        Map<String, Long> perNode =
                wayside.awaitRunning("app=hello", 6).stream()
                        .collect(
                                Collectors.groupingBy(
                                        pod -> pod.spec().text("nodeName"), Collectors.counting()));
        assertThat(perNode).isEqualTo(Map.of("gw-1", 3L, "gw-2", 3L));
        wayside.kubectl(
                        "patch",
                        "dg",
                        "hello",
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"template\":{\"replicas\":1}}}")
                .ok();
        wayside.awaitRunning("app=hello", 2);
    }

    @Test
    @Order(7)
    void aThirdGatewayInANewSiteGetsItsChild() throws Exception {
        assertThat(
                        wayside.wayside("gateway", "add", "--site", "site-3", "--driver", "process")
                                .ok())
                .contains("gw-3 runs in site site-3");
        assertThat(wayside.awaitRunning("app=hello", 3))
                .extracting(pod -> pod.spec().text("nodeName"))
                .contains("gw-3");
    }

    @Test
    @Order(8)
    void theUsualCommandsWork() throws Exception {
        assertThat(wayside.kubectl("label", "node", "gw-1", "room=north").ok()).contains("labeled");
        assertThat(wayside.kubectl("annotate", "deploy", "hello-site-1", "note=x").ok())
                .contains("annotated");
        assertThat(
                        wayside.kubectl(
                                        "create",
                                        "-f",
                                        manifest(
                                                "cm.yaml",
                                                "{apiVersion: v1, kind: ConfigMap, metadata: {name:"
                                                        + " cm}, data: {a: b}}"))
                                .ok())
                .contains("created");
        assertThat(wayside.kubectl("get", "cm", "cm", "-o", "jsonpath={.data.a}").ok())
                .isEqualTo("b");
        assertThat(wayside.kubectl("delete", "cm", "cm").ok()).contains("deleted");
        assertThat(
                        wayside.kubectl(
                                        "wait",
                                        "--for=condition=Ready",
                                        "pod",
                                        "-l",
                                        "app=hello",
                                        "--timeout=30s")
                                .ok())
                .contains("condition met");
        assertThat(wayside.kubectl("get", "pods", "-o", "name").ok()).contains("pod/hello-site-1-");
        assertThat(wayside.kubectl("api-resources").ok()).contains("deploymentgrids", "dg");
        assertThat(wayside.kubectl("explain", "deploymentgrid.spec").ok()).contains("gridUniqKey");
        assertThat(wayside.kubectl("get", "events").ok()).contains("Scheduled");
    }

    @Test
    @Order(9)
    void badManifestsGetErrorsAsKubernetesWordsThem() throws Exception {
        refuses(
                "unknown field \"spec.replica\"",
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replica: 1,"
                        + " selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},"
                        + " spec: {containers: [{name: c, image: i}]}}}}");
        refuses(
                "cannot unmarshal string into Go struct field",
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas:"
                    + " 'many', selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a:"
                    + " b}}, spec: {containers: [{name: c, image: i}]}}}}");
        refuses(
                "spec.selector: Required value",
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template:"
                    + " {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}");
        refuses(
                "a lowercase RFC 1123 subdomain must consist of",
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name}}");
        refuses(
                "spec.gridUniqKey",
                "{apiVersion: superedge.io/v1, kind: DeploymentGrid, metadata: {name: x}, spec:"
                        + " {template: {}}}");
        refuses(
                "spec.containers[0].image: Required value",
                "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name:"
                        + " c}]}}");
    }

    private void refuses(String message, String manifest) throws Exception {
        Command.Result result = wayside.kubectl("apply", "-f", manifest("bad.yaml", manifest));
        assertThat(result.status()).as(result.output()).isNotZero();
        assertThat(result.output()).contains(message);
    }

    private String manifest(String name, String text) throws Exception {
        return java.nio.file.Files.writeString(wayside.data().resolve(name), text).toString();
    }

    @Test
    @Order(10)
    void aSiteThatCannotRunItNeverStopsTheOthers() throws Exception {
        // The process driver refuses this image, so all fail; then one site gets a template that
        // works.
        wayside.apply(
                Manifests.grid("mixed", "busybox:none", 1, "x")
                        + """
                          templatePool:
                            good:
                              replicas: 1
                              selector: {matchLabels: {app: mixed}}
                              template:
                                metadata: {labels: {app: mixed}}
                                spec:
                                  containers: [{name: main, image: wayside.dev/host, command: [sleep, "1000"]}]
                          templates: {site-2: good}
                        """
                                .indent(2)
                                .replaceAll("(?m)^    ", "  "));
        Eventually.see(
                "the good site runs, the bad one says why",
                Duration.ofMinutes(1),
                () -> wayside.get("pods", "-l", "app=mixed"),
                pods ->
                        pods.stream()
                                        .anyMatch(
                                                pod ->
                                                        pod.spec().text("nodeName").equals("gw-2")
                                                                && pod.conditionIsTrue("Ready"))
                                && pods.stream()
                                        .anyMatch(
                                                pod ->
                                                        waitingReason(pod)
                                                                .equals("ErrImageNotSupported")));
        wayside.kubectl("delete", "dg", "mixed").ok();
    }

    private static String waitingReason(KubeObject pod) {
        return pod.status().array("containerStatuses").objects().stream()
                .map(status -> status.text("state", "waiting", "reason"))
                .collect(Collectors.joining());
    }

    @Test
    @Order(11)
    void aDeletedGridTakesEverythingWithIt() throws Exception {
        wayside.kubectl("delete", "dg", "hello").ok();
        Function<KubeObject, String> name = KubeObject::name;
        for (String kind : List.of("deployments", "replicasets", "pods")) {
            Eventually.see(
                    "no " + kind,
                    Duration.ofSeconds(90),
                    () -> wayside.get(kind).stream().map(name).toList(),
                    List::isEmpty);
        }
        assertThat(processesOf(wayside.data())).isEmpty();
    }

    private static List<String> processesOf(Path data) {
        return ProcessHandle.allProcesses()
                .map(process -> process.info().commandLine().orElse(""))
                .filter(line -> line.contains(data.resolve("gateways").toString()))
                .filter(line -> line.contains("/process/"))
                .toList();
    }

    @Test
    @Order(12)
    void aBusyPortIsNamed() throws Exception {
        try (Installation other = Installation.withProcesses()) {
            Command.Result result =
                    other.wayside(
                            "up", "--gateways", "0", "--listen", "127.0.0.1:" + wayside.port());
            assertThat(result.status()).isNotZero();
            assertThat(result.output())
                    .contains("127.0.0.1:" + wayside.port())
                    .containsIgnoringCase("in use");
        }
    }
}
