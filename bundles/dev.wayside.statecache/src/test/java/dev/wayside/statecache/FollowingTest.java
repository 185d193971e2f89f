// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the cache follows the connector: list, watch, resume, and when something is removed. */
class FollowingTest {
    private static final Duration WHILE = Duration.ofMinutes(5);

    @TempDir Path folder;
    private final FakeConnector connector = new FakeConnector(CacheRig.NODE_UID);
    private CacheRig rig;

    @BeforeEach
    void start() {
        connector.pod("one");
        connector.pod("two");
        connector.put(
                "/api/v1/namespaces/default/pods/other",
                FakeConnector.object("Pod", "default", "other", "uid-other")
                        .with("spec", JsonObject.of("nodeName", "another")));
        rig = new CacheRig(folder, connector);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void receivesItsNodeAndItsPods() throws Exception {
        assertThat(rig.desired.complete(ResourceType.PODS)).isFalse();
        rig.settle();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("other")).isFalse();
        assertThat(rig.desired.get(ResourceType.NODES.key("", "gw"))).isPresent();
        assertThat(rig.desired.complete(ResourceType.PODS)).isTrue();
        assertThat(rig.desired.complete(ResourceType.CONFIG_MAPS)).isTrue();
        assertThat(rig.told).contains("one", "two");
        assertThat(rig.desired.list(ResourceType.PODS)).allMatch(it -> it.kind().equals("Pod"));
        assertThat(rig.doubt()).isEmpty();
    }

    @Test
    void followsChangesByWatch() throws Exception {
        rig.settle();
        long lists = connector.lists();
        connector.pod("three");
        connector.delete("/api/v1/namespaces/default/pods/one");
        rig.settle();
        assertThat(rig.hasPod("three")).isTrue();
        assertThat(rig.hasPod("one")).isFalse();
        assertThat(rig.told).contains("three");
        assertThat(connector.lists()).isEqualTo(lists);
    }

    @Test
    void resumesWithoutAListAfterACut() throws Exception {
        rig.settle();
        long lists = connector.lists();
        connector.reachable = false;
        connector.cut();
        rig.pass(WHILE);
        connector.pod("three");
        connector.delete("/api/v1/namespaces/default/pods/one");
        connector.reachable = true;
        rig.pass(WHILE);
        assertThat(rig.hasPod("three")).isTrue();
        assertThat(rig.hasPod("one")).isFalse();
        assertThat(connector.lists()).isEqualTo(lists);
    }

    @Test
    void resumesWithoutAListAfterARestart() throws Exception {
        rig.settle().close();
        connector.pod("three");
        connector.requests.clear();
        rig = new CacheRig(folder, connector);
        rig.settle();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("three")).isTrue();
        assertThat(connector.lists()).isZero();
    }

    @Test
    void knowsEverythingAfterARestartWithoutACloud() throws Exception {
        rig.settle().close();
        connector.cut();
        connector.reachable = false;
        rig = new CacheRig(folder, connector);
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.desired.complete(ResourceType.PODS)).isTrue();
        assertThat(rig.told).contains("one", "two");
    }

    @Test
    void listsOnceWhenTheRevisionIsTooOldAndAppliesTheDifference() throws Exception {
        rig.settle().close();
        connector.delete("/api/v1/namespaces/default/pods/one");
        connector.pod("three");
        connector.oldest = connector.revision;
        connector.requests.clear();
        rig = new CacheRig(folder, connector);
        rig.settle();
        assertThat(rig.hasPod("one")).isFalse();
        assertThat(rig.hasPod("two")).isTrue();
        assertThat(rig.hasPod("three")).isTrue();
        assertThat(connector.count("GET", "/api/v1/pods?")).isEqualTo(1);
        assertThat(rig.doubt()).isEmpty();
    }

    @Test
    void readsListsPageByPage() throws Exception {
        for (int i = 0; i < 25; i++) {
            connector.pod("p" + i);
        }
        connector.pageSize = 7;
        rig.settle();
        assertThat(rig.desired.list(ResourceType.PODS)).hasSize(27);
        assertThat(connector.count("GET", "/api/v1/pods?")).isEqualTo(4);
    }

    @Test
    void aListWithAPageMissingRemovesNothing() throws Exception {
        down();
        connector.pageSize = 1;
        connector.pod("three");
        connector.delete("/api/v1/namespaces/default/pods/one");
        connector.oldest = connector.revision;
        connector.statusFor.put("continue=1", 500);
        up();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("two")).isTrue();
        connector.statusFor.clear();
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isFalse();
    }

    @Test
    void aListWhosePagesDifferInRevisionRemovesNothing() throws Exception {
        down();
        connector.pageSize = 1;
        connector.pod("three");
        connector.delete("/api/v1/namespaces/default/pods/one");
        connector.oldest = connector.revision;
        connector.filter =
                answer -> {
                    connector.revision++;
                    return answer;
                };
        up();
        assertThat(rig.hasPod("one")).isTrue();
    }

    @Test
    void noErrorEverRemovesAnything() throws Exception {
        rig.settle();
        for (int status : List.of(401, 403, 404, 429, 500, 503)) {
            connector.statusFor.clear();
            connector.statusFor.put("/api/v1/pods?", status);
            connector.endWatches(status);
            connector.cut();
            rig.pass(WHILE);
            assertThat(rig.hasPod("one")).as("after " + status).isTrue();
        }
        connector.statusFor.clear();
        rig.pass(WHILE);
        connector.pod("three");
        rig.pass(WHILE);
        assertThat(rig.hasPod("three")).isTrue();
    }

    @Test
    void aStoreThatIsAnotherOneRemovesNothing() throws Exception {
        rig.settle();
        FakeConnector another = new FakeConnector(CacheRig.NODE_UID);
        another.put(
                "/api/v1/namespaces/kube-system",
                FakeConnector.object("Namespace", "", "kube-system", "system-2"));
        another.pod("new");
        another.pod("two");
        swap(another);
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("new")).isTrue();
        assertThat(rig.doubt()).isEqualTo("StoreReplaced");
        assertThat(rig.desired.get(rig.pod("two")).orElseThrow().uid()).isEqualTo("uid-two-1");
    }

    @Test
    void aStoreWithoutOurNodeRemovesAndAddsNothing() throws Exception {
        down();
        connector.objects.remove("/api/v1/nodes/gw");
        connector.objects.remove("/api/v1/namespaces/default/pods/one");
        connector.pod("three");
        connector.oldest = connector.revision;
        up();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("three")).isFalse();
        assertThat(rig.doubt()).isEqualTo("NodeMissing");
    }

    @Test
    void aStoreWithAnotherNodeOfOurNameRemovesAndAddsNothing() throws Exception {
        down();
        connector.objects.remove("/api/v1/namespaces/default/pods/one");
        connector.objects.put(
                "/api/v1/nodes/gw", FakeConnector.object("Node", "", "gw", "another"));
        connector.oldest = connector.revision + 1;
        up();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.doubt()).isEqualTo("NodeReplaced");
    }

    @Test
    void aStoreOlderThanWhatWeSawRemovesNothing() throws Exception {
        down();
        connector.objects.remove("/api/v1/namespaces/default/pods/one");
        connector.revision = 50;
        connector.statusFor.put("WATCH /api/v1/pods", 504); // "too large resource version"
        connector.pod("fresh");
        up();
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.hasPod("fresh")).isTrue();
        assertThat(rig.doubt()).isEqualTo("StoreOlder");
    }

    @Test
    void aStoreThatCannotBeKnownIsNotFollowed() throws Exception {
        connector.statusFor.put("kube-system", 403);
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isFalse();
        assertThat(rig.doubt()).isEqualTo("StoreUnknown");
        connector.statusFor.clear();
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isTrue();
        assertThat(rig.doubt()).isEmpty();
    }

    @Test
    void anEventAboutAnotherNodeOfOurNameIsNotTaken() throws Exception {
        rig.settle();
        connector.delete("/api/v1/nodes/gw");
        connector.put("/api/v1/nodes/gw", FakeConnector.object("Node", "", "gw", "another"));
        rig.settle();
        assertThat(rig.desired.get(ResourceType.NODES.key("", "gw"))).isEmpty();
        assertThat(rig.doubt()).isEqualTo("NodeReplaced");
    }

    @Test
    void aDeletionOfAnotherUidIsNotOurs() throws Exception {
        rig.settle();
        connector.send(
                "/pods",
                JsonObject.of("type", "DELETED")
                        .with(
                                "object",
                                FakeConnector.object("Pod", "default", "one", "never-seen")
                                        .withAt(
                                                List.of("metadata", "resourceVersion"),
                                                Json.of("900"))));
        rig.settle();
        assertThat(rig.hasPod("one")).isTrue();
    }

    @Test
    void followsTheClaimsOfItsPodsAndTheVolumesThatAreOnIt() throws Exception {
        for (String claim : List.of("data", "unrelated")) {
            connector.put(
                    "/api/v1/namespaces/default/persistentvolumeclaims/" + claim,
                    FakeConnector.object("PersistentVolumeClaim", "default", claim, "uid-" + claim)
                            .with("spec", JsonObject.of("volumeName", "here")));
        }
        volume("here", "gw");
        volume("there", "gw-2");
        JsonObject source =
                JsonObject.of("persistentVolumeClaim", JsonObject.of("claimName", "data"));
        connector.pod("user", JsonObject.of("volumes", JsonArray.of(source.with("name", "v"))));
        rig.settle();
        assertThat(rig.has(ResourceType.PERSISTENT_VOLUME_CLAIMS, "data")).isTrue();
        assertThat(rig.has(ResourceType.PERSISTENT_VOLUME_CLAIMS, "unrelated")).isFalse();
        assertThat(rig.desired.list(ResourceType.PERSISTENT_VOLUMES))
                .extracting(KubeObject::name)
                .containsExactly("here");
        assertThat(rig.desired.complete(ResourceType.PERSISTENT_VOLUME_CLAIMS)).isTrue();

        connector.delete("/api/v1/namespaces/default/pods/user");
        rig.settle();
        assertThat(rig.has(ResourceType.PERSISTENT_VOLUME_CLAIMS, "data")).isFalse();
        assertThat(rig.desired.list(ResourceType.PERSISTENT_VOLUMES))
                .as("its folder is still here")
                .hasSize(1);
    }

    private void volume(String name, String node) {
        connector.put(
                "/api/v1/persistentvolumes/" + name,
                FakeConnector.object("PersistentVolume", "", name, "uid-" + name)
                        .with(
                                "spec",
                                JsonObject.of("nodeAffinity", LocalVolumes.affinityTo(node))));
    }

    @Test
    void followsWhatItsPodsNameAndForgetsItAfterThem() throws Exception {
        connector.configMap("settings", "1");
        connector.configMap("unrelated", "1");
        connector.pod("user", spec("settings", "password"));
        rig.settle();
        assertThat(rig.has(ResourceType.CONFIG_MAPS, "settings")).isTrue();
        assertThat(rig.has(ResourceType.CONFIG_MAPS, "unrelated")).isFalse();
        assertThat(rig.has(ResourceType.SECRETS, "password")).isFalse();
        assertThat(rig.desired.complete(ResourceType.SECRETS)).isTrue();

        connector.put(
                "/api/v1/namespaces/default/secrets/password",
                FakeConnector.object("Secret", "default", "password", "uid-s"));
        connector.configMap("settings", "2");
        rig.settle();
        assertThat(rig.has(ResourceType.SECRETS, "password")).isTrue();
        assertThat(
                        rig.desired
                                .get(ResourceType.CONFIG_MAPS.key("default", "settings"))
                                .orElseThrow()
                                .json()
                                .text("data", "k"))
                .isEqualTo("2");
        assertThat(connector.watches()).isEqualTo(5);

        connector.delete("/api/v1/namespaces/default/pods/user");
        rig.settle();
        assertThat(rig.has(ResourceType.CONFIG_MAPS, "settings")).isFalse();
        assertThat(rig.has(ResourceType.SECRETS, "password")).isFalse();
        assertThat(connector.watches()).isEqualTo(3);
        assertThat(rig.store.keys(Keys.CURSORS))
                .containsExactly("c/nodes", "c/persistentvolumes", "c/pods");
    }

    @Test
    void isNotCompleteForAKindUntilAllThatIsNamedWasLookedFor() throws Exception {
        connector.statusFor.put("/configmaps?", 503);
        connector.pod("user", spec("settings", "password"));
        rig.settle();
        assertThat(rig.desired.complete(ResourceType.CONFIG_MAPS)).isFalse();
        assertThat(rig.desired.complete(ResourceType.SECRETS)).isTrue();
        connector.statusFor.clear();
        rig.pass(WHILE);
        assertThat(rig.desired.complete(ResourceType.CONFIG_MAPS)).isTrue();
    }

    @Test
    void aConfigMapWhoseListIsRefusedStays() throws Exception {
        connector.configMap("settings", "1");
        connector.pod("user", spec("settings", "password"));
        down();
        connector.statusFor.put("/configmaps?", 404);
        connector.oldest = connector.revision + 1;
        up();
        assertThat(rig.has(ResourceType.CONFIG_MAPS, "settings")).isTrue();
        connector.statusFor.clear();
        connector.delete("/api/v1/namespaces/default/configmaps/settings");
        rig.pass(WHILE);
        assertThat(rig.has(ResourceType.CONFIG_MAPS, "settings")).isFalse();
    }

    @Test
    void aStatusThatComesBackIsWrittenLater() throws Exception {
        rig.settle();
        long told = rig.told.size();
        String path = "/api/v1/namespaces/default/pods/one";
        connector.put(
                path,
                connector.objects.get(path).with("status", JsonObject.of("phase", "Running")));
        rig.settle();
        assertThat(rig.told).hasSize((int) told);
        rig.pass(Reflector.ECHO_DELAY);
        assertThat(rig.desired.get(rig.pod("one")).orElseThrow().status().text("phase"))
                .isEqualTo("Running");
    }

    @Test
    void bookmarksAreSavedNowAndThenOnly() throws Exception {
        rig.settle();
        String before = rig.store.get("c/pods").orElseThrow().text("revision");
        for (int i = 0; i < 10; i++) {
            connector.revision += 10;
            connector.bookmark();
            rig.pass(Duration.ofMinutes(1));
        }
        assertThat(rig.store.get("c/pods").orElseThrow().text("revision")).isEqualTo(before);
        rig.pass(Duration.ofMinutes(10));
        assertThat(rig.store.get("c/pods").orElseThrow().text("revision"))
                .isEqualTo(Long.toString(connector.revision));
    }

    @Test
    void aWatchThatEndsIsResumedWithoutAList() throws Exception {
        rig.settle();
        long lists = connector.lists();
        connector.endWatches(200);
        rig.pass(WHILE);
        connector.pod("three");
        rig.settle();
        assertThat(rig.hasPod("three")).isTrue();
        assertThat(connector.lists()).isEqualTo(lists);
    }

    @Test
    void aWatchThatIsAlwaysTooOldIsNotAskedWithoutPause() throws Exception {
        connector.oldest = Long.MAX_VALUE;
        rig.pass(Duration.ofMinutes(1));
        assertThat(connector.lists()).isLessThan(60);
        assertThat(rig.hasPod("one")).isTrue();
    }

    @Test
    void nonsenseFromTheWatchChangesNothing() throws Exception {
        rig.settle();
        connector.send("/pods", JsonObject.of("type", "ADDED"));
        connector.send("/pods", JsonObject.EMPTY);
        connector.send("/pods", JsonObject.of("type", "NEWS").with("object", JsonObject.EMPTY));
        rig.pass(WHILE);
        assertThat(rig.hasPod("one")).isTrue();
        connector.pod("three");
        rig.settle();
        assertThat(rig.hasPod("three")).isTrue();
    }

    @Test
    void aPodThatIsMadeAnewUnderItsNameIsTheNewOne() throws Exception {
        rig.settle();
        connector.delete("/api/v1/namespaces/default/pods/one");
        JsonObject again = connector.pod("one");
        rig.settle();
        assertThat(rig.desired.get(rig.pod("one")).orElseThrow().uid())
                .isEqualTo(again.text("metadata", "uid"));
    }

    @Test
    void keepsManyChangesOfOneObjectAsOne() throws Exception {
        rig.settle();
        rig.told.clear();
        for (int i = 0; i < 500; i++) {
            String path = "/api/v1/namespaces/default/pods/one";
            connector.put(
                    path,
                    connector
                            .objects
                            .get(path)
                            .withAt(List.of("spec", "n"), Json.of(Integer.toString(i))));
        }
        rig.settle();
        assertThat(rig.desired.get(rig.pod("one")).orElseThrow().spec().text("n")).isEqualTo("499");
        assertThat(rig.told.size()).isLessThan(10);
    }

    /** Ends the cache once it has everything; what happens then it does not see. */
    private void down() throws Exception {
        rig.settle().close();
        connector.cut();
    }

    private void up() throws Exception {
        rig = new CacheRig(folder, connector);
        rig.pass(WHILE);
    }

    private void swap(FakeConnector another) throws Exception {
        rig.close();
        rig = new CacheRig(folder, another);
    }

    private static JsonObject spec(String configMap, String secret) throws JsonException {
        return (JsonObject)
                Json.parse(
                        """
                        {"containers":[{"name":"c","envFrom":[{"configMapRef":{"name":"%s"}}]}],
                         "volumes":[{"name":"v","projected":{"sources":[{"secret":{"name":"%s"}}]}}]}
                        """
                                .formatted(configMap, secret));
    }

    @Test
    void findsEveryWayToNameAConfigMapOrSecret() throws Exception {
        JsonObject spec =
                (JsonObject)
                        Json.parse(
                                """
                                {"containers":[{"env":[
                                   {"valueFrom":{"configMapKeyRef":{"name":"a"}}},
                                   {"valueFrom":{"secretKeyRef":{"name":"b"}}}],
                                  "envFrom":[{"configMapRef":{"name":"c"}},{"secretRef":{"name":"d"}}]}],
                                 "initContainers":[{"envFrom":[{"secretRef":{"name":"e"}}]}],
                                 "volumes":[{"configMap":{"name":"f"}},{"secret":{"secretName":"g"}},
                                  {"projected":{"sources":[{"configMap":{"name":"h"}},{"secret":{"name":"i"}}]}}],
                                 "imagePullSecrets":[{"name":"j"},{"name":"../../nodes"}]}
                                """);
        assertThat(
                        References.of(
                                        new dev.wayside.model.KubeObject(
                                                FakeConnector.object("Pod", "ns", "p", "u")
                                                        .with("spec", spec)))
                                .stream()
                                .map(Scope::id))
                .containsExactly(
                        "configmaps/ns/a",
                        "configmaps/ns/c",
                        "configmaps/ns/f",
                        "configmaps/ns/h",
                        "secrets/ns/b",
                        "secrets/ns/d",
                        "secrets/ns/e",
                        "secrets/ns/g",
                        "secrets/ns/i",
                        "secrets/ns/j");
    }

    /** What a readiness gate waits for is no echo of ours: it is heard at once. */
    @Test
    void hearsAtOnceOfAConditionThatAGateWaitsFor() throws Exception {
        JsonObject pod =
                connector.pod(
                        "gated",
                        JsonObject.of(
                                "readinessGates",
                                new JsonArray(
                                        List.of(
                                                JsonObject.of(
                                                        "conditionType", "example.com/up")))));
        rig.settle();
        JsonObject up = JsonObject.of("type", "example.com/up").with("status", "True");
        connector.put(
                "/api/v1/namespaces/default/pods/gated",
                pod.with("status", JsonObject.of("conditions", new JsonArray(List.of(up)))));
        rig.settle();
        assertThat(rig.desired.get(rig.pod("gated")).orElseThrow().condition("example.com/up"))
                .contains(up);
    }
}
