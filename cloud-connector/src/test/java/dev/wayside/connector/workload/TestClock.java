// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/** Both clocks; they stand until they are moved. */
public final class TestClock extends Clock {
    private final AtomicLong wallNanos = new AtomicLong();
    private final AtomicLong monotonicNanos = new AtomicLong();

    public void advance(Duration by) {
        jump(by);
        monotonicNanos.addAndGet(by.toNanos());
    }

    /** Moves the time of day alone. */
    public void jump(Duration by) {
        wallNanos.addAndGet(by.toNanos());
    }

    public long nanoTime() {
        return monotonicNanos.get();
    }

    @Override
    public Instant instant() {
        return Instant.parse("2026-01-01T00:00:00Z").plusNanos(wallNanos.get());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
