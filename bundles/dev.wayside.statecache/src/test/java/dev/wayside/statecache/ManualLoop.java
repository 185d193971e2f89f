// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/** A loop whose time stands still until it is told to go on. */
final class ManualLoop implements Loop {
    private record Timer(Duration at, long order, Runnable action) {}

    private final Queue<Runnable> due = new ArrayDeque<>();
    private final PriorityQueue<Timer> timers =
            new PriorityQueue<>(Comparator.comparing(Timer::at).thenComparing(Timer::order));
    private Duration now = Duration.ofDays(1);
    private long order;

    @Override
    public synchronized void execute(Runnable action) {
        due.add(action);
    }

    @Override
    public synchronized void after(Duration delay, Runnable action) {
        timers.add(new Timer(now.plus(delay), order++, action));
    }

    @Override
    public synchronized Duration now() {
        return now;
    }

    /** Runs what is due; returns how much that was. */
    int run() {
        int ran = 0;
        for (Runnable next = next(); next != null; next = next()) {
            next.run();
            ran++;
        }
        return ran;
    }

    /** Moves to the next timer if that is not after the given time; false if there is none. */
    synchronized boolean stepTo(Duration until) {
        Timer timer = timers.peek();
        if (timer == null || timer.at.compareTo(until) > 0) {
            now = until;
            return false;
        }
        timers.remove();
        now = timer.at;
        due.add(timer.action);
        return true;
    }

    private synchronized Runnable next() {
        return due.poll();
    }
}
