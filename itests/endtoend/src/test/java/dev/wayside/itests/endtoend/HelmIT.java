// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A chart as {@code helm create} makes it, with its Service, account and probes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HelmIT {
    /** What a host process needs besides: something to run. */
    private static final String COMMAND =
            """
                      command:
                        - sh
                        - -c
                        - |
                          mkdir -p w
                          echo "{{ .Values.greeting }}" >w/index.html
                          exec busybox httpd -f -p {{ .Values.service.port }} -h w
            """;

    private static final String DEFINITION =
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: signs.shop.example.com}
            spec:
              group: shop.example.com
              scope: Namespaced
              names: {plural: signs, singular: sign, kind: Sign}
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties: {spec: {type: object, properties: {text: {type: string}}}}
            """;

    private static final String SIGN =
            """
            apiVersion: shop.example.com/v1
            kind: Sign
            metadata: {name: "{{ .Release.Name }}"}
            spec: {text: "{{ .Values.greeting }}"}
            """;

    @TempDir private static Path folder;
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(1, 1);
        helm("create", folder.resolve("web").toString());
        Path deployment = folder.resolve("web/templates/deployment.yaml");
        String pull = "          imagePullPolicy:";
        String text = Files.readString(deployment);
        assertThat(text).contains(pull);
        Files.writeString(deployment, text.replace(pull, COMMAND + pull));
        Files.createDirectory(folder.resolve("web/crds"));
        Files.writeString(folder.resolve("web/crds/sign.yaml"), DEFINITION);
        Files.writeString(folder.resolve("web/templates/sign.yaml"), SIGN);
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private String helm(String... words) throws Exception {
        return new Helm(wayside, folder).ok(words);
    }

    private String release(String verb, String greeting, int port) throws Exception {
        return helm(
                verb,
                "web",
                folder.resolve("web").toString(),
                "--wait",
                "--timeout=90s",
                "--set=image.repository=wayside.dev/host",
                "--set=image.tag=1",
                "--set=greeting=" + greeting,
                "--set=service.port=" + port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String answer(int port) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body()
                .strip();
    }

    private String sign() throws Exception {
        return wayside.get("signs", "web").get(0).spec().text("text");
    }

    @Test
    void aChartIsInstalledChangedRolledBackAndRemoved() throws Exception {
        int first = freePort();
        assertThat(release("install", "one", first)).contains("STATUS: deployed");
        assertThat(answer(first)).isEqualTo("one");
        assertThat(sign()).isEqualTo("one");
        KubeObject service = wayside.get("service", "web").get(0);
        assertThat(service.spec().text("clusterIP")).startsWith("10.96.");
        Eventually.see(
                "the Service has its endpoint",
                Duration.ofSeconds(30),
                () -> wayside.kubectl("get", "endpoints", "web").output(),
                text -> text.contains(":" + first));

        int second = freePort();
        assertThat(release("upgrade", "two", second))
                .contains("STATUS: deployed")
                .contains("REVISION: 2");
        assertThat(answer(second)).isEqualTo("two");
        assertThat(sign()).isEqualTo("two");
        assertThat(wayside.get("service", "web").get(0).spec().text("clusterIP"))
                .isEqualTo(service.spec().text("clusterIP"));

        assertThat(helm("rollback", "web", "1", "--wait", "--timeout=90s")).contains("success");
        assertThat(answer(first)).isEqualTo("one");
        assertThat(sign()).isEqualTo("one");
        assertThat(helm("history", "web")).contains("Rollback to 1");
        assertThat(helm("status", "web")).contains("STATUS: deployed");

        assertThat(helm("uninstall", "web", "--wait")).contains("uninstalled");
        Eventually.see(
                "nothing is left of it",
                Duration.ofSeconds(60),
                () ->
                        wayside.kubectl(
                                        "get",
                                        "deploy,rs,pods,svc,ep,endpointslices,secrets,signs",
                                        "--ignore-not-found",
                                        "-o",
                                        "name")
                                .output()
                                .strip(),
                String::isEmpty);
    }
}
