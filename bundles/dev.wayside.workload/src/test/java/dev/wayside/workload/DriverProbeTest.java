// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.Eventually;
import dev.wayside.testing.FakeContainerDriver;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class DriverProbeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final BoundDriver driver =
            new BoundDriver(
                    "docker",
                    new FakeContainerDriver(
                            new FakeContainerDriver.Engine(Clock.systemUTC()),
                            "docker",
                            "gateway-1"),
                    () -> Duration.ofNanos(System.nanoTime()));

    @Test
    void saysAgainThatTheDriverIsBackIfThatFailed() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        DriverProbe probe =
                new DriverProbe(
                        driver,
                        () -> {
                            if (calls.incrementAndGet() == 1) {
                                throw new IllegalStateException("the state cache is stopped");
                            }
                        },
                        uid -> {});
        probe.start();
        try {
            Eventually.holds("it was said again", PATIENCE, () -> calls.get() == 2);
        } finally {
            probe.close();
        }
        Eventually.holds("its thread has ended", PATIENCE, () -> threads() == 0);
        assertThat(calls).hasValue(2);
    }

    @Test
    void saysNothingAnyMoreOnceItIsClosed() throws Exception {
        CountDownLatch said = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        DriverProbe probe =
                new DriverProbe(
                        driver,
                        () -> {
                            calls.incrementAndGet();
                            said.countDown();
                            await(go);
                            throw new IllegalStateException("the state cache is stopped");
                        },
                        uid -> {});
        probe.start();
        said.await();
        probe.close();
        go.countDown();
        Eventually.holds("its thread has ended", PATIENCE, () -> threads() == 0);
        assertThat(calls).hasValue(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("wayside-workload-probe-"))
                .count();
    }
}
