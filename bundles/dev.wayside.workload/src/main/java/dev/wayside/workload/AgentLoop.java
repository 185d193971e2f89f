// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's threads: workers that take keys, one that beats (full re-check, progress), one that
 * writes events, and those in which pulls, stops, hooks and commands go on. All are daemons and end
 * with {@link #stop}; what they have started keeps running.
 */
final class AgentLoop {
    private static final Logger LOG = LoggerFactory.getLogger(AgentLoop.class);

    private static final Duration BEAT = Duration.ofSeconds(5);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);
    private static final int MOST_KEYS = 4_096;
    private static final int MOST_EVENTS = 256;

    /** What the beat does at each full re-check, and the workers for each key. */
    interface Work {
        void sync(ObjectKey key) throws DriverException, StateException;

        /** Every key that there could be something to do for. */
        Iterable<ObjectKey> keys();

        void sweep() throws IOException;

        /** Whether the container runtime answers. */
        boolean runtimeUp();
    }

    private final Outbox outbox;
    private final Duration resync;
    private final Supplier<Duration> uptime;
    private final WorkQueue queue = new WorkQueue(MOST_KEYS, System::nanoTime);
    private final BlockingQueue<Outbox.EventRecord> events = new ArrayBlockingQueue<>(MOST_EVENTS);
    private final Map<ObjectKey, Integer> failures = new ConcurrentHashMap<>();
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicLong rounds = new AtomicLong();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private final ExecutorService pulls = pool("pull", 8, 256);
    private final ExecutorService stops = pool("stop", 16, 1_024);
    private final ExecutorService hooks = onDemand("hook", 8);
    private final ExecutorService execs = onDemand("exec", 2 * ExecChecks.MOST);
    private final int workers;
    private volatile Duration progress;

    AgentLoop(Outbox outbox, int workers, Duration resync, Supplier<Duration> uptime) {
        this.outbox = outbox;
        this.workers = workers;
        this.resync = resync;
        this.uptime = uptime;
        this.progress = uptime.get();
    }

    private static ExecutorService pool(String role, int threads, int queued) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        threads,
                        threads,
                        30,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(queued),
                        task -> daemon(task, role + "-" + number.incrementAndGet()));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Threads that are made when all others are busy; what is beyond them is refused. */
    private static ExecutorService onDemand(String role, int most) {
        AtomicInteger number = new AtomicInteger();
        return new ThreadPoolExecutor(
                0,
                most,
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> daemon(task, role + "-" + number.incrementAndGet()));
    }

    private static Thread daemon(Runnable task, String role) {
        Thread thread = new Thread(task, "wayside-workload-" + role);
        thread.setDaemon(true);
        return thread;
    }

    ExecutorService pulls() {
        return pulls;
    }

    ExecutorService stops() {
        return stops;
    }

    ExecutorService hooks() {
        return hooks;
    }

    /** Twice as many as are ever busy, since one that has just become free may not count yet. */
    ExecutorService execs() {
        return execs;
    }

    void queue(ObjectKey key) {
        if (!queue.add(key)) {
            LOG.debug("Too many keys wait; {} comes with the next full re-check", key);
        }
    }

    void queue(ObjectKey key, Duration after) {
        queue.addAfter(key, after);
    }

    /** Takes an event to be written. Never blocks; when there are too many it is dropped. */
    void event(Outbox.EventRecord event) {
        if (!events.offer(event)) {
            LOG.debug("Dropped an event about {}: {}", event.about(), event.reason());
        }
    }

    /** How long ago the loop last got on. */
    Duration sinceProgress() {
        return uptime.get().minus(progress);
    }

    void start(Work work) {
        for (int i = 1; i <= workers; i++) {
            threads.add(daemon(() -> work(work), "worker-" + i));
        }
        threads.add(daemon(() -> beat(work), "loop"));
        threads.add(daemon(this::writeEvents, "events"));
        threads.forEach(Thread::start);
    }

    /** Ends all threads, within five seconds even if some hang in a driver. */
    void stop() {
        stopped.countDown();
        pulls.shutdownNow();
        stops.shutdownNow();
        hooks.shutdownNow();
        execs.shutdownNow();
        threads.forEach(Thread::interrupt);
        long deadline = System.nanoTime() + Duration.ofSeconds(4).toNanos();
        try {
            for (Thread thread : threads) {
                thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            }
            await(pulls, deadline);
            await(stops, deadline);
            await(hooks, deadline);
            await(execs, deadline);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(ExecutorService pool, long deadline) throws InterruptedException {
        if (!pool.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            LOG.warn("A driver call goes on though the agent has stopped");
        }
    }

    private void work(Work work) {
        while (stopped.getCount() > 0) {
            ObjectKey key;
            try {
                key = queue.take();
            } catch (InterruptedException e) {
                return;
            }
            busy.incrementAndGet();
            try {
                work.sync(key);
                failures.remove(key);
            } catch (DriverException | StateException | RuntimeException | LinkageError e) {
                retry(key, e);
            } finally {
                queue.done(key);
                rounds.incrementAndGet();
                busy.decrementAndGet();
            }
        }
    }

    private void retry(ObjectKey key, Throwable failure) {
        int count = failures.merge(key, 1, Integer::sum);
        Duration delay = FIRST_RETRY.multipliedBy(1L << Math.min(count - 1, 6));
        if (delay.compareTo(LONGEST_RETRY) > 0) {
            delay = LONGEST_RETRY;
        }
        // Half of it at random, so that many keys that failed together do not come back together.
        long half = delay.toMillis() / 2;
        queue.addAfter(
                key, Duration.ofMillis(half + ThreadLocalRandom.current().nextLong(half + 1)));
        if (stopped.getCount() == 0) {
            return;
        }
        if (failure instanceof RuntimeException || failure instanceof LinkageError) {
            LOG.error("Working on pod {} failed", key.path(), failure);
        } else if (count == 1) {
            LOG.warn("Pod {} is tried again: {}", key.path(), failure.getMessage());
        }
    }

    private void beat(Work work) {
        Duration checked = null;
        long seen = rounds.get();
        try {
            do {
                if (checked == null || uptime.get().minus(checked).compareTo(resync) >= 0) {
                    checked = uptime.get();
                    recheck(work);
                }
                long now = rounds.get();
                // Workers that all hang although the runtime answers are our own fault; that must
                // show. A runtime that does not answer shows as such.
                if (now != seen || busy.get() < workers || !work.runtimeUp()) {
                    progress = uptime.get();
                }
                seen = now;
            } while (!stopped.await(BEAT.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void recheck(Work work) {
        try {
            work.keys().forEach(this::queue);
            work.sweep();
        } catch (IOException | RuntimeException e) {
            LOG.warn("The full re-check failed and is tried again: {}", e.toString());
        }
    }

    private void writeEvents() {
        try {
            while (true) {
                Outbox.EventRecord event = events.take();
                try {
                    outbox.event(event);
                } catch (StateException | RuntimeException e) {
                    LOG.debug("An event about {} is lost: {}", event.about(), e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
