// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerDriver;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one driver again and again how it is, in a thread of its own, so that a driver that hangs
 * holds up nobody but itself; and passes its hints on.
 */
final class DriverProbe {
    private static final Logger LOG = LoggerFactory.getLogger(DriverProbe.class);
    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration EVERY_WHILE_DOWN = Duration.ofSeconds(1);

    private final BoundDriver driver;
    private final Runnable back;
    private final Consumer<String> hints;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    // Of the thread alone: it is usable, and nobody was told.
    private boolean untold;

    /**
     * @param back called each time when the driver has become usable
     * @param hints called with the UIDs of pods that may have changed
     */
    DriverProbe(BoundDriver driver, Runnable back, Consumer<String> hints) {
        this.driver = driver;
        this.back = back;
        this.hints = hints;
        this.thread = new Thread(this::run, "wayside-workload-probe-" + driver.name());
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Ends the thread; does not wait for a driver that hangs. */
    void close() {
        closed.countDown();
        thread.interrupt();
    }

    BoundDriver driver() {
        return driver;
    }

    private void run() {
        try (ContainerDriver.Subscription watch = driver.driver().watch(hints)) {
            LOG.debug("Watching {}: {}", driver.name(), watch);
            Duration wait;
            do {
                turn();
                wait = driver.usable() && !untold ? EVERY : EVERY_WHILE_DOWN;
            } while (!closed.await(wait.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void turn() {
        try {
            untold |= driver.probe();
            if (untold && closed.getCount() > 0) {
                back.run();
                untold = false;
            }
        } catch (RuntimeException e) {
            // What is called may have stopped in this very moment, and we with it.
            if (closed.getCount() > 0) {
                LOG.error("A turn of asking {} failed; it goes on", driver.name(), e);
            }
        }
    }
}
