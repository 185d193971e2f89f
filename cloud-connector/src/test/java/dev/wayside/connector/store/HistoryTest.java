// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class HistoryTest {
    private static final ResourceType PODS = ResourceType.PODS;
    private static final FieldSelector ALL = FieldSelector.EVERYTHING;
    private static final FieldSelector MINE = FieldSelector.of("spec.nodeName", "mine");

    private static MemoryStore open(int events, int marks) throws IOException {
        return new MemoryStore(
                "historytest", StoreSettings.DEFAULT.withHistory(events, 64 << 20, marks));
    }

    private static void churn(MemoryStore store, int writes) {
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        int threads = 8;
        for (int t = 0; t < threads; t++) {
            int thread = t;
            writers.add(
                    CompletableFuture.runAsync(
                            () -> {
                                for (int i = 0; i < writes / threads; i++) {
                                    store.pod(
                                            "other-" + thread + "-" + i % 50,
                                            "other-" + i % 200,
                                            Map.of("i", Integer.toString(i)));
                                }
                            }));
        }
        writers.forEach(CompletableFuture::join);
    }

    private static void isExpired(MemoryStore store, String revision, FieldSelector fields) {
        assertThatThrownBy(() -> store.missed(PODS, revision, fields))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(Reason.EXPIRED);
                            assertThat(e).hasMessageContaining("too old resource version");
                        });
    }

    @Test
    void resumesOneNodesWatchOverAHundredThousandChangesElsewhere() throws Exception {
        try (MemoryStore store = open(10_000, 200_000)) {
            store.pod("a", "mine", Map.of());
            String left = store.pod("b", "mine", Map.of());
            churn(store, 50_000);
            String mine = store.pod("a", "mine", Map.of("x", "y"));
            churn(store, 5_000);
            assertThat(store.missed(PODS, left, MINE)).containsExactly("MODIFIED a");
            assertThat(store.missed(PODS, mine, MINE)).isEmpty();
            churn(store, 50_000);
            assertThat(store.disk().used()).isLessThan(50 << 20);
            isExpired(store, left, ALL);
            // The change that it missed is trimmed by now; the pod is there as it became.
            assertThat(store.missed(PODS, left, MINE)).containsExactly("ADDED a");
            assertThat(store.missed(PODS, mine, MINE)).isEmpty();
            store.restart();
            assertThat(store.missed(PODS, left, MINE)).containsExactly("ADDED a");
            assertThat(store.missed(PODS, mine, MINE)).isEmpty();
            store.delete(PODS, "b");
            assertThat(store.missed(PODS, mine, MINE)).containsExactly("DELETED b");
            store.crash();
            assertThat(store.missed(PODS, mine, MINE)).containsExactly("DELETED b");
        }
    }

    @Test
    void countsAPodThatLeftAmongTheNodesChanges() throws Exception {
        try (MemoryStore store = open(10, 1_000)) {
            String bound = store.pod("a", "mine", Map.of());
            store.pod("a", "elsewhere", Map.of());
            churn(store, 80);
            isExpired(store, bound, MINE);
            isExpired(store, bound, FieldSelector.of("metadata.name", "a"));
        }
    }

    @Test
    void listsAgainWhereADepartureWasTrimmed() throws Exception {
        try (MemoryStore store = open(10, 1_000)) {
            store.pod("a", "mine", Map.of());
            String both = store.pod("b", "mine", Map.of());
            store.delete(PODS, "a");
            String one = store.pod("b", "mine", Map.of("x", "y"));
            store.pod("b", "mine", Map.of("x", "z"));
            churn(store, 80);
            isExpired(store, both, MINE);
            isExpired(
                    store, both, FieldSelector.parse("metadata.name=a,metadata.namespace=default"));
            assertThat(store.missed(PODS, one, MINE)).containsExactly("ADDED b");
            store.restart();
            isExpired(store, both, MINE);
            assertThat(store.missed(PODS, one, MINE)).containsExactly("ADDED b");
        }
    }

    @Test
    void doesNotTakePodsThatAreThereForAllThatALabelMissed() throws Exception {
        try (MemoryStore store = open(10, 1_000)) {
            String seen = store.pod("a", "mine", Map.of("app", "web"));
            store.pod("a", "mine", Map.of("app", "db"));
            churn(store, 80);
            assertThat(store.missed(PODS, seen, MINE)).containsExactly("ADDED a");
            assertThatThrownBy(
                            () ->
                                    store.watch(
                                            PODS,
                                            "",
                                            seen,
                                            LabelSelector.parse("app=web"),
                                            MINE,
                                            false,
                                            new Recorder()))
                    .hasMessageContaining("too old resource version");
        }
    }

    @Test
    void resumesTheWatchOfOneNameOverChangesOfOthers() throws Exception {
        try (MemoryStore store = open(10, 1_000)) {
            String revision = store.map("default", "mine", "1");
            for (int i = 0; i < 50; i++) {
                store.map("default", "other", Integer.toString(i));
                store.map("shop", "mine", Integer.toString(i));
            }
            FieldSelector name = FieldSelector.of("metadata.name", "mine");
            FieldSelector both =
                    FieldSelector.parse("metadata.name=mine,metadata.namespace=default");
            assertThat(store.missed(ResourceType.CONFIG_MAPS, revision, both)).isEmpty();
            assertThatThrownBy(() -> store.missed(ResourceType.CONFIG_MAPS, revision, name))
                    .hasMessageContaining("too old resource version");
            store.restart();
            assertThat(store.missed(ResourceType.CONFIG_MAPS, revision, both)).isEmpty();
        }
    }

    @Test
    void forgettingMarksRaisesTheFloorForAllNodes() throws Exception {
        try (MemoryStore store = open(10, 5)) {
            String revision = store.pod("a", "mine", Map.of());
            for (int i = 0; i < 13; i++) {
                store.pod("b", "n" + i % 2, Map.of("i", "x" + i));
            }
            assertThat(store.missed(PODS, revision, MINE)).isEmpty();
            for (int i = 0; i < 40; i++) {
                store.pod("b", "n" + i, Map.of());
            }
            isExpired(store, revision, MINE);
            store.restart();
            isExpired(store, revision, MINE);
        }
    }

    @Test
    void neverAgesPodsOutThroughOtherKinds() throws Exception {
        try (MemoryStore store = open(10, 5)) {
            String revision = store.pod("a", "mine", Map.of());
            for (int i = 0; i < 200; i++) {
                store.map("default", "m" + i % 20, Integer.toString(i));
                lease(store, i);
            }
            assertThat(store.missed(PODS, revision, ALL)).isEmpty();
        }
    }

    @Test
    void boundsTheHistoryInBytes() throws Exception {
        try (MemoryStore store =
                new MemoryStore(
                        "historytest", StoreSettings.DEFAULT.withHistory(10_000, 100_000, 100))) {
            String revision = store.map("default", "big", "");
            for (int i = 0; i < 30; i++) {
                store.map("default", "big", i + "x".repeat(10_000));
            }
            assertThatThrownBy(() -> store.missed(ResourceType.CONFIG_MAPS, revision, ALL))
                    .hasMessageContaining("too old resource version");
        }
    }

    private static String lease(MemoryStore store, int at) {
        return store.put(
                ResourceType.LEASES,
                KubeObject.of(ResourceType.LEASES, "default", "l")
                        .withSpec(JsonObject.of("at", Json.of(at))));
    }

    @Test
    void answersLazyKindsWithoutASyncAndNeverGivesARevisionTwice() throws Exception {
        try (MemoryStore store = open(100, 100)) {
            lease(store, 0);
            long syncs = store.disk().syncs();
            String last = "";
            for (int i = 1; i < 500; i++) {
                last = lease(store, i);
            }
            assertThat(store.disk().syncs()).isEqualTo(syncs);
            store.crash();
            String next = store.pod("a", "n", Map.of());
            assertThat(Long.parseLong(next)).isGreaterThan(Long.parseLong(last));
            // The lease may have gone back; whoever watched it must read it again.
            String seen = last;
            assertThatThrownBy(() -> store.missed(ResourceType.LEASES, seen, ALL))
                    .hasMessageContaining("too old resource version");
        }
    }

    @Test
    void savesLazyKindsWithLaterWritesAndInTime() throws Exception {
        try (MemoryStore store =
                new MemoryStore(
                        "historytest",
                        StoreSettings.DEFAULT.withTimes(
                                Duration.ofSeconds(1),
                                Duration.ofMillis(20),
                                Duration.ofSeconds(60)))) {
            lease(store, 1);
            long before = store.disk().syncs();
            long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
            while (store.disk().syncs() == before && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            store.crash();
            assertThat(
                            store.store()
                                    .get(ResourceType.LEASES.key("default", "l"))
                                    .orElseThrow()
                                    .spec()
                                    .number("at"))
                    .hasValue(1);
        }
    }
}
