// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.testing.DockerEngine;
import dev.wayside.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A chart as {@code helm create} makes it, untouched, with images from a registry and a real Docker
 * engine. All of it lives in the engine's network, as on one machine; the steps build on each
 * other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HelmChartIT {
    private static final String BASE = "busybox:1.36";

    @TempDir private static Path folder;
    private DockerEngine engine;
    private Registry registry;
    private Installation wayside;
    private Helm helm;

    @BeforeAll
    void up() throws Exception {
        engine = DockerEngine.start();
        engine.importBusybox(BASE);
        registry = Registry.start(engine, folder.resolve("registry"));
        registry.pushPage(BASE, "web:1", "one");
        registry.pushPage(BASE, "web:2", "two");
        wayside = Installation.beside(engine);
        assertThat(wayside.up(1, 1)).contains("driver docker");
        helm = new Helm(wayside, folder);
        helm.ok("create", folder.resolve("web").toString());
    }

    @AfterAll
    void down() throws Exception {
        try (DockerEngine last = engine;
                Registry second = registry) {
            if (wayside != null) {
                wayside.close();
            }
        }
    }

    private String[] words(String verb, String release, String tag, String... more) {
        List<String> words =
                new ArrayList<>(
                        List.of(
                                verb,
                                release,
                                folder.resolve("web").toString(),
                                "--namespace=shop",
                                "--set=image.repository=" + Registry.ADDRESS + "/web",
                                "--set=image.tag=" + tag));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private List<KubeObject> pods() throws Exception {
        return wayside.get("pods", "-n", "shop");
    }

    /** The one pod that is ready. */
    private KubeObject serving() throws Exception {
        return pods().stream()
                .filter(pod -> pod.conditionIsTrue("Ready") && pod.deleted().isEmpty())
                .findFirst()
                .orElseThrow();
    }

    private String page() throws Exception {
        return engine.inNetwork(
                        "busybox",
                        "wget",
                        "-q",
                        "-O",
                        "-",
                        "http://" + serving().status().text("podIP") + "/")
                .strip();
    }

    private String kubectl(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("-n", "shop"));
        all.addAll(List.of(words));
        return wayside.kubectl(all.toArray(String[]::new)).ok();
    }

    private void awaitNothingLeft() throws Exception {
        Eventually.see(
                "nothing is left of it",
                Duration.ofSeconds(60),
                () ->
                        kubectl("get", "deploy,rs,pods,svc,ep,endpointslices,secrets", "-o", "name")
                                .strip(),
                String::isEmpty);
    }

    @Test
    @Order(1)
    void isInstalledWithItsProbesServiceAndAccount() throws Exception {
        assertThat(
                        helm.ok(
                                words(
                                        "install",
                                        "web",
                                        "1",
                                        "--create-namespace",
                                        "--wait",
                                        "--timeout=120s")))
                .contains(
                        "STATUS: deployed",
                        "NAMESPACE: shop",
                        "REVISION: 1",
                        "kubectl --namespace shop");
        KubeObject pod = serving();
        JsonObject container = pod.spec().array("containers").objects().get(0);
        assertThat(container.text("image")).isEqualTo(Registry.ADDRESS + "/web:1");
        assertThat(container.text("readinessProbe", "httpGet", "port")).isEqualTo("http");
        assertThat(container.text("livenessProbe", "httpGet", "port")).isEqualTo("http");
        assertThat(pod.spec().text("serviceAccountName")).isEqualTo("web");
        assertThat(page()).isEqualTo("one");
        assertThat(kubectl("get", "endpoints", "web")).contains(pod.status().text("podIP") + ":80");
        assertThat(registry.images()).contains(Registry.ADDRESS + "/web:1");
        assertThat(kubectl("get", "sa,svc,deploy"))
                .contains("serviceaccount/web")
                .containsPattern("service/web +ClusterIP +10\\.96\\.\\S+ +<none> +80/TCP")
                .containsPattern("deployment.apps/web +1/1 +1 +1");
    }

    @Test
    @Order(2)
    void isShownByHelm() throws Exception {
        assertThat(helm.ok("list", "--namespace=shop"))
                .containsPattern("web\\s+shop\\s+1\\s.*deployed\\s+web-0\\.1\\.0");
        assertThat(helm.ok("status", "web", "--namespace=shop")).contains("STATUS: deployed");
        assertThat(helm.ok("history", "web", "--namespace=shop")).contains("Install complete");
        assertThat(helm.ok("get", "values", "web", "--namespace=shop")).contains("tag: 1");
        assertThat(helm.ok("get", "manifest", "web", "--namespace=shop"))
                .contains("kind: ServiceAccount", "kind: Service", "kind: Deployment");
        assertThat(
                        helm.run(
                                        "install",
                                        "web",
                                        folder.resolve("web").toString(),
                                        "--namespace=shop")
                                .output())
                .contains("cannot reuse a name that is still in use");
    }

    @Test
    @Order(3)
    void isUpgradedToAnotherImage() throws Exception {
        assertThat(
                        helm.ok(
                                words(
                                        "upgrade",
                                        "web",
                                        "2",
                                        "--wait",
                                        "--timeout=120s",
                                        "--set=replicaCount=2")))
                .contains("STATUS: deployed", "REVISION: 2");
        assertThat(page()).isEqualTo("two");
        assertThat(kubectl("get", "deploy", "web")).containsPattern("web +2/2 +2 +2");
        assertThat(kubectl("rollout", "history", "deploy/web")).containsPattern("1 .*\n2 ");
    }

    @Test
    @Order(4)
    void anUpgradeThatFailsIsTakenBackWhileTheOldServesOn() throws Exception {
        // The upgrade also asks for one pod less, and which of the two goes is not said.
        List<String> before = pods().stream().map(KubeObject::uid).toList();
        Command.Result failed =
                helm.run(words("upgrade", "web", "none", "--rollback-on-failure", "--timeout=15s"));
        assertThat(failed.status()).isNotZero();
        assertThat(failed.output()).contains("UPGRADE FAILED", "rollback-on-failure");
        assertThat(page()).isEqualTo("two");
        assertThat(pods()).extracting(KubeObject::uid).containsAnyElementsOf(before);
        assertThat(helm.ok("history", "web", "--namespace=shop"))
                .containsPattern("3\\s.*failed")
                .containsPattern("4\\s.*deployed.*Rollback to 2");
    }

    @Test
    @Order(5)
    void anImageThatIsNotThereIsNamedAndARollbackMends() throws Exception {
        helm.ok(words("upgrade", "web", "none"));
        Eventually.see(
                "the new pod backs off from its image",
                Duration.ofSeconds(60),
                () -> kubectl("get", "pods"),
                text -> text.contains("ImagePullBackOff"));
        assertThat(kubectl("describe", "pods"))
                .contains("Failed to pull image \"" + Registry.ADDRESS + "/web:none\"")
                .contains("manifest unknown");
        assertThat(page()).isEqualTo("two");

        assertThat(helm.ok("rollback", "web", "1", "--namespace=shop", "--wait", "--timeout=120s"))
                .contains("Rollback was a success");
        assertThat(page()).isEqualTo("one");
        assertThat(helm.ok("history", "web", "--namespace=shop")).contains("Rollback to 1");
    }

    @Test
    @Order(6)
    void isUninstalled() throws Exception {
        assertThat(helm.ok("uninstall", "web", "--namespace=shop", "--wait"))
                .contains("release \"web\" uninstalled");
        awaitNothingLeft();
        assertThat(helm.ok("list", "--namespace=shop")).doesNotContain("web");
    }

    @Test
    @Order(7)
    void isWrittenWithoutServerSideApplyToo() throws Exception {
        helm.ok(words("install", "plain", "1", "--server-side=false", "--wait", "--timeout=120s"));
        assertThat(page()).isEqualTo("one");
        helm.ok(words("upgrade", "plain", "2", "--server-side=false", "--wait", "--timeout=120s"));
        assertThat(page()).isEqualTo("two");
        assertThat(kubectl("get", "deploy", "plain-web", "-o", "yaml", "--show-managed-fields"))
                .contains("manager: helm", "operation: Update")
                .doesNotContain("operation: Apply");
        helm.ok("uninstall", "plain", "--namespace=shop", "--wait");
        awaitNothingLeft();
    }

    @Test
    @Order(8)
    void isRenderedForKubectl() throws Exception {
        Path rendered =
                Files.writeString(
                        folder.resolve("rendered.yaml"),
                        helm.ok(words("template", "web", "1", "--skip-tests")));
        assertThat(kubectl("apply", "-f", rendered.toString()))
                .contains("serviceaccount/web created", "service/web created")
                .contains("deployment.apps/web created");
        assertThat(kubectl("rollout", "status", "deploy/web", "--timeout=90s"))
                .contains("successfully rolled out");
        assertThat(page()).isEqualTo("one");
        assertThat(kubectl("apply", "-f", rendered.toString()).lines())
                .allMatch(line -> line.endsWith(" unchanged"));
        kubectl("delete", "-f", rendered.toString());
        awaitNothingLeft();
    }
}
