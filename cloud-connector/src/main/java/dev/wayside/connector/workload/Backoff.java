// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before another try: doubled each time up to a cap, of which a random half is
 * taken off, so that what failed together does not come back together.
 */
public record Backoff(Duration first, Duration most, RandomGenerator random) {

    /** 10 ms to 60 s. */
    public static Backoff standard(RandomGenerator random) {
        return new Backoff(Duration.ofMillis(10), Duration.ofSeconds(60), random);
    }

    /**
     * @param failures so far, 1 or more
     */
    public Duration after(int failures) {
        long cap = most.toNanos();
        int doublings = Math.min(failures - 1, 40);
        long nanos = Math.min(cap, first.toNanos() * Math.min(1L << doublings, cap));
        // An overflow of the product shows as a negative number.
        long whole = nanos <= 0 ? cap : nanos;
        return Duration.ofNanos(whole / 2 + random.nextLong(whole / 2 + 1));
    }
}
