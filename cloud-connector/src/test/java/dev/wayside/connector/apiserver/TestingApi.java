// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An API server over a store of its own; the header {@code x-node} makes the asker a gateway. */
final class TestingApi implements AutoCloseable {
    static final String APPLY = "application/apply-patch+yaml";
    static final String MERGE = "application/merge-patch+json";
    static final String JSON_PATCH = "application/json-patch+json";
    private static final String JSON = "application/json";

    private final EmbeddedObjectStore store;
    private final ApiServer server;

    /**
     * @param authorizer judges all but what is refused for its body
     */
    TestingApi(Path folder, Clock clock, Authorizer authorizer) throws IOException {
        this(
                EmbeddedObjectStore.open(folder, new BuiltInKinds(), StoreSettings.DEFAULT, clock),
                clock,
                authorizer);
        store.create(
                ResourceType.NAMESPACES,
                KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                WriteOptions.by("test"));
    }

    /**
     * @param store closed with this
     */
    TestingApi(EmbeddedObjectStore store, Clock clock, Authorizer authorizer) {
        this(store, clock, authorizer, ChangePlans.NONE);
    }

    TestingApi(EmbeddedObjectStore store, Clock clock, Authorizer authorizer, ChangePlans plans) {
        this.store = store;
        server =
                new ApiServer(
                        store,
                        new BuiltInKinds(),
                        new Everybody(),
                        authorizer,
                        Map.of(),
                        new ApiServer.Extras(
                                Map.of(), Map.of(), Map.of(), () -> "", entry -> {}, plans),
                        () -> true,
                        ApiServer.Limits.DEFAULT,
                        clock);
        server.start();
    }

    private static final class Everybody implements Authenticator {
        @Override
        public User authenticate(HttpRequest request, RequestInfo info) {
            String node = request.header("x-node");
            return new User(
                    node.isEmpty() ? "admin" : User.NODE_PREFIX + node,
                    List.of(node.isEmpty() ? User.MASTERS_GROUP : User.NODES_GROUP),
                    new User.Credential.Certificate("", Instant.MAX));
        }

        @Override
        public boolean stillGood(User user) {
            return true;
        }
    }

    EmbeddedObjectStore store() {
        return store;
    }

    ApiServer server() {
        return server;
    }

    /**
     * @param body with single quotes for double ones
     */
    TestingExchange send(String method, String target, String type, String body) {
        return send(method, target, Map.of("content-type", type), body);
    }

    TestingExchange send(String method, String target, Map<String, String> headers, String body) {
        Map<String, String> all = new HashMap<>(Map.of("content-type", JSON));
        all.putAll(headers);
        TestingExchange exchange = new TestingExchange();
        server.handle(
                new HttpRequest(
                        method,
                        target,
                        all,
                        body.replace('\'', '"').getBytes(StandardCharsets.UTF_8),
                        null,
                        InetSocketAddress.createUnresolved("client", 1)),
                exchange);
        exchange.response(); // waits for it
        return exchange;
    }

    TestingExchange post(String target, String body) {
        return send("POST", target, JSON, body);
    }

    TestingExchange apply(String target, String body) {
        return send("PATCH", target, APPLY, body);
    }

    JsonObject get(String target) {
        return send("GET", target, JSON, "").json();
    }

    /** The entry of a manager, the empty object if there is none. */
    static JsonObject entry(JsonObject object, String manager) {
        return object.array("metadata", "managedFields").objects().stream()
                .filter(entry -> entry.text("manager").equals(manager))
                .findFirst()
                .orElse(JsonObject.EMPTY);
    }

    static JsonObject fields(JsonObject object, String manager) {
        return entry(object, manager).object("fieldsV1");
    }

    static Json json(String text) {
        try {
            return Json.parse(text.replace('\'', '"'));
        } catch (JsonException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    @Override
    public void close() {
        server.close();
        store.close();
    }
}
