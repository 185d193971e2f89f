// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.Eventually;
import dev.wayside.testing.ManualClock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class InformerTest {
    private static final ResourceType TYPE = ResourceType.CONFIG_MAPS;
    private static final WriteOptions ME = WriteOptions.by("me");
    private static final int ROUNDS = 20_000;

    private final FakeObjectStore store = new FakeObjectStore(new ManualClock());

    /**
     * An own write's answer, and the events of the same and of the next change, come in any order.
     */
    @Test
    void whatOthersDeleteAtOnceDoesNotStay() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try (store;
                Informer informer = new Informer(store, TYPE, Backoff.standard(new Random(1)))) {
            informer.start();
            assertThat(informer.awaitSync(Duration.ofSeconds(10))).isTrue();
            Future<?> maker =
                    pool.submit(
                            () ->
                                    rounds(
                                            name ->
                                                    informer.write(
                                                            () ->
                                                                    store.create(
                                                                            TYPE,
                                                                            KubeObject.of(
                                                                                    TYPE, "default",
                                                                                    name),
                                                                            ME))));
            Future<?> eraser = pool.submit(() -> rounds(this::deleteAsSoonAsMade));
            maker.get(60, TimeUnit.SECONDS);
            eraser.get(60, TimeUnit.SECONDS);
            Eventually.holds("nothing is left", Duration.ofSeconds(10), () -> informer.size() == 0);
        } finally {
            pool.shutdownNow();
        }
    }

    private static void rounds(Consumer<String> round) {
        for (int number = 0; number < ROUNDS; number++) {
            round.accept("object-" + number);
        }
    }

    private void deleteAsSoonAsMade(String name) {
        ObjectKey key = TYPE.key("default", name);
        while (store.get(key).isEmpty()) {
            Thread.onSpinWait();
        }
        store.delete(TYPE, key, DeleteOptions.BACKGROUND);
    }
}
