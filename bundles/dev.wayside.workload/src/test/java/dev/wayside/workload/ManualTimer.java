// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.testing.ManualClock;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A timer whose tasks run when a test says so, in the order in which they are due. */
final class ManualTimer implements Prober.Timer {
    private record Due(Duration at, int number, Runnable task) {}

    private final ManualClock clock;
    private final PriorityQueue<Due> tasks =
            new PriorityQueue<>(Comparator.comparing(Due::at).thenComparingInt(Due::number));
    private int number;

    ManualTimer(ManualClock clock) {
        this.clock = clock;
    }

    @Override
    public Duration now() {
        return clock.uptime();
    }

    @Override
    public void after(Duration delay, Runnable task) {
        tasks.add(new Due(now().plus(delay), number++, task));
    }

    void runDue() {
        while (!tasks.isEmpty() && tasks.peek().at().compareTo(now()) <= 0) {
            tasks.poll().task().run();
        }
    }

    /** Lets time pass, task by task. */
    void advance(Duration by) {
        Duration end = now().plus(by);
        runDue();
        while (!tasks.isEmpty() && tasks.peek().at().compareTo(end) <= 0) {
            clock.advance(tasks.peek().at().minus(now()));
            runDue();
        }
        clock.advance(end.minus(now()));
        runDue();
    }
}
