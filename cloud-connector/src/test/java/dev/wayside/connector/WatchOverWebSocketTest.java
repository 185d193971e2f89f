// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.wayside.connector.pki.Kubeconfig;
import dev.wayside.connector.pki.PodCidrs;
import dev.wayside.connector.schema.ServiceRange;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Watches as WebSockets, through TLS, with the JDK's client. */
class WatchOverWebSocketTest {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String BEARER = "base64url.bearer.authorization.k8s.io.";

    @TempDir static Path folder;
    private static ConnectorServer server;
    private static HttpClient admin;
    private static HttpClient stranger;

    @TempDir static Path keys;

    @BeforeAll
    static void start() throws Exception {
        server =
                ConnectorServer.start(
                        new ConnectorOptions(
                                folder,
                                "127.0.0.1",
                                0,
                                List.of(),
                                PodCidrs.parse("10.244.0.0/16"),
                                ServiceRange.DEFAULT,
                                Duration.ofDays(90),
                                Optional.empty(),
                                folder.resolve("kubeconfig"),
                                keys.resolve("keys")),
                        (store, clock) -> () -> {},
                        Clock.systemUTC());
        Kubeconfig config = Kubeconfig.read(folder.resolve("kubeconfig"));
        admin =
                HttpClient.newBuilder()
                        .sslContext(AdminClient.context(config.identity()))
                        .version(HttpClient.Version.HTTP_1_1)
                        .build();
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, new char[0]);
        trusted.setCertificateEntry("ca", config.identity().authority());
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, trust.getTrustManagers(), null);
        stranger = HttpClient.newBuilder().sslContext(context).build();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Gathers whole messages, and how it ended. */
    private static final class Messages implements WebSocket.Listener {
        final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        final CompletableFuture<String> pong = new CompletableFuture<>();
        private final StringBuilder part = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                texts.add(part.toString());
                part.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            pong.complete(StandardCharsets.UTF_8.decode(message).toString());
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }

        JsonObject next() throws Exception {
            String text = texts.poll(20, TimeUnit.SECONDS);
            assertThat(text).as("the next event").isNotNull().doesNotContain("\n");
            return (JsonObject) Json.parse(text);
        }
    }

    private static WebSocket open(
            HttpClient client, String target, Map<String, String> headers, Messages messages)
            throws Exception {
        WebSocket.Builder builder = client.newWebSocketBuilder();
        headers.forEach(builder::header);
        URI http = server.url().resolve(target);
        return builder.buildAsync(URI.create("wss" + http.toString().substring(5)), messages)
                .get(20, TimeUnit.SECONDS);
    }

    private static int refusal(HttpClient client, String target, Map<String, String> headers) {
        Throwable thrown =
                catchThrowable(() -> open(client, target, headers, new Messages()).abort());
        assertThat(thrown).as(target).isInstanceOf(ExecutionException.class);
        assertThat(thrown.getCause()).isInstanceOf(WebSocketHandshakeException.class);
        return ((WebSocketHandshakeException) thrown.getCause()).getResponse().statusCode();
    }

    private static JsonObject send(String method, String target, JsonObject body) throws Exception {
        HttpResponse<byte[]> answer =
                admin.send(
                        HttpRequest.newBuilder(server.url().resolve(target))
                                .method(method, BodyPublishers.ofByteArray(body.toBytes()))
                                .build(),
                        BodyHandlers.ofByteArray());
        assertThat(answer.statusCode()).as(method + " " + target).isLessThan(300);
        return (JsonObject) Json.parse(answer.body());
    }

    private static void create(String name, String data) throws Exception {
        send(
                "POST",
                MAPS,
                JsonObject.of("metadata", JsonObject.of("name", name))
                        .with("data", JsonObject.of("k", data)));
    }

    private static String origin() {
        return "https://127.0.0.1:" + server.url().getPort();
    }

    @Test
    void eachEventIsAMessage() throws Exception {
        Messages messages = new Messages();
        WebSocket socket =
                open(
                        admin,
                        MAPS + "?watch=true&fieldSelector=metadata.name%3Dseen",
                        Map.of("origin", origin()),
                        messages);
        create("unseen", "x");
        String large = "ü".repeat(100_000);
        create("seen", large);
        send("DELETE", MAPS + "/seen", JsonObject.EMPTY);

        JsonObject added = messages.next();
        assertThat(added.text("type")).isEqualTo("ADDED");
        assertThat(added.text("object", "data", "k")).isEqualTo(large);
        JsonObject deleted = messages.next();
        assertThat(deleted.text("type")).isEqualTo("DELETED");
        assertThat(deleted.text("object", "metadata", "name")).isEqualTo("seen");
        socket.sendText("not heard", true).get(20, TimeUnit.SECONDS);
        socket.sendPing(ByteBuffer.wrap("ping".getBytes(StandardCharsets.UTF_8)))
                .get(20, TimeUnit.SECONDS);
        assertThat(messages.pong.get(20, TimeUnit.SECONDS)).isEqualTo("ping");
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(20, TimeUnit.SECONDS);
        assertThat(messages.closed.get(20, TimeUnit.SECONDS)).isEqualTo(1000);
    }

    @Test
    void initialEventsAndTheTimeThatWasAskedForAreAsWithoutIt() throws Exception {
        create("there", "x");
        Messages messages = new Messages();
        open(
                admin,
                MAPS
                        + "?watch=true&fieldSelector=metadata.name%3Dthere&sendInitialEvents=true"
                        + "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
                        + "&timeoutSeconds=1",
                Map.of(),
                messages);
        assertThat(messages.next().text("type")).isEqualTo("ADDED");
        JsonObject bookmark = messages.next();
        assertThat(bookmark.text("type")).isEqualTo("BOOKMARK");
        assertThat(bookmark.text("object", "metadata", "annotations", "k8s.io/initial-events-end"))
                .isEqualTo("true");
        assertThat(messages.closed.get(20, TimeUnit.SECONDS)).isEqualTo(1000);
    }

    @Test
    void whatCannotBeWatchedIsRefusedBeforeTheUpgrade() {
        assertThat(refusal(admin, MAPS, Map.of())).isEqualTo(400);
        assertThat(refusal(admin, MAPS + "/x?watch=true", Map.of())).isEqualTo(400);
        assertThat(refusal(admin, "/version", Map.of())).isEqualTo(400);
        assertThat(refusal(admin, "/api/v1/nothings?watch=true", Map.of())).isEqualTo(404);
        assertThat(refusal(admin, MAPS + "?watch=true&fieldSelector=no%3Dx", Map.of()))
                .isEqualTo(400);
        assertThat(refusal(stranger, MAPS + "?watch=true", Map.of())).isEqualTo(401);
    }

    @Test
    void pagesOfOtherOriginsGetNothingForACertificate() throws Exception {
        for (String foreign : List.of("https://evil.example", "null", "http://127.0.0.1")) {
            assertThat(refusal(admin, MAPS + "?watch=true", Map.of("origin", foreign)))
                    .as(foreign)
                    .isEqualTo(403);
        }
    }

    @Test
    void aPageShowsItsTokenInASubProtocol() throws Exception {
        JsonObject token =
                send(
                        "POST",
                        "/api/v1/namespaces/default/serviceaccounts/default/token",
                        JsonObject.EMPTY);
        send(
                "POST",
                "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                (JsonObject)
                        Json.parse(
                                """
                                {"metadata": {"name": "page"},
                                 "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                                             "kind": "ClusterRole", "name": "view"},
                                 "subjects": [{"kind": "ServiceAccount", "name": "default",
                                               "namespace": "default"}]}
                                """));
        String protocol =
                BEARER
                        + Base64.getUrlEncoder()
                                .withoutPadding()
                                .encodeToString(
                                        token.text("status", "token")
                                                .getBytes(StandardCharsets.UTF_8));
        Messages messages = new Messages();
        WebSocket socket =
                stranger.newWebSocketBuilder()
                        .subprotocols("unknown.example", protocol)
                        .header("origin", "https://page.example")
                        .buildAsync(
                                URI.create(
                                        "wss"
                                                + server.url().toString().substring(5)
                                                + MAPS
                                                + "?watch=true&timeoutSeconds=1"),
                                messages)
                        .get(20, TimeUnit.SECONDS);
        assertThat(socket.getSubprotocol()).isEqualTo("unknown.example");
        assertThat(messages.closed.get(20, TimeUnit.SECONDS)).isEqualTo(1000);
        assertThat(
                        refusal(
                                stranger,
                                MAPS + "?watch=true",
                                Map.of("authorization", "Bearer nonsense")))
                .isEqualTo(401);
    }
}
