// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpHandler;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.HttpServer;
import dev.wayside.wire.Refusal;
import dev.wayside.wire.ServerLimits;
import dev.wayside.wire.ServerTls;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * As much of a connector as one gateway needs: its Node and Pods by list and watch, and somewhere
 * to report to. Answers on its event loop; what it knows is in memory and guarded by itself.
 */
final class FakeConnector implements HttpHandler, AutoCloseable {
    private static final String NAMESPACE = "default";
    private static final String BASE = "/api/v1/";

    private record Change(String type, String path, KubeObject object) {}

    private record Watch(String target, HttpExchange.ResponseStream lines) {}

    private final Map<String, KubeObject> objects = new TreeMap<>();
    private final List<Change> history = new ArrayList<>();
    private final List<Watch> watches = new ArrayList<>();
    // Above that of every connector before, so that a gateway that knew one finds nothing odd.
    private long revision = System.currentTimeMillis();
    private final long oldest = revision;

    private final EventLoops loops = new EventLoops("wayside-test-connector", 1);
    private final TlsIdentity identity;
    private final URI uri;
    private HttpServer server;

    FakeConnector(Path data) throws IOException {
        put(ResourceType.NAMESPACES, "", "kube-system", "5e0c1b6e-store", JsonObject.EMPTY);
        put(ResourceType.NODES, "", TestIdentity.NODE, TestIdentity.UID, JsonObject.EMPTY);
        identity = TestIdentity.ofConnector(data);
        server = listen(0);
        uri = URI.create("https://localhost:" + server.address().getPort());
    }

    private HttpServer listen(int port) throws IOException {
        return HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                new ServerTls(() -> identity, Instant::now),
                ServerLimits.gateway(),
                Refusal::plainText,
                loops,
                this);
    }

    URI uri() {
        return uri;
    }

    /** Breaks all connections and takes no more. */
    void goAway() {
        server.close();
    }

    /** At the same address, with what it knew before. */
    void comeBack() throws IOException {
        server = listen(uri.getPort());
    }

    int connections() {
        return server.connections();
    }

    /** Binds a pod of one host process to the gateway. */
    void createPod(String name, String uid, String script) {
        JsonObject container =
                JsonObject.of("name", "main")
                        .with("image", "wayside.dev/host")
                        .with("command", JsonArray.ofStrings(List.of("sh", "-c", script)));
        put(
                ResourceType.PODS,
                NAMESPACE,
                name,
                uid,
                JsonObject.of("nodeName", TestIdentity.NODE)
                        .with("restartPolicy", "Always")
                        .with("terminationGracePeriodSeconds", 5)
                        .with("containers", JsonArray.of(container)));
    }

    /** Asks for the pod's end; it goes when the gateway has confirmed. */
    synchronized void deletePod(String name) {
        String path = ResourceType.PODS.path(NAMESPACE, name);
        KubeObject pod = objects.get(path);
        if (pod != null) {
            change(
                    "MODIFIED",
                    path,
                    pod.withMetadata(
                            pod.metadata()
                                    .with("deletionTimestamp", Instant.now().toString())
                                    .with("deletionGracePeriodSeconds", 5)));
        }
    }

    synchronized boolean hasPod(String name) {
        return objects.containsKey(ResourceType.PODS.path(NAMESPACE, name));
    }

    /** What the gateway has reported last; empty if nothing. */
    synchronized JsonObject podStatus(String name) {
        KubeObject pod = objects.get(ResourceType.PODS.path(NAMESPACE, name));
        return pod == null ? JsonObject.EMPTY : pod.status();
    }

    private synchronized void put(
            ResourceType type, String namespace, String name, String uid, JsonObject spec) {
        change(
                "ADDED",
                type.path(namespace, name),
                KubeObject.of(type, namespace, name)
                        .withMetadata("uid", Json.of(uid))
                        .withSpec(spec));
    }

    private synchronized void change(String type, String path, KubeObject object) {
        revision++;
        KubeObject changed =
                object.withMetadata("resourceVersion", Json.of(Long.toString(revision)));
        if (type.equals("DELETED")) {
            objects.remove(path);
        } else {
            objects.put(path, changed);
        }
        Change change = new Change(type, path, changed);
        history.add(change);
        watches.forEach(watch -> offer(watch, change));
    }

    @Override
    public synchronized void handle(HttpRequest request, HttpExchange exchange) {
        if (request.peer() == null) {
            exchange.respond(status(401));
        } else if (query(request.target()).containsKey("watch")) {
            watch(request.target(), exchange);
        } else {
            exchange.respond(answer(request));
        }
    }

    private HttpResponse answer(HttpRequest request) {
        String path = path(request.target());
        KubeObject there = objects.get(path.replaceAll("/status$", ""));
        if (request.method().equals("GET") && query(request.target()).containsKey("limit")) {
            return list(request.target());
        }
        if (!path.startsWith(BASE) || path.contains("/events")) {
            return ok(JsonObject.EMPTY); // Leases and events: taken, and not kept
        }
        if (there == null) {
            return status(404);
        }
        return switch (request.method()) {
            case "GET" -> ok(there.json());
            case "PATCH" -> {
                KubeObject patched = new KubeObject(merge(there.json(), body(request)));
                change("MODIFIED", path.replaceAll("/status$", ""), patched);
                yield ok(patched.json());
            }
            case "DELETE" -> {
                if (!body(request).text("preconditions", "uid").equals(there.uid())) {
                    yield status(409);
                }
                change("DELETED", path, there);
                yield ok(there.json());
            }
            default -> status(405);
        };
    }

    private HttpResponse list(String target) {
        List<Json> items = new ArrayList<>();
        objects.forEach(
                (path, object) -> {
                    if (selected(target, path, object)) {
                        items.add(object.json());
                    }
                });
        return ok(
                JsonObject.of("metadata", JsonObject.of("resourceVersion", Long.toString(revision)))
                        .with("items", new JsonArray(items)));
    }

    private void watch(String target, HttpExchange exchange) {
        HttpExchange.ResponseStream lines =
                exchange.stream(200, Map.of("content-type", "application/json"));
        long from = Long.parseLong(query(target).get("resourceVersion"));
        if (from < oldest || from > revision) {
            line(lines, "ERROR", JsonObject.of("code", JsonNumber.of(410)));
            lines.end();
            return;
        }
        Watch watch = new Watch(target, lines);
        watches.add(watch);
        exchange.onClose(() -> forget(watch));
        for (Change change : history) {
            if (Long.parseLong(change.object().resourceVersion()) > from) {
                offer(watch, change);
            }
        }
    }

    private synchronized void forget(Watch watch) {
        watches.remove(watch);
    }

    private static void offer(Watch watch, Change change) {
        if (selected(watch.target(), change.path(), change.object())) {
            line(watch.lines(), change.type(), change.object().json());
        }
    }

    private static void line(HttpExchange.ResponseStream lines, String type, JsonObject object) {
        lines.write(
                (JsonObject.of("type", type).with("object", object).toJson() + "\n")
                        .getBytes(UTF_8));
    }

    private static boolean selected(String target, String path, KubeObject object) {
        String plural = path(target).substring(BASE.length());
        String[] selector = query(target).getOrDefault("fieldSelector", "=").split("=", 2);
        return path.contains("/" + plural + "/")
                && (selector[0].equals("metadata.name")
                        ? object.name().equals(selector[1])
                        : object.spec().text("nodeName").equals(selector[1]));
    }

    private static String path(String target) {
        return target.split("\\?", 2)[0];
    }

    private static Map<String, String> query(String target) {
        Map<String, String> query = new HashMap<>();
        int begin = target.indexOf('?');
        if (begin >= 0) {
            for (String pair : target.substring(begin + 1).split("&")) {
                String[] parts = pair.split("=", 2);
                query.put(parts[0], URLDecoder.decode(parts[1], UTF_8));
            }
        }
        return query;
    }

    private static JsonObject body(HttpRequest request) {
        try {
            return (JsonObject) Json.parse(request.body());
        } catch (JsonException e) {
            throw new IllegalArgumentException("a body that is no JSON", e);
        }
    }

    private static JsonObject merge(JsonObject target, JsonObject patch) {
        JsonObject.Builder merged = target.toBuilder();
        patch.members()
                .forEach(
                        (name, value) -> {
                            if (value instanceof JsonNull) {
                                merged.remove(name);
                            } else if (value instanceof JsonObject object) {
                                merged.put(name, merge(target.object(name), object));
                            } else {
                                merged.put(name, value);
                            }
                        });
        return merged.build();
    }

    private static HttpResponse ok(JsonObject body) {
        return new HttpResponse(
                200, Map.of("content-type", "application/json"), body.toJson().getBytes(UTF_8));
    }

    private static HttpResponse status(int code) {
        return new HttpResponse(
                code,
                Map.of("content-type", "application/json"),
                JsonObject.of("kind", "Status").with("code", code).toJson().getBytes(UTF_8));
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }
}
