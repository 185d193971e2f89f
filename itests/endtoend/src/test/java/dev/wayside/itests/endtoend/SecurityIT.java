// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a gateway's certificate is not good for, tried with the real certificate and kubectl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecurityIT {
    private static final String SECRET_VALUE = "correct-horse-battery-staple";
    private Installation wayside;

    @BeforeAll
    void up() throws Exception {
        wayside = Installation.withProcesses();
        wayside.up(2, 2);
        wayside.kubectl("create", "-f", write("s1.yaml", secret("s1"))).ok();
        wayside.kubectl("create", "-f", write("s2.yaml", secret("s2"))).ok();
        for (int n = 1; n <= 2; n++) {
            wayside.apply(
                    Manifests.pod("p" + n, "wayside.dev/host", "gw-" + n)
                            + "      env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: s"
                            + n
                            + ", key: password}}}]\n");
            wayside.awaitRunning("app=p" + n, 1);
        }
    }

    @AfterAll
    void down() throws Exception {
        if (wayside != null) {
            wayside.close();
        }
    }

    private static String secret(String name) {
        return "{apiVersion: v1, kind: Secret, metadata: {name: "
                + name
                + "}, stringData: {password: "
                + SECRET_VALUE
                + "}}";
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(wayside.data().resolve(name), text).toString();
    }

    private void forbidden(String... words) throws Exception {
        Command.Result result = wayside.kubectlAs("gw-1", words);
        assertThat(result.status())
                .as(String.join(" ", words) + ":\n" + result.output())
                .isNotZero();
        assertThat(result.output()).contains("Forbidden");
    }

    @Test
    void aGatewayReadsItsOwnThings() throws Exception {
        wayside.kubectlAs("gw-1", "get", "--raw", "/api/v1/nodes/gw-1").ok();
        wayside.kubectlAs("gw-1", "get", "--raw", "/api/v1/namespaces/default/pods/p1").ok();
        wayside.kubectlAs("gw-1", "get", "--raw", "/api/v1/pods?fieldSelector=spec.nodeName%3Dgw-1")
                .ok();
        wayside.kubectlAs("gw-1", "get", "--raw", "/api/v1/namespaces/default/secrets/s1").ok();
    }

    @Test
    void aGatewayCannotReadAnothersPodsOrSecrets() throws Exception {
        forbidden("get", "--raw", "/api/v1/pods");
        forbidden("get", "--raw", "/api/v1/pods?fieldSelector=spec.nodeName%3Dgw-2");
        forbidden("get", "--raw", "/api/v1/pods?fieldSelector=spec.nodeName!%3Dgw-1");
        forbidden("get", "--raw", "/api/v1/namespaces/default/pods/p2");
        forbidden("get", "--raw", "/api/v1/namespaces/default/secrets");
        forbidden("get", "--raw", "/api/v1/namespaces/default/secrets/s2");
        forbidden("get", "--raw", "/api/v1/secrets?fieldSelector=metadata.name%3Ds1");
        forbidden(
                "get",
                "--raw",
                "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Ds2");
        forbidden(
                "get",
                "--raw",
                "/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Ds2&watch=true");
        forbidden("get", "--raw", "/api/v1/nodes/gw-2");
        forbidden("get", "--raw", "/apis/apps/v1/deployments");
    }

    @Test
    void aGatewayCannotWriteAnothersStatusOrItsOwnSite() throws Exception {
        forbidden(
                "patch",
                "pod",
                "p2",
                "--subresource=status",
                "--type=merge",
                "-p",
                "{\"status\":{\"phase\":\"Failed\"}}");
        forbidden(
                "patch",
                "node",
                "gw-2",
                "--subresource=status",
                "--type=merge",
                "-p",
                "{\"status\":{\"phase\":\"x\"}}");
        forbidden(
                "patch",
                "node",
                "gw-1",
                "--type=merge",
                "-p",
                "{\"metadata\":{\"labels\":{\"site\":\"site-2\"}}}");
        forbidden(
                "patch",
                "node",
                "gw-1",
                "--type=merge",
                "-p",
                "{\"spec\":{\"unschedulable\":true}}");
        forbidden("delete", "pod", "p2", "--wait=false");
        forbidden("delete", "node", "gw-2", "--wait=false");
        forbidden("delete", "node", "gw-1", "--wait=false");
        forbidden(
                "create",
                "-f",
                write("evil.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: evil}}"),
                "--validate=false");
        assertThat(wayside.get("node", "gw-1").get(0).labels()).containsEntry("site", "site-1");
    }

    @Test
    void theAnonymousSeeNothingButHealth() throws Exception {
        for (String path :
                List.of(
                        "/api/v1/pods",
                        "/apis",
                        "/openapi/v3",
                        "/metrics",
                        "/api/v1/namespaces/kube-system/secrets")) {
            assertThat(anonymous(path)).as(path).contains("\"reason\":\"Unauthorized\"");
        }
        assertThat(anonymous("/healthz")).isEqualTo("ok");
    }

    /** With curl, because kubectl asks for a user's name instead. */
    private String anonymous(String path) throws Exception {
        return Command.run(
                        Duration.ofSeconds(30),
                        Map.of(),
                        List.of(
                                "curl",
                                "--silent",
                                "--show-error",
                                "--cacert",
                                wayside.gateway("gw-1")
                                        .resolve("identity/authority.pem")
                                        .toString(),
                                "https://127.0.0.1:" + wayside.port() + path))
                .ok();
    }

    @Test
    void aJoinTokenWorksOnceOnly() throws Exception {
        String joining =
                wayside.wayside("token", "--label", "site=site-9", "--node", "gw-9", "--ttl", "10m")
                        .ok();
        String command =
                joining.lines()
                        .filter(line -> line.contains("gateway join"))
                        .findFirst()
                        .orElseThrow();
        List<String> words = List.of(command.strip().split("\\s+"));
        List<String> options = words.subList(words.indexOf("join") + 1, words.size());
        join("first", options).ok();
        Command.Result second = join("second", options);
        assertThat(second.status()).as(second.output()).isNotZero();
        assertThat(second.output()).containsIgnoringCase("token");
    }

    private Command.Result join(String folder, List<String> options) throws Exception {
        List<String> words =
                new ArrayList<>(
                        List.of(
                                Installation.ROOT
                                        .resolve("gateway-distro/target/gateway/bin/gateway")
                                        .toString(),
                                "join",
                                "--data",
                                wayside.data().resolve("joined-" + folder).toString()));
        words.addAll(options);
        return Command.run(Duration.ofMinutes(1), Map.of(), words);
    }

    @Test
    void aDeletedNodesCertificateIsWorthNothing() throws Exception {
        wayside.wayside(
                        "gateway",
                        "add",
                        "--site",
                        "site-7",
                        "--name",
                        "gw-7",
                        "--driver",
                        "process")
                .ok();
        wayside.kubectlAs("gw-7", "get", "--raw", "/api/v1/nodes/gw-7").ok();
        wayside.kubectl("delete", "node", "gw-7").ok();
        Command.Result result = wayside.kubectlAs("gw-7", "get", "--raw", "/api/v1/nodes/gw-7");
        assertThat(result.status()).isNotZero();
        assertThat(result.output()).containsAnyOf("Unauthorized", "logged in", "join again");
    }

    @Test
    void noLogHoldsATokenAKeyOrASecret() throws Exception {
        String encoded =
                Base64.getEncoder().encodeToString(SECRET_VALUE.getBytes(StandardCharsets.UTF_8));
        int logs = 0;
        try (Stream<Path> files = Files.walk(wayside.data())) {
            for (Path file :
                    files.filter(
                                    f ->
                                            f.toString()
                                                    .matches(
                                                            ".*/log/.*\\.log(\\.\\d+)?|.*console\\.log"))
                            .toList()) {
                logs++;
                assertThat(Files.readString(file))
                        .as(file.toString())
                        .doesNotContain(SECRET_VALUE, encoded, "PRIVATE KEY")
                        .doesNotContainPattern("[Bb]earer [A-Za-z0-9]{6,}");
            }
        }
        assertThat(logs).isGreaterThan(3);
    }

    @Test
    void keysAreReadableByTheirOwnerAlone() throws Exception {
        for (Path file :
                List.of(
                        wayside.data().resolve("kubeconfig"),
                        wayside.gateway("gw-1").resolve("identity/key.pem"))) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .as(file.toString())
                    .isEqualTo("rw-------");
        }
        KubeObject pod = wayside.get("pod", "p1").get(0);
        assertThat(pod.json().toJson()).doesNotContain(SECRET_VALUE);
    }
}
