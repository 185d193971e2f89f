// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.schema.ServedKinds;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.EncryptionKeys;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.StoreSettings;
import dev.wayside.itests.endtoend.HistoryWatcher.Beginning;
import dev.wayside.itests.endtoend.StoreHistory.State;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * The connector is killed at random moments under write load, and started again. Afterwards what
 * every writer was answered and every watcher was told is compared with the history that the store
 * itself has. {@code -Dwayside.cuts=N} for a longer run, {@code -Dwayside.seed=N} for one as it was
 * before.
 */
class HistoryIT {
    private static final int CUTS = Integer.getInteger("wayside.cuts", 8);
    private static final int WRITERS = 4;
    private static final int WRITES_PER_CUT = 300;

    /** What a watcher of a single name watches. */
    private static final String ONE = "w0-0";

    /** The store keeps this many changes of a kind for those who resume, and for us to read. */
    private static final int KEPT = 10_000;

    /** After so many cuts the history is read, before it is trimmed. */
    private static final int CUTS_BETWEEN_READINGS = 20;

    private static final Map<String, ResourceType> KINDS =
            Map.of(
                    "pods", ResourceType.PODS,
                    "configmaps", ResourceType.CONFIG_MAPS,
                    "secrets", ResourceType.SECRETS);

    private final long seed = Long.getLong("wayside.seed", System.nanoTime());
    private final AtomicLong highest = new AtomicLong();
    private final AtomicInteger budget = new AtomicInteger();
    private final Map<String, StoreHistory> histories = new LinkedHashMap<>();
    private final Map<HistoryWatcher, String> watchers = new LinkedHashMap<>();
    private final List<HistoryWriter> writers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    @Test
    void everyWatchTellsWhatTheStoreDidHoweverOftenTheConnectorIsKilled() throws Exception {
        Random random = new Random(seed);
        System.out.println("histories: seed " + seed);
        try (Installation wayside = Installation.withProcesses()) {
            wayside.up(0, 1);
            HistoryClient client = new HistoryClient(wayside.data().resolve("kubeconfig"));
            prepare(client);
            watch(client);
            budget.set(KEPT);
            for (int n = 0; n < WRITERS; n++) {
                HistoryWriter writer =
                        new HistoryWriter(
                                n, client, seed, highest, () -> budget.getAndDecrement() > 0);
                writers.add(writer);
                start(writer, "writer-" + n);
            }
            for (int cut = 1; cut <= CUTS; cut++) {
                // At any moment, but for the machine's speed: counted in writes.
                awaitWrites(random.nextInt(WRITES_PER_CUT));
                wayside.cutConnector();
                if (cut % CUTS_BETWEEN_READINGS == 0) {
                    read(wayside);
                    budget.set(KEPT);
                }
                wayside.up(0, 1);
                client.started();
            }
            finish(client);
            wayside.cutConnector();
            read(wayside);
        }
        check();
    }

    private void awaitWrites(int more) throws Exception {
        int enough = answered() + more;
        Eventually.see(
                enough + " acknowledged writes",
                Duration.ofSeconds(60),
                this::answered,
                answered -> answered >= enough);
    }

    private int answered() {
        return writers.stream().mapToInt(HistoryWriter::answered).sum();
    }

    private void prepare(HistoryClient client) throws Exception {
        post(client, "/api/v1/namespaces", named("Namespace", "other"));
        post(client, "/api/v1/nodes", named("Node", "n0"));
        post(client, "/api/v1/nodes", named("Node", "n1"));
        for (String kind : KINDS.keySet()) {
            JsonObject list = client.get("/api/v1/" + kind);
            long revision = Long.parseLong(list.text("metadata", "resourceVersion"));
            histories.put(
                    kind,
                    new StoreHistory(
                            revision,
                            list.array("items").objects().stream()
                                    .map(KubeObject::new)
                                    .map(State::of)
                                    .toList()));
        }
    }

    private static String named(String kind, String name) {
        return "{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\"}}"
                .formatted(kind, name);
    }

    private static long post(HistoryClient client, String path, String object) throws Exception {
        HistoryClient.Answer answer = client.send("POST", path, "application/json", object);
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(201);
        return Long.parseLong(answer.body().text("metadata", "resourceVersion"));
    }

    private void watch(HistoryClient client) {
        String pods = "/api/v1/pods";
        String maps = "/api/v1/configmaps";
        Predicate<State> all = state -> true;
        Predicate<State> web = state -> "web".equals(state.labels().get("app"));
        Predicate<State> front = state -> "front".equals(state.labels().get("tier"));
        Predicate<State> onNode = state -> state.node().equals("n0");
        Predicate<State> one = state -> state.key().equals("default/" + ONE);
        String byWeb = "&labelSelector=app%3Dweb";
        String byNode = "&fieldSelector=spec.nodeName%3Dn0";
        watcher(client, "all pods", pods, "", all, Beginning.REVISION);
        watcher(client, "pods by label", pods, byWeb, web, Beginning.REVISION);
        watcher(client, "pods by node", pods, byNode, onNode, Beginning.REVISION);
        watcher(
                client,
                "pods by node and label",
                pods,
                byNode + byWeb,
                onNode.and(web),
                Beginning.INITIAL_EVENTS);
        watcher(client, "pods by list", pods, byWeb, web, Beginning.LIST_EACH_TIME);
        watcher(client, "all maps", maps, "", all, Beginning.INITIAL_EVENTS);
        watcher(
                client,
                "maps by label",
                maps,
                "&labelSelector=tier+in+(front)",
                front,
                Beginning.REVISION);
        watcher(
                client,
                "one map",
                "/api/v1/namespaces/default/configmaps",
                "&fieldSelector=metadata.name%3D" + ONE,
                one,
                Beginning.REVISION);
        watcher(
                client,
                "secrets of a namespace",
                "/api/v1/namespaces/other/secrets",
                "",
                state -> state.key().startsWith("other/"),
                Beginning.REVISION);
    }

    private void watcher(
            HistoryClient client,
            String name,
            String path,
            String query,
            Predicate<State> selector,
            Beginning beginning) {
        String kind = path.substring(path.lastIndexOf('/') + 1);
        long from = histories.get(kind).newest();
        HistoryWatcher watcher =
                new HistoryWatcher(name, client, path, query, selector, beginning, from);
        watchers.put(watcher, kind);
        start(watcher, name);
    }

    private void start(Runnable client, String name) {
        Thread thread = new Thread(client, "wayside-test-" + name.replace(' ', '-'));
        threads.add(thread);
        thread.start();
    }

    /** Lets the writers end, and every watcher see the end. */
    private void finish(HistoryClient client) throws Exception {
        writers.forEach(HistoryWriter::stop);
        for (Thread thread : threads.subList(threads.size() - WRITERS, threads.size())) {
            thread.join();
        }
        Map<String, Long> ends = new LinkedHashMap<>();
        for (String kind : KINDS.keySet()) {
            String path = HistoryWriter.path(kind);
            var unused =
                    client.send(
                            "DELETE",
                            path + "/" + ONE,
                            "application/json",
                            "{\"gracePeriodSeconds\":0}");
            ends.put(kind, post(client, path, HistoryWriter.seenByAll(kind, ONE, "last")));
        }
        for (Map.Entry<HistoryWatcher, String> each : watchers.entrySet()) {
            HistoryWatcher watcher = each.getKey();
            Eventually.see(
                    watcher.name() + " at the end",
                    Duration.ofSeconds(20),
                    watcher::seen,
                    seen -> seen >= ends.get(each.getValue()));
            watcher.stop();
        }
    }

    /** Reads on in the store's own history; nobody else may have it open. */
    private void read(Installation wayside) throws IOException, InterruptedException {
        try (EmbeddedObjectStore store =
                EmbeddedObjectStore.open(
                        wayside.data().resolve("connector/store"),
                        new ServedKinds(),
                        StoreSettings.DEFAULT,
                        EncryptionKeys.in(wayside.data().resolve("connector-encryption.keys")),
                        Clock.systemUTC())) {
            for (Map.Entry<String, StoreHistory> each : histories.entrySet()) {
                read(store, KINDS.get(each.getKey()), each.getValue());
            }
        }
    }

    private static void read(ObjectStore store, ResourceType type, StoreHistory history)
            throws InterruptedException {
        CountDownLatch end = new CountDownLatch(1);
        ObjectStore.WatchListener reader =
                new ObjectStore.WatchListener() {
                    @Override
                    public void onEvent(ObjectStore.Event event) {
                        if (event.type() == EventType.BOOKMARK) {
                            end.countDown();
                        } else {
                            history.add(event.type().name(), State.of(event.object()));
                        }
                    }

                    @Override
                    public void onEnd(ApiException reason) {}
                };
        ObjectStore.WatchQuery all =
                new ObjectStore.WatchQuery(
                        type,
                        "",
                        LabelSelector.EVERYTHING,
                        FieldSelector.EVERYTHING,
                        Long.toString(history.newest()),
                        false,
                        true);
        try (ObjectStore.Watch watch = store.watch(all, reader)) {
            watch.bookmark();
            assertThat(end.await(30, TimeUnit.SECONDS)).as("history of " + type).isTrue();
        }
    }

    private void check() throws InterruptedException {
        for (Thread thread : threads) {
            // A watcher may still wait for the connector, which does not come again.
            thread.interrupt();
            thread.join();
        }
        HistoryChecker checker = new HistoryChecker();
        for (Map.Entry<String, StoreHistory> each : histories.entrySet()) {
            for (HistoryWriter writer : writers) {
                checker.acknowledged(each.getValue(), writer.acknowledged(each.getKey()));
            }
        }
        long told = 0;
        for (Map.Entry<HistoryWatcher, String> each : watchers.entrySet()) {
            HistoryWatcher watcher = each.getKey();
            StoreHistory history = histories.get(each.getValue());
            checker.watched(
                    watcher.name(),
                    history,
                    watcher.selector(),
                    watcher.stretches(),
                    watcher.seen());
            told += watcher.stretches().stream().mapToLong(part -> part.events().size()).sum();
            assertThat(watcher.resumed()).as("connections of " + watcher.name()).isPositive();
        }
        System.out.println(
                "histories: "
                        + answered()
                        + " acknowledged writes, "
                        + told
                        + " events told to "
                        + watchers.size()
                        + " watchers, "
                        + CUTS
                        + " cuts");
        assertThat(told).isGreaterThan(answered());
        assertThat(checker.findings()).as("seed " + seed).isEmpty();
    }
}
