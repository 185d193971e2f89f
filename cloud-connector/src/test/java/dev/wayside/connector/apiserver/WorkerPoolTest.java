// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WorkerPoolTest {
    private final CountDownLatch release = new CountDownLatch(1);
    private final List<String> ran = new CopyOnWriteArrayList<>();

    private Runnable held(CountDownLatch started) {
        return () -> {
            started.countDown();
            await(release);
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void turnsRequestsAwayWhenThereIsNoRoom() {
        CountDownLatch started = new CountDownLatch(2);
        try (WorkerPool pool = new WorkerPool(2, 1, 3, 1)) {
            assertThat(pool.submit("a", false, held(started))).isTrue();
            assertThat(pool.submit("a", false, held(started))).isTrue();
            await(started);
            assertThat(pool.submit("a", false, held(started))).isTrue();
            assertThat(pool.submit("a", false, held(started))).as("its share is used").isFalse();
            assertThat(pool.submit("b", false, held(started))).as("the queue is full").isFalse();
            release.countDown();
        }
    }

    @Test
    void whoSendsManyRequestsWaitsForItsOwnAndNobodyElseDoes() {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(102);
        // One thread, so that what is noted first was taken first.
        try (WorkerPool pool = new WorkerPool(1, 1_000, 200, 1)) {
            pool.submit("a", false, held(started));
            await(started);
            for (int i = 0; i < 100; i++) {
                pool.submit("a", false, note("a", all));
            }
            pool.submit("b", false, note("b", all));
            pool.submit("c", false, note("c", all));
            release.countDown();
            await(all);
        }
        assertThat(ran.subList(0, 3)).contains("b", "c");
    }

    @Test
    void oneClientNeverHasAllThreads() {
        CountDownLatch busy = new CountDownLatch(3);
        CountDownLatch other = new CountDownLatch(1);
        try (WorkerPool pool = new WorkerPool(4, 100, 100, 1)) {
            for (int i = 0; i < 10; i++) {
                pool.submit("a", false, held(busy));
            }
            await(busy);
            pool.submit("b", false, other::countDown);
            await(other);
            release.countDown();
        }
    }

    @Test
    void heavyRequestsRunOneByOneAndHoldUpNoOther() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(6);
        CountDownLatch light = new CountDownLatch(1);
        Runnable heavy =
                () -> {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    first.countDown();
                    await(release);
                    now.decrementAndGet();
                    all.countDown();
                };
        try (WorkerPool pool = new WorkerPool(4, 100, 100, 1)) {
            for (int i = 0; i < 6; i++) {
                pool.submit(i % 2 == 0 ? "a" : "b", true, heavy);
            }
            await(first);
            pool.submit("c", false, light::countDown);
            await(light);
            release.countDown();
            await(all);
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void workThatFailsEndsNoThread() {
        CountDownLatch all = new CountDownLatch(3);
        try (WorkerPool pool = new WorkerPool(2, 100, 100, 1)) {
            for (int i = 0; i < 3; i++) {
                pool.submit(
                        "a",
                        false,
                        () -> {
                            all.countDown();
                            throw new StackOverflowError("meant");
                        });
            }
            await(all);
        }
    }

    @Test
    void whatWaitsIsStillDoneWhenItCloses() {
        CountDownLatch all = new CountDownLatch(50);
        WorkerPool pool = new WorkerPool(2, 100, 100, 1);
        for (int i = 0; i < 50; i++) {
            pool.submit("a", false, note("a", all));
        }
        pool.close();
        await(all);
        assertThat(pool.submit("a", false, note("a", all))).isFalse();
    }

    private Runnable note(String client, CountDownLatch done) {
        return () -> {
            ran.add(client);
            done.countDown();
        };
    }
}
