// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.wire.HttpResponse;
import java.io.IOException;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * A small Kubernetes API in memory: single objects by path, lists with field selectors and pages,
 * watches with history, merge patches, deletions with preconditions.
 */
final class FakeConnector implements Uplink.Dialer {
    record Request(String method, String target, String contentType, JsonObject body) {
        String path() {
            return target.split("\\?")[0];
        }
    }

    private record Past(long revision, String type, String path, JsonObject object) {}

    final List<Request> requests = new ArrayList<>();
    final Map<String, JsonObject> objects = new TreeMap<>();
    private final List<Past> history = new ArrayList<>();
    private final List<Connection> connections = new ArrayList<>();

    /** What is answered instead; null for the true answer. */
    UnaryOperator<HttpResponse> filter = answer -> answer;

    Map<String, Integer> statusFor = new LinkedHashMap<>();
    boolean reachable = true;
    boolean mute;
    long revision = 100;
    long oldest = 0;
    int pageSize = Integer.MAX_VALUE;
    int dials;
    private int uids;

    FakeConnector(String nodeUid) {
        put("/api/v1/namespaces/kube-system", object("Namespace", "", "kube-system", "system-1"));
        put("/api/v1/nodes/gw", object("Node", "", "gw", nodeUid));
    }

    static JsonObject object(String kind, String namespace, String name, String uid) {
        JsonObject metadata = JsonObject.of("name", name).with("uid", uid);
        return JsonObject.of("apiVersion", "v1")
                .with("kind", kind)
                .with(
                        "metadata",
                        namespace.isEmpty() ? metadata : metadata.with("namespace", namespace));
    }

    JsonObject pod(String name, JsonObject spec) {
        JsonObject pod =
                object("Pod", "default", name, "uid-" + name + "-" + uids++)
                        .with("spec", spec.with("nodeName", "gw"));
        put("/api/v1/namespaces/default/pods/" + name, pod);
        return objects.get("/api/v1/namespaces/default/pods/" + name);
    }

    JsonObject pod(String name) {
        return pod(name, JsonObject.EMPTY);
    }

    void configMap(String name, String value) {
        put(
                "/api/v1/namespaces/default/configmaps/" + name,
                object("ConfigMap", "default", name, "uid-cm-" + name)
                        .with("data", JsonObject.of("k", value)));
    }

    /** Creates or replaces, and tells who watches. */
    void put(String path, JsonObject object) {
        String type = objects.containsKey(path) ? "MODIFIED" : "ADDED";
        revision++;
        JsonObject stored =
                object.withAt(
                        List.of("metadata", "resourceVersion"), Json.of(Long.toString(revision)));
        objects.put(path, stored);
        happened(new Past(revision, type, path, stored));
    }

    void delete(String path) {
        revision++;
        JsonObject gone =
                objects.remove(path)
                        .withAt(
                                List.of("metadata", "resourceVersion"),
                                Json.of(Long.toString(revision)));
        happened(new Past(revision, "DELETED", path, gone));
    }

    void bookmark() {
        for (Connection connection : connections) {
            for (Watch watch : List.copyOf(connection.watches)) {
                watch.line(
                        "BOOKMARK",
                        JsonObject.of(
                                "metadata",
                                JsonObject.of("resourceVersion", Long.toString(revision))));
            }
        }
    }

    /** Sends a line to every watch whose path ends so. */
    void send(String pathEnd, JsonObject line) {
        for (Connection connection : connections) {
            for (Watch watch : List.copyOf(connection.watches)) {
                if (watch.path.endsWith(pathEnd)) {
                    watch.listener.onLine(line.toBytes());
                }
            }
        }
    }

    void endWatches(int status) {
        for (Connection connection : connections) {
            for (Watch watch : List.copyOf(connection.watches)) {
                connection.watches.remove(watch);
                watch.listener.onEnd(status);
            }
        }
    }

    void cut() {
        for (Connection connection : List.copyOf(connections)) {
            connection.close();
        }
    }

    long lists() {
        return requests.stream()
                .filter(it -> it.target.contains("limit=") && !it.target.contains("watch="))
                .count();
    }

    long count(String method, String pathPart) {
        return requests.stream()
                .filter(it -> it.method.equals(method) && it.target.contains(pathPart))
                .count();
    }

    int watches() {
        return connections.stream().mapToInt(it -> it.watches.size()).sum();
    }

    @Override
    public CompletableFuture<Upstream> dial(dev.wayside.api.node.GatewayIdentity identity) {
        dials++;
        if (!reachable) {
            return CompletableFuture.failedFuture(new IOException("unreachable"));
        }
        Connection connection = new Connection();
        connections.add(connection);
        return CompletableFuture.completedFuture(connection);
    }

    private void happened(Past past) {
        history.add(past);
        for (Connection connection : connections) {
            for (Watch watch : List.copyOf(connection.watches)) {
                watch.offer(past);
            }
        }
    }

    private HttpResponse answer(Request request) {
        for (Map.Entry<String, Integer> entry : statusFor.entrySet()) {
            if ((request.method + " " + request.target).contains(entry.getKey())) {
                return status(entry.getValue());
            }
        }
        JsonObject there = objects.get(request.path());
        return switch (request.method) {
            case "GET" ->
                    request.target.contains("limit=")
                            ? list(request)
                            : there == null ? status(404) : ok(there);
            case "POST" -> {
                String path = request.path() + "/" + request.body.text("metadata", "name");
                if (objects.containsKey(path)) {
                    yield status(409);
                }
                put(path, request.body);
                yield ok(objects.get(path));
            }
            case "PATCH" -> patch(request);
            case "DELETE" -> {
                if (there == null) {
                    yield status(404);
                }
                String uid = request.body.text("preconditions", "uid");
                if (!uid.equals(there.text("metadata", "uid"))) {
                    yield status(409);
                }
                delete(request.path());
                yield ok(there);
            }
            default -> status(405);
        };
    }

    private HttpResponse patch(Request request) {
        String path = request.path().replaceAll("/status$", "");
        JsonObject there = objects.get(path);
        if (there == null) {
            return status(404);
        }
        String uid = request.body.text("metadata", "uid");
        if (!uid.isEmpty() && !uid.equals(there.text("metadata", "uid"))) {
            return status(409);
        }
        boolean strategic = request.contentType.contains("strategic");
        put(path, merge(there, request.body, strategic));
        return ok(objects.get(path));
    }

    /** As the connector does it, with as much of strategic patches as a status needs. */
    static JsonObject merge(JsonObject target, JsonObject patch, boolean strategic) {
        JsonObject.Builder merged = target.toBuilder();
        patch.members()
                .forEach(
                        (name, value) -> {
                            if (value instanceof JsonNull) {
                                merged.remove(name);
                            } else if (value instanceof JsonObject object) {
                                merged.put(name, merge(target.object(name), object, strategic));
                            } else if (strategic && value instanceof JsonArray array) {
                                merged.put(name, merge(name, target.array(name), array));
                            } else {
                                merged.put(name, value);
                            }
                        });
        return merged.build();
    }

    private static JsonArray merge(String name, JsonArray target, JsonArray patch) {
        List<JsonObject> elements = new ArrayList<>(patch.objects());
        boolean replaces = elements.removeIf(each -> each.has("$patch"));
        String key =
                Map.of("conditions", "type", "podIPs", "ip", "hostIPs", "ip")
                        .getOrDefault(name, "");
        if (replaces || key.isEmpty()) {
            return new JsonArray(List.<Json>copyOf(elements));
        }
        Map<String, JsonObject> merged = new LinkedHashMap<>();
        target.objects().forEach(each -> merged.put(each.text(key), each));
        elements.forEach(
                each ->
                        merged.merge(
                                each.text(key), each, (old, change) -> merge(old, change, true)));
        return new JsonArray(List.<Json>copyOf(merged.values()));
    }

    private HttpResponse list(Request request) {
        List<Json> items = new ArrayList<>();
        objects.forEach(
                (path, object) -> {
                    if (selected(request.target, path, object)) {
                        items.add(object.without("kind").without("apiVersion"));
                    }
                });
        Map<String, String> query = query(request.target);
        int from = Integer.parseInt(query.getOrDefault("continue", "0"));
        int to = (int) Math.min(items.size(), (long) from + pageSize);
        JsonObject metadata = JsonObject.of("resourceVersion", Long.toString(revision));
        if (to < items.size()) {
            metadata = metadata.with("continue", Integer.toString(to));
        }
        return ok(
                JsonObject.of("metadata", metadata)
                        .with("items", new JsonArray(items.subList(from, to))));
    }

    private static boolean selected(String target, String path, JsonObject object) {
        String collection = target.split("\\?")[0];
        String plural = collection.substring(collection.lastIndexOf('/') + 1);
        String[] parts = path.split("/");
        String prefix = collection.contains("/namespaces/") ? collection : "/api/v1/";
        if (!parts[parts.length - 2].equals(plural) || !path.startsWith(prefix)) {
            return false;
        }
        String[] selector = query(target).get("fieldSelector").split("=", 2);
        KubeObject kube = new KubeObject(object);
        if (selector[0].equals("metadata.name")) {
            return kube.name().equals(selector[1]);
        }
        String node =
                kube.kind().equals("PersistentVolume")
                        ? LocalVolumes.node(kube)
                        : kube.spec().text("nodeName");
        return node.equals(selector[1]);
    }

    private static Map<String, String> query(String target) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : target.substring(target.indexOf('?') + 1).split("&")) {
            String[] parts = pair.split("=", 2);
            query.put(parts[0], URLDecoder.decode(parts[1], UTF_8));
        }
        return query;
    }

    static HttpResponse ok(JsonObject body) {
        return new HttpResponse(200, Map.of(), body.toBytes());
    }

    static HttpResponse status(int code) {
        return new HttpResponse(
                code, Map.of(), JsonObject.of("kind", "Status").with("code", code).toBytes());
    }

    private final class Connection implements Upstream {
        private final List<Watch> watches = new ArrayList<>();
        private final List<Runnable> onClosed = new ArrayList<>();
        private boolean closed;

        @Override
        public CompletableFuture<HttpResponse> send(
                String method, String target, String contentType, byte[] body) {
            if (closed) {
                return CompletableFuture.failedFuture(new IOException("closed"));
            }
            Request request = new Request(method, target, contentType, parse(body));
            requests.add(request);
            if (mute) {
                return new CompletableFuture<>();
            }
            return CompletableFuture.completedFuture(filter.apply(answer(request)));
        }

        private static JsonObject parse(byte[] body) {
            try {
                return body.length == 0 ? JsonObject.EMPTY : (JsonObject) Json.parse(body);
            } catch (JsonException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public LineStream lines(String target, LineListener listener) {
            requests.add(new Request("WATCH", target, "", JsonObject.EMPTY));
            for (Map.Entry<String, Integer> entry : statusFor.entrySet()) {
                if (("WATCH " + target).contains(entry.getKey())) {
                    listener.onEnd(entry.getValue());
                    return () -> {};
                }
            }
            long from = Long.parseLong(query(target).get("resourceVersion"));
            Watch watch = new Watch(target, listener);
            if (from < oldest) {
                watch.line("ERROR", JsonObject.EMPTY.with("code", 410));
                listener.onEnd(200);
                return () -> {};
            }
            watches.add(watch);
            for (Past past : history) {
                if (past.revision > from) {
                    watch.offer(past);
                }
            }
            return () -> watches.remove(watch);
        }

        @Override
        public void onClosed(Runnable action) {
            if (closed) {
                action.run();
            } else {
                onClosed.add(action);
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                connections.remove(this);
                List<Watch> open = List.copyOf(watches);
                watches.clear();
                open.forEach(watch -> watch.listener.onEnd(0));
                onClosed.forEach(Runnable::run);
            }
        }
    }

    private static final class Watch {
        private final String target;
        private final String path;
        private final Upstream.LineListener listener;

        Watch(String target, Upstream.LineListener listener) {
            this.target = target;
            this.path = target.split("\\?")[0];
            this.listener = listener;
        }

        void offer(Past past) {
            if (selected(target, past.path, past.object)) {
                line(past.type, past.object);
            }
        }

        void line(String type, JsonObject object) {
            listener.onLine(JsonObject.of("type", type).with("object", object).toBytes());
        }
    }
}
