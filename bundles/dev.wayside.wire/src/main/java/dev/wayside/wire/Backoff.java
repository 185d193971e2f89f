// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next try: exponential with full jitter. The n-th wait is evenly
 * distributed between 0 and {@code min(cap, base * 2^n)}, so that ten thousand clients of one
 * server do not come back at once. Not safe for several threads; each retrying thing has its own.
 */
public final class Backoff {
    private final long baseNanos;
    private final long capNanos;
    private final RandomGenerator random;
    private long ceilingNanos;

    /**
     * @param base the first ceiling, above zero
     * @param cap the last ceiling, at least the base
     */
    public Backoff(Duration base, Duration cap, RandomGenerator random) {
        if (base.isNegative() || base.isZero() || cap.compareTo(base) < 0) {
            throw new IllegalArgumentException(
                    "a back-off needs 0 < base <= cap, not " + base + " and " + cap);
        }
        this.baseNanos = base.toNanos();
        this.capNanos = cap.toNanos();
        this.random = random;
        this.ceilingNanos = baseNanos;
    }

    /** The next wait; each call doubles the ceiling until the cap. */
    public Duration next() {
        long ceiling = ceilingNanos;
        ceilingNanos = ceiling > capNanos / 2 ? capNanos : ceiling * 2;
        return Duration.ofNanos(random.nextLong(ceiling) + 1);
    }

    /** After a success: begins again at the base. */
    public void reset() {
        ceilingNanos = baseNanos;
    }
}
