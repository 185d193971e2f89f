// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.schema.BuiltInKinds;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiServerTest {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
    private static final String JSON = "application/json";
    private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
    private static final StoreSettings SMALL_HISTORY =
            StoreSettings.DEFAULT.withHistory(100, 1 << 20, 100);
    private static final User ADMIN =
            new User(
                    "admin",
                    List.of(User.MASTERS_GROUP),
                    new User.Credential.Certificate("", java.time.Instant.MAX));

    @TempDir Path folder;

    private EmbeddedObjectStore store;
    private ApiServer server;
    private volatile boolean good = true;
    private volatile boolean ready = true;

    private final class Everybody implements Authenticator {
        @Override
        public User authenticate(HttpRequest request, RequestInfo info) {
            return request.header("x-user").equals("none") ? User.ANONYMOUS : ADMIN;
        }

        @Override
        public boolean stillGood(User user) {
            return good;
        }
    }

    @BeforeEach
    void start() throws IOException {
        Kinds kinds = new BuiltInKinds();
        store = EmbeddedObjectStore.open(folder, kinds, SMALL_HISTORY, Clock.systemUTC());
        store.create(
                ResourceType.NAMESPACES,
                KubeObject.of(ResourceType.NAMESPACES, "", "default"),
                WriteOptions.by("test"));
        server = serverWith(new ApiServer.Limits(2, 10, 10, 10, 5, 20), kinds);
    }

    private ApiServer serverWith(ApiServer.Limits limits, Kinds kinds) {
        ApiServer made =
                new ApiServer(
                        store,
                        kinds,
                        new Everybody(),
                        (user, request) ->
                                user.isMaster()
                                        ? Authorizer.Decision.ALLOW
                                        : Authorizer.Decision.deny(""),
                        Map.of(),
                        () -> ready,
                        limits,
                        Clock.systemUTC());
        made.start();
        return made;
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    @Test
    void createsReadsReplacesAndDeletes() {
        assertThat(send("POST", MAPS, map("a", "1")).response().status()).isEqualTo(201);
        JsonObject got = send("GET", MAPS + "/a", "").json();
        assertThat(got.text("data", "k")).isEqualTo("1");

        JsonObject changed = got.withAt(List.of("data", "k"), Json.of("2"));
        assertThat(send("PUT", MAPS + "/a", changed.toJson()).response().status()).isEqualTo(200);
        TestingExchange stale = send("PUT", MAPS + "/a", changed.toJson());
        assertThat(stale.response().status()).isEqualTo(409);
        assertThat(stale.json().text("message")).contains("the object has been modified");

        JsonObject deleted = send("DELETE", MAPS + "/a", "").json();
        assertThat(deleted.text("status")).isEqualTo("Success");
        assertThat(deleted.text("details", "uid")).isEqualTo(got.text("metadata", "uid"));
        TestingExchange gone = send("GET", MAPS + "/a", "");
        assertThat(gone.response().status()).isEqualTo(404);
        assertThat(gone.json().text("message")).isEqualTo("configmaps \"a\" not found");
        assertThat(gone.json().text("reason")).isEqualTo("NotFound");
    }

    @Test
    void patchesByEachFormat() {
        send("POST", MAPS, map("a", "1")).response();

        patch("application/merge-patch+json", "{\"data\":{\"m\":\"1\"}}");
        patch("application/strategic-merge-patch+json", "{\"data\":{\"s\":\"1\"}}");
        JsonObject last =
                patch("application/json-patch+json", "[{\"op\":\"remove\",\"path\":\"/data/k\"}]");

        assertThat(last.object("data").members()).containsOnlyKeys("m", "s");
    }

    private JsonObject patch(String type, String body) {
        TestingExchange exchange = send("PATCH", MAPS + "/a", body, Map.of("content-type", type));
        assertThat(exchange.response().status()).isEqualTo(200);
        return exchange.json();
    }

    @Test
    void givesCustomKindsNoStrategicMerge() {
        TestingExchange exchange =
                send(
                        "PATCH",
                        "/apis/superedge.io/v1/namespaces/default/deploymentgrids/a",
                        "{}",
                        Map.of("content-type", "application/strategic-merge-patch+json"));

        assertThat(exchange.response().status()).isEqualTo(415);
    }

    @Test
    void rendersTables() {
        send("POST", MAPS, map("a", "1")).response();

        JsonObject table = send("GET", MAPS + "?limit=500", "", Map.of("accept", TABLE)).json();

        assertThat(table.text("kind")).isEqualTo("Table");
        assertThat(table.array("columnDefinitions").objects().get(0).text("name"))
                .isEqualTo("Name");
        JsonObject row = table.array("rows").objects().get(0);
        assertThat(row.array("cells").get(0)).isEqualTo(Json.of("a"));
        assertThat(row.text("object", "kind")).isEqualTo("PartialObjectMetadata");
    }

    @Test
    void givesListsInPages() {
        for (String name : List.of("a", "b", "c")) {
            send("POST", MAPS, map(name, "1")).response();
        }

        JsonObject first = send("GET", MAPS + "?limit=2", "").json();
        JsonObject second =
                send(
                                "GET",
                                MAPS
                                        + "?limit=2&continue="
                                        + java.net.URLEncoder.encode(
                                                first.text("metadata", "continue"),
                                                StandardCharsets.UTF_8),
                                "")
                        .json();

        assertThat(first.text("kind")).isEqualTo("ConfigMapList");
        assertThat(first.array("items").size()).isEqualTo(2);
        assertThat(second.array("items").objects().get(0).text("metadata", "name")).isEqualTo("c");
        assertThat(second.text("metadata", "continue")).isEmpty();
    }

    @Test
    void refusesUnknownFieldsOnlyIfAskedTo() {
        String wrong =
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},"
                        + "\"dato\":1}";

        TestingExchange strict = send("POST", MAPS + "?fieldValidation=Strict", wrong);
        assertThat(strict.response().status()).isEqualTo(400);
        assertThat(strict.json().text("message"))
                .isEqualTo(
                        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict"
                                + " decoding error: unknown field \"dato\"");
        TestingExchange warned = send("POST", MAPS + "?fieldValidation=Warn", wrong);
        assertThat(warned.response().status()).isEqualTo(201);
        assertThat(warned.response().header("warning"))
                .isEqualTo("299 - \"unknown field \\\"dato\\\"\"");
        assertThat(warned.json().has("dato")).isFalse();
        TestingExchange patched =
                send(
                        "PATCH",
                        MAPS + "/a?fieldValidation=Strict",
                        "{\"dato\":1}",
                        Map.of("content-type", "application/merge-patch+json"));
        assertThat(patched.response().status()).isEqualTo(422);
        assertThat(patched.json().text("message")).contains("unknown field \"dato\"");
        TestingExchange pointer =
                send(
                        "PATCH",
                        MAPS + "/a?fieldValidation=Strict",
                        "[{\"op\":\"add\",\"path\":\"/dato\",\"value\":1}]",
                        Map.of("content-type", "application/json-patch+json"));
        assertThat(pointer.response().status()).isEqualTo(422);
    }

    @Test
    void storesNothingInADryRun() {
        assertThat(send("POST", MAPS + "?dryRun=All", map("a", "1")).response().status())
                .isEqualTo(201);
        assertThat(send("GET", MAPS + "/a", "").response().status()).isEqualTo(404);
        assertThat(send("POST", MAPS + "?dryRun=Some", map("a", "1")).response().status())
                .isEqualTo(400);
    }

    @Test
    void scales() {
        send("POST", DEPLOYMENTS, deployment()).response();

        TestingExchange patched =
                send(
                        "PATCH",
                        DEPLOYMENTS + "/d/scale",
                        "{\"spec\":{\"replicas\":4}}",
                        Map.of("content-type", "application/merge-patch+json"));
        assertThat(patched.json().text("kind")).isEqualTo("Scale");
        assertThat(patched.json().number("spec", "replicas")).hasValue(4);
        JsonObject scale = send("GET", DEPLOYMENTS + "/d/scale", "").json();
        send(
                        "PUT",
                        DEPLOYMENTS + "/d/scale",
                        scale.withAt(List.of("spec", "replicas"), Json.of(2)).toJson())
                .response();

        assertThat(send("GET", DEPLOYMENTS + "/d", "").json().number("spec", "replicas"))
                .hasValue(2);

        JsonObject table =
                send("GET", DEPLOYMENTS + "/d/scale", "", Map.of("accept", TABLE)).json();
        assertThat(table.array("columnDefinitions").objects())
                .extracting(column -> column.text("name"))
                .containsExactly("Name", "Desired", "Available", "Age");
        assertThat(table.array("rows").objects().get(0).array("cells").items().subList(0, 3))
                .containsExactly(Json.of("d"), Json.of(2), Json.of(0));
    }

    @Test
    void saysWhyAJsonPatchDoesNotFit() {
        send("POST", DEPLOYMENTS, deployment()).response();
        JsonObject status =
                send(
                                "PATCH",
                                DEPLOYMENTS + "/d",
                                "[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":7}]",
                                Map.of("content-type", "application/json-patch+json"))
                        .json();
        assertThat(status.number("code")).hasValue(422);
        assertThat(status.text("message"))
                .isEqualTo(
                        "the server rejected our request due to an error in our request: testing"
                                + " value /spec/replicas failed: test failed");
        // kubectl shows the message only if there are no details.
        assertThat(status.has("details")).isFalse();
    }

    @Test
    void deletesCollectionsBySelector() {
        send("POST", MAPS, map("a", "1")).response();
        send("POST", MAPS, map("b", "1")).response();

        JsonObject deleted = send("DELETE", MAPS + "?fieldSelector=metadata.name%3Da", "").json();

        assertThat(deleted.array("items").size()).isEqualTo(1);
        assertThat(send("GET", MAPS, "").json().array("items").size()).isEqualTo(1);
    }

    @Test
    void refusesObjectsThatAreNotWhatThePathSays() {
        assertThat(message("POST", "/api/v1/namespaces/other/configmaps", inDefault("a")))
                .contains("the namespace of the provided object does not match");
        assertThat(message("PUT", MAPS + "/b", map("a", "1")))
                .contains("does not match the name on the URL");
        assertThat(message("POST", MAPS, "{\"apiVersion\":\"v2\",\"kind\":\"ConfigMap\"}"))
                .contains("does not match the expected API version");
        assertThat(message("POST", MAPS, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}"))
                .contains("cannot be handled as a ConfigMap");
        assertThat(message("POST", MAPS, "[]")).contains("must be an object");
    }

    @Test
    void answersUnknownPathsAndMethodsByAStatus() {
        for (String path : List.of("/api/v1/nopes", "/apis/x/v1/y", "/x", "/api/v2/pods")) {
            TestingExchange exchange = send("GET", path, "");
            assertThat(exchange.response().status()).isEqualTo(404);
            assertThat(exchange.json().text("message"))
                    .isEqualTo("the server could not find the requested resource");
        }
        assertThat(send("GET", MAPS + "/a/status", "").response().status()).isEqualTo(404);
        assertThat(send("OPTIONS", MAPS, "").response().status()).isEqualTo(405);
        assertThat(send("POST", MAPS + "/a", map("a", "1")).response().status()).isEqualTo(405);
        assertThat(send("POST", "/api/v1/configmaps", map("a", "1")).response().status())
                .isEqualTo(405);
    }

    @Test
    void letsAnonymousUsersSeeHealthAndVersionOnly() {
        Map<String, String> nobody = Map.of("x-user", "none");
        assertThat(send("GET", "/version", "", nobody).json().text("minor")).isEqualTo("35");
        assertThat(send("GET", "/readyz", "", nobody).response().status()).isEqualTo(200);
        ready = false;
        assertThat(send("GET", "/readyz", "", nobody).response().status()).isEqualTo(503);
        assertThat(send("GET", "/livez", "", nobody).response().status()).isEqualTo(200);
        for (String path : List.of("/api", "/openapi/v3", MAPS, "/api/v1/secrets", "/metrics")) {
            assertThat(send("GET", path, "", nobody).response().status()).isEqualTo(401);
        }
    }

    @Test
    void describesItself() {
        TestingExchange all =
                send(
                        "GET",
                        "/apis",
                        "",
                        Map.of(
                                "accept",
                                "application/json;g=apidiscovery.k8s.io;v=v2;"
                                        + "as=APIGroupDiscoveryList"));
        assertThat(all.response().header("content-type")).contains("as=APIGroupDiscoveryList");
        assertThat(send("GET", "/apis/apps/v1", "").json().text("kind"))
                .isEqualTo("APIResourceList");
        TestingExchange first = send("GET", "/openapi/v3/apis/apps/v1", "");
        assertThat(first.json().object("components", "schemas").isEmpty()).isFalse();
        TestingExchange again =
                send(
                        "GET",
                        "/openapi/v3/apis/apps/v1",
                        "",
                        Map.of("if-none-match", first.response().header("etag")));
        assertThat(again.response().status()).isEqualTo(304);
    }

    @Test
    void unpacksNoBody() {
        TestingExchange packed =
                send("POST", MAPS, map("a", "1"), Map.of("content-encoding", "gzip"));

        assertThat(packed.response().status()).isEqualTo(415);
    }

    @Test
    void watchesOfLargeObjectsAreWrittenInSmallPieces() {
        String large = "x".repeat(200_000);
        for (int i = 0; i < 10; i++) {
            send("POST", MAPS, map("large-" + i, large)).response();
        }

        TestingExchange watch = send("GET", MAPS + "?watch=1", "");

        assertThat(watch.events(10)).allMatch(event -> event.text("type").equals("ADDED"));
        assertThat(watch.longestWrite()).isLessThan(300_000);
    }

    @Test
    void streamsWhatChanges() {
        send("POST", MAPS, map("a", "1")).response();
        String revision = send("GET", MAPS, "").json().text("metadata", "resourceVersion");

        TestingExchange watch = send("GET", MAPS + "?watch=1&resourceVersion=" + revision, "");
        watch.response();
        send("POST", MAPS, map("b", "1")).response();
        send("DELETE", MAPS + "/a", "").response();

        List<JsonObject> events = watch.events(2);
        assertThat(events.get(0).text("type")).isEqualTo("ADDED");
        assertThat(events.get(0).text("object", "metadata", "name")).isEqualTo("b");
        assertThat(events.get(1).text("type")).isEqualTo("DELETED");
    }

    @Test
    void beginsAWatchWithWhatThereIsAndSaysWhenThatIsAll() {
        for (int i = 0; i < 300; i++) {
            store.create(
                    ResourceType.CONFIG_MAPS,
                    KubeObject.of(ResourceType.CONFIG_MAPS, "default", "m" + i),
                    WriteOptions.by("test"));
        }

        TestingExchange watch =
                send(
                        "GET",
                        MAPS
                                + "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
                                + "&resourceVersionMatch=NotOlderThan",
                        "");

        List<JsonObject> events = watch.events(301);
        assertThat(events.subList(0, 300)).allMatch(event -> event.text("type").equals("ADDED"));
        assertThat(events.get(300).text("type")).isEqualTo("BOOKMARK");
        assertThat(
                        events.get(300)
                                .text(
                                        "object",
                                        "metadata",
                                        "annotations",
                                        "k8s.io/initial-events-end"))
                .isEqualTo("true");
        send("POST", MAPS, map("later", "1")).response();
        assertThat(watch.events(302).get(301).text("object", "metadata", "name"))
                .isEqualTo("later");
    }

    @Test
    void refusesInitialEventsWithoutAMatch() {
        assertThat(send("GET", MAPS + "?watch=true&sendInitialEvents=true", "").response().status())
                .isEqualTo(400);
    }

    @Test
    void watchesInTables() {
        send("POST", MAPS, map("a", "1")).response();
        TestingExchange watch = send("GET", MAPS + "?watch=true", "", Map.of("accept", TABLE));
        watch.events(1);
        send("POST", MAPS, map("b", "1")).response();

        List<JsonObject> events = watch.events(2);
        assertThat(events.get(0).object("object").array("columnDefinitions").isEmpty()).isFalse();
        assertThat(events.get(1).object("object").array("columnDefinitions").isEmpty()).isTrue();
        assertThat(events.get(1).object("object").array("rows").size()).isEqualTo(1);
    }

    @Test
    void cutsOffAWatcherThatDoesNotKeepUp() {
        TestingExchange watch = send("GET", MAPS + "?watch=true&resourceVersion=1", "");
        watch.response();
        watch.becomeSlow();
        for (int i = 0; i < 40; i++) {
            send("POST", MAPS, map("m" + i, "1")).response();
        }

        watch.awaitAbort();
        assertThat(watch.lines().size()).isLessThan(40);
    }

    @Test
    void goesOnWhenASlowWatcherCatchesUp() {
        TestingExchange watch = send("GET", MAPS + "?watch=true", "");
        watch.response();
        watch.becomeSlow();
        for (int i = 0; i < 10; i++) {
            send("POST", MAPS, map("m" + i, "1")).response();
        }
        watch.events(1);
        watch.becomeFast();

        assertThat(watch.events(10)).hasSize(10);
    }

    @Test
    void endsWatchesThatAreNoLongerPermitted() {
        TestingExchange watch = send("GET", MAPS + "?watch=true", "");
        watch.response();
        good = false;
        send("POST", MAPS, map("secret", "1")).response();

        watch.awaitEnd();
        assertThat(watch.lines()).hasSize(1);
        assertThat(watch.lines().get(0).text("type")).isEqualTo("ERROR");
        assertThat(watch.lines().get(0).number("object", "code")).hasValue(401);
    }

    @Test
    void endsWatchesWhenTheirTimeIsUp() {
        TestingExchange watch = send("GET", MAPS + "?watch=true&timeoutSeconds=1", "");

        watch.awaitEnd();
        assertThat(watch.lines()).isEmpty();
    }

    @Test
    void saysThatARevisionIsTooOld() {
        for (int i = 0; i < 150; i++) {
            store.patch(
                    ResourceType.NAMESPACES,
                    ResourceType.NAMESPACES.key("", "default"),
                    dev.wayside.connector.store.ObjectStore.Patch.merge(
                            JsonObject.EMPTY.withAt(
                                    List.of("metadata", "labels", "n"), Json.of("v" + i))),
                    "",
                    new WriteOptions("test", false, false));
        }

        TestingExchange watch = send("GET", "/api/v1/namespaces?watch=true&resourceVersion=1", "");

        watch.awaitEnd();
        assertThat(watch.lines().get(0).text("type")).isEqualTo("ERROR");
        assertThat(watch.lines().get(0).number("object", "code")).hasValue(410);
        assertThat(watch.lines().get(0).text("object", "reason")).isEqualTo("Expired");
    }

    @Test
    void boundsTheWatchesOfOneUser() {
        for (int i = 0; i < 5; i++) {
            assertThat(send("GET", MAPS + "?watch=true", "").response().status()).isEqualTo(200);
        }
        TestingExchange sixth = send("GET", MAPS + "?watch=true", "");
        assertThat(sixth.response().status()).isEqualTo(429);
        assertThat(sixth.response().header("retry-after")).isEqualTo("1");
    }

    @Test
    void givesAWatchsPlaceFreeWhenItsClientGoes() {
        for (int i = 0; i < 20; i++) {
            TestingExchange watch = send("GET", MAPS + "?watch=true", "");
            assertThat(watch.response().status()).isEqualTo(200);
            watch.hangUp();
        }
    }

    private String message(String method, String target, String body) {
        return send(method, target, body).json().text("message");
    }

    private TestingExchange send(String method, String target, String body) {
        return send(method, target, body, Map.of());
    }

    private TestingExchange send(
            String method, String target, String body, Map<String, String> headers) {
        Map<String, String> all = new java.util.HashMap<>(Map.of("content-type", JSON));
        all.putAll(headers);
        TestingExchange exchange = new TestingExchange();
        server.handle(
                new HttpRequest(
                        method,
                        target,
                        all,
                        body.getBytes(StandardCharsets.UTF_8),
                        null,
                        InetSocketAddress.createUnresolved("client", 1)),
                exchange);
        return exchange;
    }

    private static String map(String name, String value) {
        return KubeObject.of(ResourceType.CONFIG_MAPS, "default", name)
                .with("data", JsonObject.of("k", value))
                .json()
                .toJson();
    }

    private static String inDefault(String name) {
        return map(name, "1");
    }

    private static String deployment() {
        return "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
                + "\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{"
                + "\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{"
                + "\"name\":\"c\",\"image\":\"x\"}]}}}}";
    }
}
