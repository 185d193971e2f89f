// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Commands as checks. A driver blocks while one runs, so each takes a thread. There are few, and no
 * pod has more than {@value #MOST_PER_POD} of them, lest one with slow commands hold up the others;
 * pods that wait take turns.
 */
final class ExecChecks {
    static final int MOST_PER_POD = 2;
    static final int MOST = 16;

    private record Waiting(String uid, Runnable check, Consumer<Outcome> then) {}

    private final Drivers drivers;
    private final Executor threads;
    private final Object lock = new Object();

    /** By pod. */
    @GuardedBy("lock")
    private final Map<String, Integer> underWay = new HashMap<>();

    /** By pod, in the order in which it is their turn; no more for each than it has probes. */
    @GuardedBy("lock")
    private final Map<String, Deque<Waiting>> waiting = new LinkedHashMap<>();

    @GuardedBy("lock")
    private int busy;

    /**
     * @param threads never asked for more than {@link #MOST} at once
     */
    ExecChecks(Drivers drivers, Executor threads) {
        this.drivers = drivers;
        this.threads = threads;
    }

    /** Runs it in a thread of its own, when it is its turn. */
    void run(Checks.Where where, List<String> command, Duration timeout, Consumer<Outcome> then) {
        Waiting check =
                new Waiting(
                        where.podUid(), () -> then.accept(runNow(where, command, timeout)), then);
        Waiting first;
        synchronized (lock) {
            waiting.computeIfAbsent(where.podUid(), any -> new ArrayDeque<>()).add(check);
            first = busy < MOST ? take() : null;
            busy += first == null ? 0 : 1;
        }
        if (first == null) {
            return;
        }
        try {
            threads.execute(() -> work(first));
        } catch (RejectedExecutionException e) {
            synchronized (lock) {
                busy--;
                release(first.uid());
            }
            first.then().accept(Outcome.unknown("the gateway has too much to do"));
        }
    }

    private void work(Waiting first) {
        Waiting now = first;
        while (now != null) {
            try {
                now.check().run();
            } finally {
                synchronized (lock) {
                    release(now.uid());
                    now = take();
                    busy -= now == null ? 1 : 0;
                }
            }
        }
    }

    /** The next whose pod may have one more. */
    @GuardedBy("lock")
    private @Nullable Waiting take() {
        String turn = null;
        for (String uid : waiting.keySet()) {
            if (turn == null && underWay.getOrDefault(uid, 0) < MOST_PER_POD) {
                turn = uid;
            }
        }
        Deque<Waiting> queue = turn == null ? null : waiting.remove(turn);
        if (queue == null) {
            return null;
        }
        Waiting next = queue.remove();
        if (!queue.isEmpty()) {
            waiting.put(next.uid(), queue); // behind the others
        }
        underWay.merge(next.uid(), 1, Integer::sum);
        return next;
    }

    @GuardedBy("lock")
    private void release(String uid) {
        underWay.computeIfPresent(uid, (any, count) -> count == 1 ? null : count - 1);
    }

    /** Runs it in this thread. */
    Outcome runNow(Checks.Where where, List<String> command, Duration timeout) {
        Optional<BoundDriver> driver = drivers.named(where.driver());
        if (driver.isEmpty()) {
            return Outcome.unknown("the container runtime " + where.driver() + " is away");
        }
        try {
            ExecResult result =
                    driver.get()
                            .driver()
                            .exec(where.podUid(), where.containerId(), command, timeout);
            if (result.good()) {
                return Outcome.success();
            }
            if (result.timedOut()) {
                return Outcome.failure(
                        "command timed out: it took longer than " + timeout.toSeconds() + "s");
            }
            String output = result.output().strip();
            return Outcome.failure(
                    output.isEmpty()
                            ? "command terminated with exit code " + result.exitCode()
                            : output);
        } catch (DriverException | RuntimeException e) {
            return Outcome.unknown(String.valueOf(e.getMessage()));
        }
    }
}
