// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.time.Duration;

/**
 * How often something may be said that could be said all the time: some times at once, and then now
 * and again. Of one thread.
 */
final class EventBudget {
    private static final double BURST = 25;
    private static final Duration REFILL = Duration.ofMinutes(5);

    private double left = BURST;
    private Duration seen;

    EventBudget(Duration now) {
        this.seen = now;
    }

    /** Whether it may be said now. */
    boolean take(Duration now) {
        double refilled = (double) now.minus(seen).toMillis() / REFILL.toMillis();
        left = Math.min(BURST, left + refilled);
        seen = now;
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }
}
