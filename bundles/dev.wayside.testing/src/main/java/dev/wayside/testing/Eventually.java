// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/** Waits for a condition that comes about by itself, and fails loudly if it does not. */
public final class Eventually {
    private static final long STEP_MILLIS = 20;

    /** What is looked at is often a program that is started: less often. */
    private static final long LOOK_MILLIS = 200;

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

    /**
     * Looks until what is seen is as wanted, and returns it.
     *
     * @param what for the failure's message, which also tells what was seen last
     * @throws AssertionError if it does not come in time
     * @throws Exception what the look throws
     */
    public static <T> T see(String what, Duration atMost, Callable<T> look, Predicate<T> wanted)
            throws Exception {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (true) {
            T seen = look.call();
            if (wanted.test(seen)) {
                return seen;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(
                        "not within " + atMost + ": " + what + "; last seen:\n" + seen);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }
}
