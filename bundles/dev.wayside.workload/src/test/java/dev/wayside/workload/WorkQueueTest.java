// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class WorkQueueTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final WorkQueue queue = new WorkQueue(3, nanos::get);

    private static ObjectKey key(String name) {
        return ResourceType.PODS.key("default", name);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void aKeyIsInItOnce() throws Exception {
        queue.add(key("a"));
        queue.add(key("b"));
        queue.add(key("a"));
        assertThat(queue.take()).isEqualTo(key("a"));
        assertThat(queue.take()).isEqualTo(key("b"));
        assertThat(queue.size()).isZero();
    }

    @Test
    void whatComesWhileItIsWorkedOnComesAgainAfterwards() throws Exception {
        queue.add(key("a"));
        queue.take();
        queue.add(key("a"));
        queue.add(key("a"));
        assertThat(queue.size()).isZero();
        queue.done(key("a"));
        assertThat(queue.take()).isEqualTo(key("a"));
        queue.done(key("a"));
        assertThat(queue.size()).isZero();
    }

    @Test
    void aFullQueueDropsNewKeysAlone() {
        assertThat(queue.add(key("a"))).isTrue();
        assertThat(queue.add(key("b"))).isTrue();
        assertThat(queue.add(key("c"))).isTrue();
        assertThat(queue.add(key("d"))).isFalse();
        assertThat(queue.add(key("a"))).isTrue();
        assertThat(queue.size()).isEqualTo(3);
    }

    @Test
    void aDelayedKeyComesAtTheEarliestTimeThatWasAskedFor() {
        queue.addAfter(key("a"), Duration.ofSeconds(10));
        queue.addAfter(key("a"), Duration.ofSeconds(5));
        queue.addAfter(key("a"), Duration.ofSeconds(20));
        pass(Duration.ofSeconds(4));
        assertThat(queue.size()).isZero();
        pass(Duration.ofSeconds(1));
        assertThat(queue.size()).isEqualTo(1);
        pass(Duration.ofSeconds(60));
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void aLookTakesThePlaceOfTheOneThatWasToCome() throws Exception {
        queue.addAfter(key("a"), Duration.ofSeconds(5));
        queue.add(key("a"));
        queue.take();
        queue.addAfter(key("a"), Duration.ofSeconds(9));
        queue.done(key("a"));
        pass(Duration.ofSeconds(5));
        assertThat(queue.size()).isZero();
        pass(Duration.ofSeconds(4));
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void noKeyIsWorkedOnTwiceAtOnce() throws Exception {
        WorkQueue real = new WorkQueue(100, System::nanoTime);
        Set<ObjectKey> working = ConcurrentHashMap.newKeySet();
        Map<ObjectKey, Integer> done = new ConcurrentHashMap<>();
        AtomicInteger clashes = new AtomicInteger();
        CountDownLatch enough = new CountDownLatch(2_000);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            for (int i = 0; i < 4; i++) {
                pool.execute(
                        () -> {
                            try {
                                while (enough.getCount() > 0) {
                                    ObjectKey key = real.take();
                                    if (!working.add(key)) {
                                        clashes.incrementAndGet();
                                    }
                                    real.add(key);
                                    done.merge(key, 1, Integer::sum);
                                    working.remove(key);
                                    real.done(key);
                                    enough.countDown();
                                }
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
            }
            for (String name : Set.of("a", "b", "c")) {
                real.addAfter(key(name), Duration.ofMillis(1));
            }
            assertThat(enough.await(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            pool.shutdownNow();
        }
        assertThat(clashes).hasValue(0);
        assertThat(done).hasSize(3);
    }
}
