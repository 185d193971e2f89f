// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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

    private static void unavailable(ThrowingCallable call, String why) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ApiException.class,
                        e -> {
                            assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE);
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

    @Test
    void aFullDiskRefusesWritesAndKeepsServingWhatWasAnswered() throws Exception {
        Recorder recorder = new Recorder();
        store.watch(MAPS, store.revision(), FieldSelector.EVERYTHING, recorder);
        store.disk().limitCapacity(store.disk().used() + 64 * 1024);
        List<String> answered = new ArrayList<>();
        unavailable(
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
        unavailable(() -> store.map("default", "again", ""), "No space left on device");
        store.disk().limitCapacity(Long.MAX_VALUE);
        store.restart();
        assertThat(names()).containsExactlyInAnyOrderElementsOf(answered);
        assertThat(recorder.isSilent()).isTrue();
        store.map("default", "after", "");
        assertThat(names()).contains("after");
    }

    @Test
    void aFailedSyncShowsNothingOfItsWrites() throws Exception {
        store.map("default", "before", "1");
        store.disk().failSyncs(true);
        unavailable(() -> store.map("default", "doubtful", "1"), "Input/output error");
        assertThat(names()).containsExactly("before");
        store.disk().failSyncs(false);
        store.crash();
        assertThat(names()).contains("before");
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
