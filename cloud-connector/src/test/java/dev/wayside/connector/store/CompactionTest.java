// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.FieldSelector;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** {@code -Dwayside.rewrites=N} for more or fewer writes. */
final class CompactionTest {
    private static final int OBJECTS = 1_000;
    private static final int WRITES = Integer.getInteger("wayside.rewrites", 40_000);
    private static final int WRITERS = 32;
    private static final String FILLING = "x".repeat(300);

    @Test
    void theFileStaysWithinAFewTimesItsContentUnderRewrites() throws Exception {
        StoreSettings settings = StoreSettings.DEFAULT.withHistory(2_000, 64 << 20, 1_000);
        try (MemoryStore store = new MemoryStore("compaction", settings)) {
            ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
            List<Future<Long>> writers = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                int own = writer;
                writers.add(threads.submit(() -> rewrite(store, own)));
            }
            threads.shutdown();
            long largest = 0;
            for (Future<Long> writer : writers) {
                largest = Math.max(largest, writer.get());
            }
            // Objects and history, each with its name, revision and metadata.
            long live = (OBJECTS + 2_000) * 700L;
            assertThat(largest).isLessThan(12 * live);
            String before = store.revision();
            store.map("default", "last", "");
            store.crash();
            assertThat(
                            store.store()
                                    .list(ObjectStore.ListQuery.all(ResourceType.CONFIG_MAPS))
                                    .items())
                    .hasSize(OBJECTS + 1);
            assertThat(store.missed(ResourceType.CONFIG_MAPS, before, FieldSelector.EVERYTHING))
                    .containsExactly("ADDED last");
        }
    }

    /** The largest size of the file that was seen. */
    private static long rewrite(MemoryStore store, int writer) {
        long largest = 0;
        for (int i = writer; i < WRITES; i += WRITERS) {
            store.map("default", "m" + i % OBJECTS, i + FILLING);
            if (i % 100 == 0) {
                largest = Math.max(largest, store.disk().used());
            }
        }
        return largest;
    }
}
