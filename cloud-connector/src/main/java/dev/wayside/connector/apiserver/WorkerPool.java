// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that answer requests. Each client has a lane, and the lanes take turns: who sends a
 * thousand requests waits for its own, and nobody else does. Bounded by how many wait in all, how
 * many of one client wait or run, how many of one client run (never all threads), and how many run
 * that are heavy, since each of those may need memory many times its length.
 */
final class WorkerPool implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);

    private final int threads;
    private final int maxWaiting;
    private final int maxPerClient;
    private final int maxRunningPerClient;
    private final int maxHeavy;
    private final ThreadPoolExecutor executor;

    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<String, Lane> lanes = new HashMap<>();

    /** Those with work that may run, in the order of their turns. */
    @GuardedBy("lock")
    private final Set<Lane> ready = new LinkedHashSet<>();

    @GuardedBy("lock")
    private int waiting;

    @GuardedBy("lock")
    private int active;

    @GuardedBy("lock")
    private int heavy;

    @GuardedBy("lock")
    private boolean closed;

    private record Work(Lane lane, boolean heavy, Runnable run) {}

    private static final class Lane {
        final String client;
        final Queue<Work> waiting = new ArrayDeque<>(2);
        int running;

        Lane(String client) {
            this.client = client;
        }
    }

    /**
     * @param maxHeavy that run at the same time
     */
    WorkerPool(int threads, int maxWaiting, int maxPerClient, int maxHeavy) {
        this.threads = threads;
        this.maxWaiting = maxWaiting;
        this.maxPerClient = maxPerClient;
        this.maxRunningPerClient = Math.max(2, threads * 3 / 4);
        this.maxHeavy = maxHeavy;
        // Its queue stays short: there is one task for each thread that has work.
        this.executor =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Threads.named("apiserver-worker"));
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Never blocks.
     *
     * @return false if there is no room
     */
    boolean submit(String client, boolean heavyWork, Runnable run) {
        synchronized (lock) {
            Lane lane = lanes.get(client);
            int mine = lane == null ? 0 : lane.running + lane.waiting.size();
            // What finds a free thread waits only until that has begun.
            boolean room =
                    waiting < maxWaiting || (active < threads && waiting < maxWaiting + threads);
            if (closed || mine >= maxPerClient || !room) {
                return false;
            }
            if (lane == null) {
                lane = new Lane(client);
                lanes.put(client, lane);
            }
            lane.waiting.add(new Work(lane, heavyWork, run));
            waiting++;
            turn(lane);
            if (active < threads) {
                active++;
                executor.execute(this::work);
            }
            return true;
        }
    }

    private void work() {
        for (Work next = next(null); next != null; next = next(next)) {
            try {
                next.run().run();
            } catch (RuntimeException | Error e) {
                // The thread goes on: whoever made the work has said what was to be said of it.
                LOG.error("A request's work failed", e);
            }
        }
    }

    /** Ends what was done, and takes what is next; without any the thread is not active. */
    private @Nullable Work next(@Nullable Work done) {
        synchronized (lock) {
            if (done != null) {
                Lane lane = done.lane();
                lane.running--;
                heavy -= done.heavy() ? 1 : 0;
                turn(lane);
                if (lane.running == 0 && lane.waiting.isEmpty()) {
                    lanes.remove(lane.client);
                }
            }
            for (Iterator<Lane> turns = ready.iterator(); turns.hasNext(); ) {
                Lane lane = turns.next();
                Work first = lane.waiting.peek();
                if (first == null || (first.heavy() && heavy >= maxHeavy)) {
                    continue;
                }
                turns.remove();
                lane.waiting.remove();
                waiting--;
                lane.running++;
                heavy += first.heavy() ? 1 : 0;
                turn(lane);
                return first;
            }
            active--;
            return null;
        }
    }

    /** Puts the lane at the end of the turns, if it may have one and is not there. */
    @GuardedBy("lock")
    private void turn(Lane lane) {
        if (!lane.waiting.isEmpty() && lane.running < maxRunningPerClient) {
            ready.add(lane);
        }
    }

    /** Lets what runs come to its end, for up to 5 s. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        executor.shutdown();
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
