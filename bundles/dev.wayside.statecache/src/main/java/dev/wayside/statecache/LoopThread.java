// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loop as one thread. What is given to it after it is closed is dropped. */
final class LoopThread implements Loop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoopThread.class);
    private static final long CLOSE_WITHIN_SECONDS = 5;

    private final ScheduledThreadPoolExecutor thread;

    LoopThread(String name) {
        thread =
                new ScheduledThreadPoolExecutor(
                        1,
                        run -> {
                            Thread made = new Thread(run, name);
                            made.setDaemon(true);
                            return made;
                        },
                        new ThreadPoolExecutor.DiscardPolicy());
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable action) {
        thread.execute(() -> guarded(action));
    }

    @Override
    public void after(Duration delay, Runnable action) {
        var unused = thread.schedule(() -> guarded(action), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public Duration now() {
        return Duration.ofNanos(System.nanoTime());
    }

    /** Does what is due, then ends; waits at most 5 s. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private static void guarded(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.error("The state cache's loop failed at one thing; it goes on", e);
        }
    }
}
