// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.connector.pki.PodCidrs;
import dev.wayside.connector.schema.ServiceRange;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.TlsIdentity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole connector behind its TLS port, spoken to as gateways and users do. */
class ConnectorServerTest {
    private static final String REQUESTS =
            "/apis/certificates.k8s.io/v1/certificatesigningrequests";

    @TempDir Path folder;
    @TempDir Path keys;

    // The client's side of TLS reads the real clock.
    private final ManualClock clock =
            new ManualClock(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    private ConnectorServer server;
    private Kubeconfig admin;

    /** An answer: its status and its object. */
    private record Answer(int status, JsonObject body) {}

    @BeforeEach
    void start() throws Exception {
        server = startAt(0);
        admin = Kubeconfig.read(folder.resolve("kubeconfig"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private ConnectorServer startAt(int port) throws Exception {
        return ConnectorServer.start(options(port), (store, clock) -> () -> {}, clock);
    }

    private ConnectorOptions options(int port) {
        return new ConnectorOptions(
                folder,
                "127.0.0.1",
                port,
                List.of(),
                PodCidrs.parse("10.244.0.0/16"),
                ServiceRange.DEFAULT,
                Duration.ofDays(90),
                Optional.of(folder.resolve("ready")),
                folder.resolve("kubeconfig"),
                keys.resolve("keys"));
    }

    @Test
    void isReadyWhenItSaysSo() throws Exception {
        assertThat(Files.readString(folder.resolve("ready")).trim())
                .isEqualTo(server.url().toString());
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("kubeconfig"))))
                .isEqualTo("rw-------");
        assertThat(asAdmin("GET", "/api/v1/namespaces", null).body().array("items").size())
                .isEqualTo(4);
        assertThat(
                        asAdmin("GET", "/api/v1/namespaces/default/serviceaccounts/default", null)
                                .status())
                .isEqualTo(200);
    }

    @Test
    void saysThatItsPortIsTaken() {
        Path other = folder.resolve("other");
        ConnectorOptions options =
                new ConnectorOptions(
                        other,
                        "127.0.0.1",
                        server.url().getPort(),
                        List.of(),
                        PodCidrs.parse("10.244.0.0/16"),
                        ServiceRange.DEFAULT,
                        Duration.ofDays(90),
                        Optional.empty(),
                        other.resolve("kubeconfig"),
                        keys.resolve("others"));

        assertThatThrownBy(() -> ConnectorServer.start(options, (store, clock) -> () -> {}, clock))
                .isInstanceOf(IOException.class)
                .hasCauseInstanceOf(BindException.class);
    }

    @Test
    void refusesAFolderThatIsInUse() {
        assertThatThrownBy(() -> startAt(0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use");
    }

    @Test
    void keepsNodesTokensAndAuthorityAcrossARestart() throws Exception {
        TlsIdentity gateway = join("gw-1", newToken());
        int port = server.url().getPort();
        server.close();

        server = startAt(port);

        assertThat(as(gateway, "GET", "/api/v1/nodes/gw-1", null).status()).isEqualTo(200);
        assertThat(Kubeconfig.read(folder.resolve("kubeconfig")).identity().chain())
                .isEqualTo(admin.identity().chain());
    }

    @Test
    void letsAGatewaySeeItsOwnAndNothingElse() throws Exception {
        TlsIdentity gateway = join("gw-1", newToken());
        join("gw-2", newToken());
        create("/api/v1/namespaces/default/secrets", secret("mine"));
        create("/api/v1/namespaces/default/secrets", secret("theirs"));
        create("/api/v1/namespaces/default/pods", pod("mine", "gw-1"));
        create("/api/v1/namespaces/default/pods", pod("theirs", "gw-2"));

        assertThat(
                        as(gateway, "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dgw-1", null)
                                .body()
                                .array("items")
                                .size())
                .isEqualTo(1);
        assertThat(
                        as(gateway, "GET", "/api/v1/namespaces/default/secrets/mine", null)
                                .body()
                                .text("data", "k"))
                .isEqualTo("dg==");
        for (String denied :
                List.of(
                        "/api/v1/namespaces/default/secrets/theirs",
                        "/api/v1/namespaces/default/pods/theirs",
                        "/api/v1/pods",
                        "/api/v1/secrets",
                        "/api/v1/namespaces/kube-system/secrets",
                        "/api/v1/nodes/gw-2",
                        "/api/v1/nodes")) {
            Answer answer = as(gateway, "GET", denied, null);
            assertThat(answer.status()).as(denied).isEqualTo(403);
            assertThat(answer.body().text("message"))
                    .contains("is forbidden: User \"system:node:gw-1\" cannot");
            assertThat(answer.body().text("reason")).isEqualTo("Forbidden");
        }
        JsonObject running =
                JsonObject.EMPTY.withAt(List.of("status", "phase"), Json.of("Running"));
        assertThat(patch(gateway, "/api/v1/namespaces/default/pods/mine/status", running).status())
                .isEqualTo(200);
        assertThat(
                        patch(gateway, "/api/v1/namespaces/default/pods/theirs/status", running)
                                .status())
                .isEqualTo(403);
        JsonObject site =
                JsonObject.EMPTY.withAt(
                        List.of("metadata", "labels", "site"), Json.of("elsewhere"));
        assertThat(patch(gateway, "/api/v1/nodes/gw-1", site).status()).isEqualTo(403);
        assertThat(patch(gateway, "/api/v1/nodes/gw-2/status", running).status()).isEqualTo(403);
        JsonObject architecture =
                JsonObject.EMPTY.withAt(
                        List.of("metadata", "labels", "kubernetes.io/arch"), Json.of("arm64"));
        assertThat(patch(gateway, "/api/v1/nodes/gw-1", architecture).status()).isEqualTo(200);
        assertThat(
                        asAdmin("GET", "/api/v1/nodes/gw-1", null)
                                .body()
                                .text("metadata", "labels", "site"))
                .isEqualTo("site-1");
    }

    @Test
    void endsAGatewaysAccessWithItsNode() throws Exception {
        TlsIdentity gateway = join("gw-1", newToken());
        HttpResponse<InputStream> watch =
                client(gateway)
                        .send(
                                request(
                                        "GET",
                                        "/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dgw-1",
                                        null,
                                        Map.of()),
                                BodyHandlers.ofInputStream());
        assertThat(watch.statusCode()).isEqualTo(200);

        assertThat(asAdmin("DELETE", "/api/v1/nodes/gw-1", null).status()).isEqualTo(200);

        Answer refused = as(gateway, "GET", "/api/v1/nodes/gw-1", null);
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.body().text("message")).contains("join again");
        try (InputStream events = watch.body()) {
            assertThat(new String(events.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\"code\":401");
        }
        create("/api/v1/nodes", node("gw-1"));
        assertThat(as(gateway, "GET", "/api/v1/nodes/gw-1", null).status()).isEqualTo(401);
    }

    @Test
    void letsAnExpiredGatewayRenewAndNothingElse() throws Exception {
        TlsIdentity gateway = join("gw-1", newToken());
        clock.advance(Duration.ofDays(91));

        assertThat(as(gateway, "GET", "/api/v1/nodes/gw-1", null).status()).isEqualTo(401);
        assertThat(as(gateway, "GET", "/apis", null).status()).isEqualTo(401);
        KeyPair keys = EcKeys.generate();
        Answer renewed = as(gateway, "POST", REQUESTS, signingRequest("renew", "gw-1", keys));
        assertThat(renewed.status()).isEqualTo(201);
        assertThat(as(gateway, "GET", REQUESTS + "/renew", null).status()).isEqualTo(200);
        assertThat(as(gateway, "GET", REQUESTS + "/join-gw-1", null).status()).isEqualTo(403);
        assertThat(as(gateway, "POST", REQUESTS, signingRequest("other", "gw-2", keys)).status())
                .isEqualTo(422);
        assertThat(as(identity(keys, renewed), "GET", "/api/v1/nodes/gw-1", null).status())
                .isEqualTo(200);
    }

    @Test
    void takesATokenForOneRequestAndItsAnswer() throws Exception {
        String token = newToken();
        join("gw-1", token);
        Map<String, String> bearer = Map.of("authorization", "Bearer " + token);

        assertThat(anonymous("GET", REQUESTS + "/join-gw-1", null, bearer).status()).isEqualTo(200);
        for (String path : List.of("/api/v1/nodes/gw-1", "/api/v1/secrets", REQUESTS, "/apis")) {
            assertThat(anonymous("GET", path, null, bearer).status()).as(path).isEqualTo(403);
        }
        assertThat(
                        anonymous(
                                        "POST",
                                        REQUESTS,
                                        signingRequest("again", "gw-2", EcKeys.generate()),
                                        bearer)
                                .status())
                .isEqualTo(401);
        assertThat(
                        anonymous(
                                        "GET",
                                        REQUESTS,
                                        null,
                                        Map.of("authorization", "Bearer abcdef." + "0".repeat(40)))
                                .status())
                .isEqualTo(401);
        assertThat(anonymous("GET", "/api/v1/pods", null, Map.of()).status()).isEqualTo(401);
        assertThat(anonymous("GET", "/version", null, Map.of()).status()).isEqualTo(200);
    }

    @Test
    void writesNoSecretIntoItsLogsOrItsTokenRecords() throws Exception {
        String token = newToken();
        join("gw-1", token);
        String secret = token.substring(token.indexOf('.') + 1);
        JsonObject secrets = asAdmin("GET", "/api/v1/namespaces/kube-system/secrets", null).body();

        assertThat(secrets.toJson())
                .doesNotContain(secret)
                .doesNotContain(
                        Base64.getEncoder()
                                .encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
        server.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }
    }

    @Test
    void endsItsWatchesAndStopsInTime() throws Exception {
        HttpResponse<InputStream> watch =
                client(admin.identity())
                        .send(
                                request("GET", "/api/v1/pods?watch=true", null, Map.of()),
                                BodyHandlers.ofInputStream());
        long begin = System.nanoTime();

        server.close();

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        try (InputStream events = watch.body()) {
            assertThat(events.readAllBytes()).isEmpty();
        }
        assertThat(folder.resolve("ready")).doesNotExist();
    }

    private String newToken() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TokenCommand.run(
                List.of("token", "create", "--label", "site=site-1", "--data", folder.toString()),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                clock);
        List<String> words = List.of(out.toString(StandardCharsets.UTF_8).trim().split(" "));
        assertThat(words.subList(0, 3)).containsExactly("gateway", "join", "--connector");
        assertThat(words.get(3)).isEqualTo(server.url().toString());
        assertThat(words.get(7)).startsWith("sha256:");
        return words.get(5);
    }

    private TlsIdentity join(String name, String token) throws Exception {
        KeyPair keys = EcKeys.generate();
        Answer answer =
                anonymous(
                        "POST",
                        REQUESTS,
                        signingRequest("join-" + name, name, keys),
                        Map.of("authorization", "Bearer " + token));
        assertThat(answer.status()).as(answer.body().toJson()).isEqualTo(201);
        return identity(keys, answer);
    }

    private TlsIdentity identity(KeyPair keys, Answer answer) throws Exception {
        String pem =
                new String(
                        Base64.getDecoder().decode(answer.body().text("status", "certificate")),
                        StandardCharsets.US_ASCII);
        return new TlsIdentity(
                keys.getPrivate(), Pem.readCertificates(pem), admin.identity().authority());
    }

    private void create(String path, JsonObject object) throws Exception {
        Answer answer = asAdmin("POST", path, object);
        assertThat(answer.status()).as(answer.body().toJson()).isEqualTo(201);
    }

    private Answer patch(TlsIdentity identity, String path, JsonObject patch) throws Exception {
        return send(
                client(identity),
                request(
                        "PATCH",
                        path,
                        patch,
                        Map.of("content-type", "application/merge-patch+json")));
    }

    private Answer asAdmin(String method, String path, JsonObject body) throws Exception {
        return as(admin.identity(), method, path, body);
    }

    private Answer as(TlsIdentity identity, String method, String path, JsonObject body)
            throws Exception {
        return send(client(identity), request(method, path, body, Map.of()));
    }

    private Answer anonymous(
            String method, String path, JsonObject body, Map<String, String> headers)
            throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, new char[0]);
        trusted.setCertificateEntry("ca", admin.identity().authority());
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, trust.getTrustManagers(), null);
        return send(
                HttpClient.newBuilder().sslContext(context).build(),
                request(method, path, body, headers));
    }

    private static HttpClient client(TlsIdentity identity) throws Exception {
        return HttpClient.newBuilder().sslContext(AdminClient.context(identity)).build();
    }

    private HttpRequest request(
            String method, String path, JsonObject body, Map<String, String> headers) {
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(server.url().resolve(path))
                        .timeout(Duration.ofSeconds(30))
                        .method(
                                method,
                                body == null
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body.toBytes()));
        headers.forEach(builder::header);
        return builder.build();
    }

    private static Answer send(HttpClient client, HttpRequest request) throws Exception {
        HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
        return new Answer(response.statusCode(), (JsonObject) Json.parse(response.body()));
    }

    private static JsonObject signingRequest(String name, String nodeName, KeyPair keys) {
        String pem = CertificateRequest.pem(keys, "system:node:" + nodeName, "system:nodes");
        return JsonObject.builder()
                .put("apiVersion", "certificates.k8s.io/v1")
                .put("kind", "CertificateSigningRequest")
                .put("metadata", JsonObject.of("name", name))
                .put(
                        "spec",
                        JsonObject.builder()
                                .put("signerName", "kubernetes.io/kube-apiserver-client-kubelet")
                                .put(
                                        "usages",
                                        JsonArray.of(
                                                Json.of("digital signature"),
                                                Json.of("client auth")))
                                .put(
                                        "request",
                                        Base64.getEncoder()
                                                .encodeToString(
                                                        pem.getBytes(StandardCharsets.US_ASCII)))
                                .build())
                .build();
    }

    private static JsonObject secret(String name) {
        return TestingStore.json(
                "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\""
                        + name
                        + "\"},\"data\":{\"k\":\"dg==\"}}");
    }

    private static JsonObject node(String name) {
        return TestingStore.json(
                "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\""
                        + name
                        + "\"}}");
    }

    private static JsonObject pod(String name, String node) {
        return TestingStore.json(
                """
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%1$s"},
                 "spec": {"nodeName": "%2$s", "containers": [{"name": "c", "image": "i",
                   "envFrom": [{"secretRef": {"name": "%1$s"}}]}]}}
                """
                        .formatted(name, node));
    }
}
