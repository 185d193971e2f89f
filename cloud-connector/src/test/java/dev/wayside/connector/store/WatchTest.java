// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WatchTest {
    private static final ResourceType PODS = ResourceType.PODS;
    private static final FieldSelector ALL = FieldSelector.EVERYTHING;
    private static final Map<String, String> WEB = Map.of("app", "web");

    private MemoryStore store;

    @BeforeEach
    void open() throws IOException {
        store =
                new MemoryStore(
                        "watchtest",
                        StoreSettings.DEFAULT
                                .withWatchQueue(100)
                                .withTimes(
                                        Duration.ofMillis(200),
                                        Duration.ofSeconds(10),
                                        Duration.ofSeconds(60)));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void tellsEachChangeOnceInCommitOrder() throws Exception {
        Recorder recorder = new Recorder();
        store.watch(PODS, store.revision(), ALL, recorder);
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String name = "p" + i;
            writers.add(
                    CompletableFuture.runAsync(
                            () -> {
                                for (int j = 0; j < 10; j++) {
                                    store.pod(name, "n" + j, Map.of());
                                }
                            }));
        }
        writers.forEach(CompletableFuture::join);
        long last = 0;
        for (int i = 0; i < 40; i++) {
            Event event = recorder.next();
            long revision = Long.parseLong(event.object().resourceVersion());
            assertThat(revision).isGreaterThan(last);
            last = revision;
        }
    }

    @Test
    void beginsAfterTheRevisionAskedFor() throws Exception {
        store.pod("a", "n1", Map.of());
        String revision = store.pod("b", "n1", Map.of());
        store.pod("a", "n2", Map.of());
        store.delete(PODS, "b");
        assertThat(store.missed(PODS, revision, ALL)).containsExactly("MODIFIED a", "DELETED b");
    }

    @Test
    void beginsWithWhatThereIsIfNoRevisionIsNamed() throws Exception {
        store.pod("b", "n1", Map.of());
        store.pod("a", "n1", Map.of());
        assertThat(store.missed(PODS, "", ALL)).containsExactly("ADDED a", "ADDED b");
        assertThat(store.missed(PODS, "0", FieldSelector.of("metadata.name", "b")))
                .containsExactly("ADDED b");
    }

    @Test
    void marksTheEndOfInitialEvents() throws Exception {
        store.pod("a", "n1", Map.of());
        Recorder recorder = new Recorder();
        store.watch(PODS, "", "", LabelSelector.EVERYTHING, ALL, true, recorder);
        assertThat(Recorder.text(recorder.next())).isEqualTo("ADDED a");
        Event end = recorder.next();
        assertThat(end.type()).isEqualTo(EventType.BOOKMARK);
        assertThat(end.object().annotation("k8s.io/initial-events-end")).contains("true");
        assertThat(end.object().resourceVersion()).isEqualTo(store.revision());
        store.pod("b", "n1", Map.of());
        assertThat(Recorder.text(recorder.next())).isEqualTo("ADDED b");
    }

    @Test
    void tellsOfObjectsThatBeginAndCeaseToMatch() throws Exception {
        Recorder byNode = new Recorder();
        Recorder byLabel = new Recorder();
        Recorder unbound = new Recorder();
        String now = store.revision();
        store.watch(PODS, now, FieldSelector.of("spec.nodeName", "n1"), byNode);
        store.watch(PODS, now, FieldSelector.of("spec.nodeName", ""), unbound);
        store.watch(PODS, "default", now, LabelSelector.of(WEB), ALL, false, byLabel);
        store.pod("p", "", WEB);
        store.pod("p", "n1", WEB);
        store.pod("p", "n1", Map.of());
        store.pod("p", "n2", Map.of());
        store.pod("p", "n1", WEB);
        store.delete(PODS, "p");
        assertThat(unbound.next(2)).containsExactly("ADDED p", "DELETED p");
        assertThat(byNode.next(5))
                .containsExactly("ADDED p", "MODIFIED p", "DELETED p", "ADDED p", "DELETED p");
        assertThat(byLabel.next(5))
                .containsExactly("ADDED p", "MODIFIED p", "DELETED p", "ADDED p", "DELETED p");
    }

    @Test
    void givesDeletionsTheLastStateAndTheirOwnRevision() throws Exception {
        Recorder recorder = new Recorder();
        String created = store.pod("p", "n1", WEB);
        store.watch(PODS, created, ALL, recorder);
        store.delete(PODS, "p");
        Event event = recorder.next();
        assertThat(event.object().labels()).isEqualTo(WEB);
        assertThat(event.object().resourceVersion()).isEqualTo(store.revision());
    }

    @Test
    void keepsNamespacesApart() throws Exception {
        Recorder recorder = new Recorder();
        store.watch(
                ResourceType.CONFIG_MAPS,
                "shop",
                store.revision(),
                LabelSelector.EVERYTHING,
                ALL,
                false,
                recorder);
        store.map("default", "a", "1");
        store.map("shop", "b", "1");
        assertThat(recorder.next(1)).containsExactly("ADDED b");
    }

    @Test
    void bookmarksFollowTheEventsBeforeThem() throws Exception {
        Recorder recorder = new Recorder();
        Watch watch = store.watch(PODS, store.revision(), ALL, recorder);
        store.pod("a", "n1", Map.of());
        store.map("default", "elsewhere", "1");
        watch.bookmark();
        assertThat(Recorder.text(recorder.next())).isEqualTo("ADDED a");
        Event bookmark = recorder.next();
        assertThat(bookmark.type()).isEqualTo(EventType.BOOKMARK);
        assertThat(bookmark.object().kind()).isEqualTo("Pod");
        assertThat(bookmark.object().resourceVersion()).isEqualTo(store.revision());
    }

    @Test
    void endsAWatchThatFallsBehindAndDisturbsNoOther() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<ApiException> end = new CompletableFuture<>();
        store.watch(
                PODS,
                store.revision(),
                ALL,
                new WatchListener() {
                    @Override
                    public void onEvent(Event event) {
                        try {
                            assertThat(release.await(30, TimeUnit.SECONDS)).isTrue();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }

                    @Override
                    public void onEnd(ApiException reason) {
                        end.complete(reason);
                    }
                });
        Recorder healthy = new Recorder();
        store.watch(PODS, store.revision(), ALL, healthy);
        for (int i = 0; i < 150; i++) {
            store.pod("p", "n" + i, Map.of());
            healthy.next();
        }
        release.countDown();
        ApiException reason = end.get(10, TimeUnit.SECONDS);
        assertThat(reason.reason()).isEqualTo(Reason.EXPIRED);
        assertThat(reason).hasMessageContaining("fell behind");
    }

    @Test
    void endsAWatchWhoseListenerThrows() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        store.watch(
                PODS,
                store.revision(),
                ALL,
                new WatchListener() {
                    @Override
                    public void onEvent(Event event) {
                        called.countDown();
                        throw new IllegalStateException("a listener's mistake");
                    }

                    @Override
                    public void onEnd(ApiException reason) {
                        throw new AssertionError("nothing may follow");
                    }
                });
        Recorder healthy = new Recorder();
        store.watch(PODS, store.revision(), ALL, healthy);
        store.pod("a", "n1", Map.of());
        store.pod("b", "n1", Map.of());
        assertThat(healthy.next(2)).containsExactly("ADDED a", "ADDED b");
        assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void saysNothingAfterItWasClosed() throws Exception {
        Recorder closed = new Recorder();
        Recorder open = new Recorder();
        store.watch(PODS, store.revision(), ALL, closed).close();
        store.watch(PODS, store.revision(), ALL, open);
        store.pod("a", "n1", Map.of());
        open.next();
        assertThat(closed.isSilent()).isTrue();
    }

    @Test
    void waitsForARevisionThatIsNotThereYetWithinBounds() throws Exception {
        String next = Long.toString(Long.parseLong(store.revision()) + 1);
        assertThatThrownBy(() -> store.watch(PODS, next, ALL, new Recorder()))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
                            assertThat(e)
                                    .hasMessageContaining("Too large resource version: " + next);
                            assertThat(e.causes().get(0).reason())
                                    .isEqualTo("ResourceVersionTooLarge");
                        });
        CompletableFuture<List<String>> missed =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return store.missed(PODS, next, ALL);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        store.pod("a", "n1", Map.of());
        assertThat(missed.get(10, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void refusesFieldsThatTheKindDoesNotHave() {
        assertThatThrownBy(
                        () ->
                                store.watch(
                                        PODS,
                                        "",
                                        FieldSelector.of("spec.colour", "red"),
                                        new Recorder()))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("field label not supported: spec.colour");
        assertThatThrownBy(() -> store.watch(PODS, "x1", ALL, new Recorder()))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.BAD_REQUEST));
    }

    @Test
    void endsAllWatchesWhenTheStoreStops() throws Exception {
        Recorder recorder = new Recorder();
        store.watch(PODS, store.revision(), ALL, recorder);
        store.pod("a", "n1", Map.of());
        store.store().close();
        assertThat(recorder.next(1)).containsExactly("ADDED a");
        assertThat(recorder.end().reason()).isEqualTo(Reason.UNAVAILABLE);
    }
}
