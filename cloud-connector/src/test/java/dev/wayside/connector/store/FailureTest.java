// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FailureTest {
    private static final ResourceType MAPS = ResourceType.CONFIG_MAPS;
    private MemoryStore store;

    @BeforeEach
    void open() throws IOException {
        store = new MemoryStore("failuretest", StoreSettings.DEFAULT);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static void refused(Reason reason, ThrowingCallable call, String why) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(reason);
                            assertThat(e)
                                    .hasMessageContaining(why)
                                    .hasMessageContaining("read-only");
                        });
    }

    private List<String> names() {
        return store.store().list(ListQuery.all(MAPS)).items().stream()
                .map(item -> item.name())
                .toList();
    }

    private static void writesAgain(MemoryStore store, String name) throws Exception {
        Eventually.see(
                "a write",
                Duration.ofSeconds(20),
                () -> {
                    try {
                        return store.map("default", name, "");
                    } catch (ApiException e) {
                        return "";
                    }
                },
                revision -> !revision.isEmpty());
    }

    @Test
    void aFullDiskRefusesWritesAndKeepsServingWhatWasAnswered() throws Exception {
        Recorder recorder = new Recorder();
        store.watch(MAPS, store.revision(), FieldSelector.EVERYTHING, recorder);
        store.disk().limitCapacity(store.disk().used() + 64 * 1024);
        List<String> answered = new ArrayList<>();
        refused(
                Reason.INSUFFICIENT_STORAGE,
                () -> {
                    for (int i = 0; i < 1_000; i++) {
                        store.map("default", "m" + i, "x".repeat(2_000));
                        answered.add("m" + i);
                    }
                },
                "No space left on device");
        assertThat(answered).isNotEmpty();
        assertThat(names()).containsExactlyInAnyOrderElementsOf(answered);
        assertThat(recorder.next(answered.size())).hasSize(answered.size());
        assertThat(store.store().trouble()).contains("No space left on device");
        store.disk().limitCapacity(Long.MAX_VALUE);
        writesAgain(store, "again");
        answered.add("again");
        assertThat(store.store().trouble()).isEmpty();
        assertThat(recorder.next(1)).containsExactly("ADDED again");
        assertThat(names()).containsExactlyInAnyOrderElementsOf(answered);
        store.crash();
        assertThat(names()).containsExactlyInAnyOrderElementsOf(answered);
        assertThat(recorder.isSilent()).isTrue();
        store.map("default", "after", "");
        assertThat(names()).contains("after");
    }

    @Test
    void aFailedSyncShowsNothingOfItsWrites() throws Exception {
        store.map("default", "before", "1");
        store.disk().failSyncs(true);
        refused(
                Reason.UNAVAILABLE,
                () -> store.map("default", "doubtful", "1"),
                "Input/output error");
        assertThat(names()).containsExactly("before");
        store.disk().failSyncs(false);
        store.crash();
        assertThat(names()).contains("before");
    }

    @Test
    void historyAndMarksAreWholeAfterAFailureInTheMidstOfTrimming() throws Exception {
        store.close();
        store = new MemoryStore("failuretest", StoreSettings.DEFAULT.withHistory(20, 1 << 20, 100));
        String left = store.map("default", "a", "0");
        for (int i = 0; i < 22; i++) {
            store.map("default", "a", "x" + i);
        }
        String seen = store.map("default", "b", "1");
        store.disk().failSyncs(true);
        refused(Reason.UNAVAILABLE, () -> store.map("default", "lost", "1"), "Input/output error");
        store.disk().failSyncs(false);
        writesAgain(store, "c");
        store.delete(MAPS, "b");
        assertThat(store.missed(MAPS, seen, FieldSelector.EVERYTHING))
                .containsExactly("ADDED c", "DELETED b");
        store.crash();
        assertThat(store.missed(MAPS, seen, FieldSelector.EVERYTHING))
                .containsExactly("ADDED c", "DELETED b");
        assertThatThrownBy(() -> store.missed(MAPS, left, FieldSelector.EVERYTHING))
                .hasMessageContaining("too old resource version");
        assertThat(names()).containsExactly("a", "c");
    }

    @Test
    void aDiskThatIsNearlyFullStopsWritesInGoodOrderAndStartsThemAgain() throws Exception {
        AtomicLong usable = new AtomicLong(Long.MAX_VALUE);
        store.close();
        store =
                new MemoryStore(
                        "failuretest",
                        StoreSettings.DEFAULT.withRevisionBlock(3),
                        EncryptionKeys.Source.NONE,
                        usable::get);
        store.map("default", "before", "");
        usable.set(DiskSpace.RESERVE - 1);
        refused(
                Reason.INSUFFICIENT_STORAGE,
                () -> store.map("default", "late", ""),
                "failuretest:/store has 31 MiB left and 48 MiB are needed");
        assertThat(store.store().trouble()).contains("read-only");
        // Gateways go on renewing their Leases, which need no disk.
        String revision = "";
        for (int i = 0; i < 50; i++) {
            revision =
                    store.put(
                            ResourceType.LEASES,
                            KubeObject.of(ResourceType.LEASES, "default", "l")
                                    .withSpec(JsonObject.of("at", Json.of(i))));
        }
        usable.set(DiskSpace.RESERVE + 1);
        refused(Reason.INSUFFICIENT_STORAGE, () -> store.map("default", "late", ""), "read-only");
        usable.set(DiskSpace.ENOUGH);
        writesAgain(store, "after");
        assertThat(store.store().trouble()).isEmpty();
        store.crash();
        assertThat(names()).containsExactly("after", "before");
        assertThat(Long.parseLong(store.map("default", "next", "")))
                .isGreaterThan(Long.parseLong(revision));
    }

    @Test
    void aDamagedFileIsRefusedAndSaidToBe() throws Exception {
        store.map("default", "a", "1");
        store.store().close();
        try (var channel = org.h2.store.fs.FilePath.get(store.disk().path("store")).open("rw")) {
            for (long at = 0; at < channel.size(); at += 4_096) {
                channel.write(java.nio.ByteBuffer.wrap(new byte[64]), at + 1_000);
                channel.write(java.nio.ByteBuffer.wrap(new byte[128]), at + 4_096 - 128);
            }
        }
        assertThatThrownBy(() -> store.restart())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("failuretest:/store")
                .hasMessageContaining("restore a backup");
    }

    @Test
    void writesAfterTheEndAreRefused() {
        store.store().close();
        assertThatThrownBy(() -> store.map("default", "late", ""))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE));
    }
}
