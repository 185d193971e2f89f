// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what comes about by itself, and fails with what is still wrong. */
final class Deadline {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long STEP_NANOS = 10_000_000;

    private Deadline() {}

    /** Returns as soon as the condition holds. */
    static void holds(String what, Callable<Boolean> condition) throws Exception {
        nothingIsWrong(what, () -> condition.call() ? List.of() : List.of("it does not hold"));
    }

    /** Returns as soon as the list is empty. */
    static void nothingIsWrong(String what, Callable<? extends List<String>> wrong)
            throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<String> left = wrong.call();
        while (!left.isEmpty()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + PATIENCE + ": " + what + ": " + left);
            }
            LockSupport.parkNanos(STEP_NANOS);
            left = wrong.call();
        }
    }
}
