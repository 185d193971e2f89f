// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.HttpServer;
import dev.wayside.wire.Pem;
import dev.wayside.wire.Refusal;
import dev.wayside.wire.ServerLimits;
import dev.wayside.wire.ServerTls;
import dev.wayside.wire.TlsIdentity;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What of the connector a newcomer meets, over true TLS: one-time tokens, requests for
 * certificates, the Node. As with the true one, a token works for one key, and its bearer sees the
 * request that it was used for and no other.
 */
final class JoinServer implements AutoCloseable {
    static final String TOKEN = "abcd.efghijklmnop";

    private static final String REQUESTS =
            "/apis/certificates.k8s.io/v1/certificatesigningrequests";

    /** Something that was asked, as it came. */
    record Asked(String method, String target, String authorization, String body, String peer) {
        @Override
        public String toString() {
            return method + " " + target;
        }
    }

    private record Used(PublicKey key, String request) {}

    private record Request(JsonObject json, String certificate) {}

    final TestAuthority authority;
    final List<Asked> asked = new CopyOnWriteArrayList<>();

    /** Tokens that were made; each works for one key. */
    final Map<String, String> nodeOfToken = new ConcurrentHashMap<>(Map.of(TOKEN, ""));

    /** How often a request is still shown without its certificate. */
    final AtomicInteger pending = new AtomicInteger();

    /** {@code ""}, or the condition that ends a request: Denied or Failed. */
    volatile String ending = "";

    /** The n-th request (from 0) is answered with 503; -1 for none. */
    volatile int failAt = -1;

    /** What comes after the true answer to the n-th request is lost: 503 instead. */
    volatile int loseAnswerAt = -1;

    volatile Duration lifetime = Duration.ofDays(90);
    volatile UnaryOperator<JsonObject> node = json -> json;

    private final Map<String, Used> usedBy = new HashMap<>();
    private final Map<String, Request> requests = new HashMap<>();
    private final EventLoops loops = new EventLoops("wayside-test-net", 1);
    private final HttpServer server;

    JoinServer(Path folder) throws Exception {
        authority = new TestAuthority(folder);
        TlsIdentity identity = authority.server();
        server =
                HttpServer.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        new ServerTls(() -> identity, Instant::now),
                        ServerLimits.gateway(),
                        Refusal::plainText,
                        loops,
                        this::handle);
    }

    URI uri() {
        return URI.create("https://localhost:" + server.address().getPort());
    }

    /** The operator deletes what was asked for, for instance since it is old. */
    synchronized void forgetRequests() {
        requests.clear();
    }

    synchronized int requestCount() {
        return requests.size();
    }

    private synchronized void handle(HttpRequest request, HttpExchange exchange) {
        X509Certificate peer = request.peer();
        asked.add(
                new Asked(
                        request.method(),
                        request.target(),
                        request.header("authorization"),
                        new String(request.body(), StandardCharsets.UTF_8),
                        peer == null ? "" : peer.getSubjectX500Principal().getName()));
        int number = asked.size() - 1;
        try {
            HttpResponse answer =
                    number == failAt ? status(503, "ServiceUnavailable") : answer(request);
            exchange.respond(number == loseAnswerAt ? status(503, "ServiceUnavailable") : answer);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse answer(HttpRequest request) throws Exception {
        X509Certificate peer = request.peer();
        String token = request.header("authorization").replace("Bearer ", "");
        if (peer == null && !nodeOfToken.containsKey(token)) {
            return status(401, "Unauthorized");
        }
        if (request.target().equals(REQUESTS)) {
            return create(request, peer, token);
        }
        if (request.target().startsWith(REQUESTS + "/")) {
            String name = request.target().substring(REQUESTS.length() + 1);
            boolean own = usedBy.containsKey(token) && usedBy.get(token).request().equals(name);
            if (peer == null && !own) {
                return status(403, "Forbidden");
            }
            Request found = requests.get(name);
            return found == null ? status(404, "NotFound") : ok(shown(found));
        }
        if (peer == null || !request.target().equals("/api/v1/nodes/gw-1")) {
            return status(403, "Forbidden");
        }
        return ok(
                node.apply(
                        JsonObject.of("kind", "Node")
                                .with(
                                        "metadata",
                                        JsonObject.of("name", "gw-1")
                                                .with("uid", TestAuthority.UID))));
    }

    private HttpResponse create(HttpRequest request, @Nullable X509Certificate peer, String token)
            throws Exception {
        JsonObject json = parse(request.body());
        String name = json.text("metadata", "name");
        String pem =
                new String(
                        Base64.getDecoder().decode(json.text("spec", "request")),
                        StandardCharsets.US_ASCII);
        Instant now = Instant.now();
        X509Certificate certificate = authority.sign(pem, now.minusSeconds(60), now.plus(lifetime));
        if (peer == null) {
            Used used = usedBy.get(token);
            if (used != null && !used.key().equals(certificate.getPublicKey())) {
                return status(401, "Unauthorized");
            }
            if (requests.containsKey(name)) {
                return status(409, "AlreadyExists");
            }
            usedBy.put(token, new Used(certificate.getPublicKey(), name));
        } else if (requests.containsKey(name)) {
            return status(409, "AlreadyExists");
        }
        requests.put(name, new Request(json, Pem.certificate(certificate)));
        return new HttpResponse(201, Map.of("content-type", "application/json"), json.toBytes());
    }

    private JsonObject shown(Request request) {
        if (!ending.isEmpty()) {
            return request.json()
                    .with(
                            "status",
                            JsonObject.of(
                                    "conditions",
                                    JsonArray.of(
                                            JsonObject.of("type", ending)
                                                    .with("status", "True")
                                                    .with("message", "not this one"))));
        }
        if (pending.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            return request.json();
        }
        String encoded =
                Base64.getEncoder()
                        .encodeToString(request.certificate().getBytes(StandardCharsets.US_ASCII));
        return request.json().with("status", JsonObject.of("certificate", encoded));
    }

    private static JsonObject parse(byte[] body) throws JsonException {
        return (JsonObject) Json.parse(body);
    }

    private static HttpResponse ok(JsonObject body) {
        return new HttpResponse(200, Map.of("content-type", "application/json"), body.toBytes());
    }

    static HttpResponse status(int code, String reason) {
        JsonObject body =
                JsonObject.of("kind", "Status")
                        .with("code", code)
                        .with("reason", reason)
                        .with("message", "said " + reason);
        return new HttpResponse(code, Map.of("content-type", "application/json"), body.toBytes());
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }
}
