// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers that make reality follow the spec, key by key. What a key means is looked up when its
 * turn comes, so adding a key too often is harmless. {@link #close} waits up to 5 s for the workers
 * to finish what they are at.
 */
public final class Controller<K> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Controller.class);
    private static final int CAPACITY = 200_000;

    /** One step; idempotent. */
    public interface Reconciler<K> {
        /**
         * Returns when to look again even if nothing happens; empty for not at all. A failure is
         * retried later and later.
         */
        Optional<Duration> reconcile(K key);
    }

    private final String name;
    private final int workers;
    private final Reconciler<K> reconciler;
    private final Runnable resync;
    private final WorkQueue<K> queue;
    private final List<Thread> threads = new ArrayList<>();

    /**
     * @param resync adds every key; run when keys had to be dropped
     */
    public Controller(
            String name, int workers, Backoff backoff, Reconciler<K> reconciler, Runnable resync) {
        this(name, workers, backoff, reconciler, resync, key -> 0);
    }

    /**
     * @param rank of a key, always the same: of the keys that wait the highest comes first
     */
    public Controller(
            String name,
            int workers,
            Backoff backoff,
            Reconciler<K> reconciler,
            Runnable resync,
            ToIntFunction<K> rank) {
        this.name = name;
        this.workers = workers;
        this.reconciler = reconciler;
        this.resync = resync;
        this.queue = new WorkQueue<>(CAPACITY, backoff, rank);
    }

    public void add(K key) {
        queue.add(key);
    }

    public void addAfter(K key, Duration delay) {
        queue.addAfter(key, delay);
    }

    public void start() {
        for (int i = 0; i < workers; i++) {
            Thread thread = new Thread(this::work, "wayside-connector-" + name + "-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    @Override
    public void close() {
        queue.close();
        Threads.join(threads, Duration.ofSeconds(5));
    }

    private void work() {
        for (Optional<K> key = queue.take(); key.isPresent(); key = queue.take()) {
            reconcile(key.get());
            if (queue.recovered()) {
                log.warn("{}: more keys than room; looking at everything again", name);
                resync.run();
            }
        }
    }

    private void reconcile(K key) {
        try {
            Optional<Duration> next = reconciler.reconcile(key);
            queue.forget(key);
            next.ifPresent(delay -> queue.addAfter(key, delay));
        } catch (Throwable e) {
            // The edge of the thread: a worker that died would stop its keys for good.
            failed(key, e);
        } finally {
            queue.done(key);
        }
    }

    private void failed(K key, Throwable e) {
        int failures = queue.retry(key);
        boolean expected =
                e instanceof ApiException refused
                        && (refused.reason() == ApiException.Reason.CONFLICT
                                || refused.reason() == ApiException.Reason.NOT_FOUND);
        if (failures == 1 && !expected) {
            log.warn("{}: {} failed and is tried again", name, key, e);
        } else {
            log.debug("{}: {} failed {} times", name, key, failures, e);
        }
    }

    /** Waits for threads without interrupting them. */
    static final class Threads {
        private Threads() {}

        static void join(List<Thread> threads, Duration most) {
            long end = System.nanoTime() + most.toNanos();
            for (Thread thread : threads) {
                try {
                    TimeUnit.NANOSECONDS.timedJoin(
                            thread, Math.max(1_000_000, end - System.nanoTime()));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
                if (thread.isAlive()) {
                    log.warn("{} did not end within {} s", thread.getName(), most.toSeconds());
                }
            }
        }
    }
}
