// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.state.Outbox.EventRecord;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the outbox empties itself. */
class ReportingTest {
    private static final Duration WHILE = Duration.ofMinutes(5);
    private static final String ONE = "/api/v1/namespaces/default/pods/one";

    @TempDir Path folder;
    private final FakeConnector connector = new FakeConnector(CacheRig.NODE_UID);
    private CacheRig rig;
    private String uid;

    @BeforeEach
    void start() throws Exception {
        uid = connector.pod("one").text("metadata", "uid");
        rig = new CacheRig(folder, connector);
        rig.settle();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void sendsAStatusWithTheUidAsPrecondition() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.settle();
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("Running");
        assertThat(last("PATCH").target()).endsWith("/pods/one/status");
        assertThat(last("PATCH").body().text("metadata", "uid")).isEqualTo(uid);
    }

    @Test
    void sendsOnlyTheNewestStatus() throws Exception {
        away();
        for (int i = 0; i < 20; i++) {
            rig.outbox.status(rig.pod("one"), uid, phase("P" + i));
        }
        back();
        assertThat(connector.count("PATCH", "/status")).isEqualTo(1);
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("P19");
    }

    @Test
    void aStatusReplacesTheOneThatWasThere() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Failed").with("reason", "Evicted"));
        rig.settle();
        rig.pass(WHILE);
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.settle();
        assertThat(connector.objects.get(ONE).object("status")).isEqualTo(phase("Running"));
    }

    @Test
    void aConditionOfAnotherWriterStays() throws Exception {
        connector.put(ONE, connector.objects.get(ONE).with("status", conditions("Gate", "Ready")));
        rig.outbox.status(rig.pod("one"), uid, conditions("Ready", "Initialized"));
        rig.settle();
        assertThat(types(connector.objects.get(ONE)))
                .containsExactly("Gate", "Ready", "Initialized");
    }

    @Test
    void addressesThatWerePutAsideDoNotStay() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, addresses("10.0.0.1"));
        rig.settle();
        rig.pass(WHILE);
        rig.outbox.status(rig.pod("one"), uid, addresses("10.0.0.2"));
        rig.settle();
        assertThat(connector.objects.get(ONE).object("status")).isEqualTo(addresses("10.0.0.2"));
    }

    /** The cache has not heard of the first status yet when the second is sent. */
    @Test
    void aStatusReplacesOneThatHasNotComeBackYet() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Failed").with("reason", "Evicted"));
        rig.settle();
        rig.outbox.status(rig.pod("one"), uid, phase("Pending"));
        rig.settle();
        assertThat(connector.objects.get(ONE).object("status")).isEqualTo(phase("Pending"));
    }

    @Test
    void sendsOnlyWhatIsNew() throws Exception {
        rig.outbox.status(
                rig.pod("one"), uid, conditions("Ready", "Initialized").with("phase", "A"));
        rig.settle();
        rig.pass(WHILE);
        rig.outbox.status(
                rig.pod("one"), uid, conditions("Ready", "Initialized").with("phase", "B"));
        rig.settle();
        assertThat(last("PATCH").body().object("status")).isEqualTo(phase("B"));
    }

    @Test
    void remembersTheLastStatusWhileTheObjectIsThere() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.pass(WHILE);
        assertThat(rig.outbox.lastStatus(rig.pod("one"), uid)).contains(phase("Running"));
        rig.close();
        rig = new CacheRig(folder, connector);
        rig.pass(WHILE);
        assertThat(rig.outbox.lastStatus(rig.pod("one"), uid)).contains(phase("Running"));
        assertThat(connector.count("PATCH", "/status")).isEqualTo(1);
        connector.delete(ONE);
        rig.pass(WHILE);
        assertThat(rig.outbox.lastStatus(rig.pod("one"), uid)).isEmpty();
        assertThat(rig.store.keys(Keys.STATUSES)).isEmpty();
    }

    @Test
    void sendsWhatAnEarlierLifeLeft() throws Exception {
        away();
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.outbox.confirmDeletion(rig.pod("gone"), "uid-gone");
        rig.outbox.event(event("Started"));
        rig.close();
        connector.reachable = true;
        rig = new CacheRig(folder, connector);
        rig.pass(WHILE);
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("Running");
        assertThat(connector.count("DELETE", "/pods/gone")).isEqualTo(1);
        assertThat(connector.count("POST", "/events")).isEqualTo(1);
        assertThat(rig.store.keys(Keys.DELETIONS)).isEmpty();
    }

    @Test
    void sendsAgainWhatWasNotNotedBeforeACrash() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.outbox.event(event("Started"));
        rig.settle();
        // No close: as after a crash, nothing was noted. The file is opened by a copy.
        Path copy = java.nio.file.Files.createDirectory(folder.resolve("copy"));
        java.nio.file.Files.copy(folder.resolve("state.mv"), copy.resolve("state.mv"));
        rig.close();
        rig = new CacheRig(copy, connector);
        rig.pass(WHILE);
        assertThat(connector.count("PATCH", "/status")).isEqualTo(2);
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("Running");
        assertThat(events()).hasSize(1);
        assertThat(events().get(0).number("count")).hasValue(1);
    }

    @Test
    void confirmsADeletionWithUidAndNoGrace() throws Exception {
        rig.outbox.confirmDeletion(rig.pod("one"), uid);
        rig.settle();
        assertThat(connector.objects).doesNotContainKey(ONE);
        assertThat(last("DELETE").body().number("gracePeriodSeconds")).hasValue(0);
        assertThat(last("DELETE").body().text("preconditions", "uid")).isEqualTo(uid);
        rig.pass(WHILE);
        assertThat(rig.store.keys(Keys.DELETIONS)).isEmpty();
        assertThat(connector.count("DELETE", "")).isEqualTo(1);
    }

    @Test
    void confirmsTheDeletionAfterTheLastStatus() throws Exception {
        away();
        rig.outbox.confirmDeletion(rig.pod("one"), uid);
        rig.outbox.status(rig.pod("one"), uid, phase("Succeeded"));
        connector.requests.clear();
        back();
        List<String> order =
                connector.requests.stream()
                        .filter(it -> it.target().contains("/pods/one"))
                        .map(FakeConnector.Request::method)
                        .toList();
        assertThat(order).containsExactly("PATCH", "DELETE");
    }

    @Test
    void aDeletionOfAnotherUidIsOver() throws Exception {
        rig.outbox.confirmDeletion(rig.pod("one"), "former");
        rig.pass(WHILE);
        assertThat(connector.objects).containsKey(ONE);
        assertThat(rig.store.keys(Keys.DELETIONS)).isEmpty();
    }

    @Test
    void aStatusOfAnotherUidIsOver() throws Exception {
        rig.outbox.status(rig.pod("one"), "former", phase("Running"));
        rig.pass(WHILE);
        assertThat(connector.objects.get(ONE).has("status")).isFalse();
        assertThat(rig.store.keys(Keys.STATUSES)).isEmpty();
    }

    @Test
    void aConflictThatIsNotAboutTheUidIsTriedAgain() throws Exception {
        connector.statusFor.put("PATCH /api/v1/namespaces/default/pods", 409);
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.settle();
        connector.statusFor.clear();
        rig.pass(WHILE);
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("Running");
    }

    @Test
    void keepsEverythingWhileTheConnectorFails() throws Exception {
        for (int status : List.of(500, 503, 429, 401)) {
            connector.statusFor.put("PATCH", status);
            connector.statusFor.put("DELETE", status);
            connector.statusFor.put("POST", status);
            rig.outbox.status(rig.pod("one"), uid, phase("After" + status));
            rig.outbox.confirmDeletion(rig.pod("x" + status), "uid");
            rig.outbox.event(event("R" + status));
            rig.pass(WHILE);
            connector.statusFor.clear();
            rig.pass(WHILE);
            assertThat(connector.objects.get(ONE).text("status", "phase"))
                    .isEqualTo("After" + status);
            assertThat(rig.store.keys(Keys.DELETIONS)).isEmpty();
        }
        assertThat(events()).hasSize(4);
    }

    @Test
    void triesLessAndLessOften() throws Exception {
        connector.statusFor.put("PATCH", 500);
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.pass(Duration.ofMinutes(10));
        assertThat(connector.count("PATCH", "/status")).isBetween(10L, 90L);
    }

    @Test
    void dropsAStatusThatIsRefusedForGood() throws Exception {
        connector.statusFor.put("PATCH", 422);
        rig.outbox.status(rig.pod("one"), uid, phase("Wrong"));
        rig.pass(WHILE);
        assertThat(connector.count("PATCH", "/status")).isEqualTo(1);
        connector.statusFor.clear();
        rig.outbox.status(rig.pod("one"), uid, phase("Right"));
        rig.pass(WHILE);
        assertThat(connector.objects.get(ONE).text("status", "phase")).isEqualTo("Right");
    }

    @Test
    void neverDropsADeletionForWantOfARight() throws Exception {
        connector.statusFor.put("DELETE", 403);
        rig.outbox.confirmDeletion(rig.pod("one"), uid);
        rig.pass(WHILE);
        assertThat(rig.store.keys(Keys.DELETIONS)).hasSize(1);
        connector.statusFor.clear();
        rig.pass(WHILE);
        assertThat(connector.objects).doesNotContainKey(ONE);
    }

    @Test
    void aDeletionThatIsForbiddenIsOverOnceTheObjectIsGone() throws Exception {
        connector.statusFor.put("DELETE", 403);
        rig.outbox.confirmDeletion(rig.pod("one"), uid);
        rig.pass(WHILE);
        connector.delete(ONE);
        rig.pass(WHILE);
        assertThat(rig.store.keys(Keys.DELETIONS)).isEmpty();
    }

    @Test
    void oneLaneThatFailsHoldsUpNoOther() throws Exception {
        connector.statusFor.put("PATCH", 500);
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.outbox.confirmDeletion(rig.pod("gone"), "uid");
        rig.outbox.event(event("Started"));
        rig.pass(WHILE);
        assertThat(connector.count("DELETE", "/pods/gone")).isEqualTo(1);
        assertThat(events()).hasSize(1);
    }

    @Test
    void countsAnEventThatRepeats() throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.outbox.event(event("BackOff"));
            rig.pass(WHILE);
        }
        assertThat(events()).hasSize(1);
        JsonObject event = events().get(0);
        assertThat(event.number("count")).hasValue(3);
        assertThat(event.text("involvedObject", "uid")).isEqualTo(uid);
        assertThat(event.text("involvedObject", "kind")).isEqualTo("Pod");
        assertThat(event.text("source", "host")).isEqualTo("gw");
        assertThat(event.text("firstTimestamp")).isNotEmpty();
    }

    @Test
    void makesAnEventAnewThatExpiredAtTheConnector() throws Exception {
        rig.outbox.event(event("BackOff"));
        rig.pass(WHILE);
        connector.objects.keySet().removeIf(path -> path.contains("/events/"));
        rig.outbox.event(event("BackOff"));
        rig.pass(WHILE);
        assertThat(events()).hasSize(1);
        assertThat(events().get(0).number("count")).hasValue(2);
    }

    @Test
    void dropsTheOldestEventsWhenThereAreTooMany() throws Exception {
        away();
        // Many at once share the syncs; the last comes last.
        ExecutorService writers = Executors.newFixedThreadPool(50);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < 1_050; i++) {
            String reason = "R" + i;
            all.add(
                    writers.submit(
                            () -> {
                                rig.outbox.event(event(reason));
                                return null;
                            }));
        }
        for (Future<?> one : all) {
            one.get();
        }
        writers.shutdown();
        rig.outbox.event(event("Last"));
        assertThat(rig.store.keys(Keys.EVENTS)).hasSizeBetween(900, 1_000);
        back();
        assertThat(events().stream().map(it -> it.text("reason")).collect(Collectors.toSet()))
                .contains("Last");
    }

    @Test
    void reportsOnItsNode() throws Exception {
        ObjectKey node = ResourceType.NODES.key("", "gw");
        rig.outbox.event(
                new EventRecord(node, "Node", CacheRig.NODE_UID, "Normal", "Starting", "now"));
        rig.settle();
        assertThat(connector.count("POST", "/namespaces/default/events")).isEqualTo(1);
    }

    @Test
    void writesNothingForAStatusThatIsTheSame() throws Exception {
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.pass(WHILE);
        long size = java.nio.file.Files.size(folder.resolve("state.mv"));
        for (int i = 0; i < 100; i++) {
            rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        }
        rig.pass(WHILE);
        assertThat(java.nio.file.Files.size(folder.resolve("state.mv"))).isEqualTo(size);
        assertThat(connector.count("PATCH", "/status")).isEqualTo(1);
    }

    @Test
    void saysAgainWhatARestoredConnectorHasForgotten() throws Exception {
        JsonObject before = connector.objects.get(ONE);
        String two = "/api/v1/namespaces/default/pods/two";
        String uidOfTwo = connector.pod("two").text("metadata", "uid");
        rig.settle();
        rig.outbox.status(rig.pod("one"), uid, phase("Running"));
        rig.outbox.status(rig.pod("two"), uidOfTwo, phase("Running"));
        rig.pass(WHILE);
        long said = connector.count("PATCH", "/pods/one/status");
        // At once after the report, when it is not noted yet that it was taken, too.
        for (Duration later : List.of(WHILE, Duration.ofSeconds(1))) {
            rig.outbox.status(rig.pod("one"), uid, phase("After" + later.toSeconds()));
            rig.pass(later);
            connector.revision += 1_000_000;
            connector.objects.put(ONE, before);
            connector.oldest = connector.revision;
            connector.cut();
            rig.pass(WHILE);
            assertThat(connector.objects.get(ONE).text("status", "phase"))
                    .isEqualTo("After" + later.toSeconds());
            said += 2;
            assertThat(connector.count("PATCH", "/pods/one/status")).isEqualTo(said);
        }
        assertThat(connector.objects.get(two).text("status", "phase")).isEqualTo("Running");
        assertThat(connector.count("PATCH", "/pods/two/status")).isEqualTo(1);
        assertThat(rig.doubt()).isEmpty();
    }

    private void away() throws Exception {
        connector.reachable = false;
        connector.cut();
        rig.settle();
    }

    private void back() throws Exception {
        connector.reachable = true;
        rig.pass(WHILE);
    }

    private static JsonObject conditions(String... types) {
        return JsonObject.of(
                "conditions",
                new JsonArray(
                        Stream.of(types)
                                .map(
                                        type ->
                                                (Json)
                                                        JsonObject.of("type", type)
                                                                .with("status", "True"))
                                .toList()));
    }

    private static List<String> types(JsonObject object) {
        return object.object("status").array("conditions").objects().stream()
                .map(condition -> condition.text("type"))
                .toList();
    }

    private static JsonObject addresses(String address) {
        return JsonObject.of("podIPs", new JsonArray(List.of(JsonObject.of("ip", address))));
    }

    private static JsonObject phase(String phase) {
        return JsonObject.of("phase", phase);
    }

    private EventRecord event(String reason) {
        return new EventRecord(rig.pod("one"), "Pod", uid, "Normal", reason, "message");
    }

    private List<JsonObject> events() {
        return connector.objects.entrySet().stream()
                .filter(it -> it.getKey().contains("/events/"))
                .map(java.util.Map.Entry::getValue)
                .toList();
    }

    private FakeConnector.Request last(String method) {
        return connector.requests.stream()
                .filter(it -> it.method().equals(method))
                .reduce((first, second) -> second)
                .orElseThrow();
    }
}
