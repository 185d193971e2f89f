// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.Assertions;

/** Waits for a condition of the world outside, which has no event to wait for. */
final class Eventually {
    /** Something that is looked at again and again. */
    @FunctionalInterface
    interface Look<T> {
        T look() throws Exception;
    }

    private Eventually() {}

    /** Looks until what is seen is as wanted, and returns it; fails with what was seen last. */
    static <T> T see(String what, Duration within, Look<T> look, Predicate<T> wanted)
            throws Exception {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            T seen = look.look();
            if (wanted.test(seen)) {
                return seen;
            }
            if (System.nanoTime() > deadline) {
                return Assertions.fail(
                        "not within "
                                + within.toSeconds()
                                + " s: "
                                + what
                                + "; last seen:\n"
                                + seen);
            }
            Thread.sleep(200);
        }
    }
}
