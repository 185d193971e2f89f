// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for a condition that comes about by itself, and fails loudly if it does not. */
public final class Eventually {
    private static final long STEP_MILLIS = 20;

    private Eventually() {}

    /**
     * Returns as soon as the condition holds.
     *
     * @param what for the failure's message
     * @throws AssertionError if it does not hold in time
     * @throws Exception what the condition throws
     */
    public static void holds(String what, Duration atMost, Callable<Boolean> condition)
            throws Exception {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + atMost + ": " + what);
            }
            Thread.sleep(STEP_MILLIS);
        }
    }
}
