// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** The time of day and the time since the start; both stand until a test moves them. */
public final class ManualClock extends Clock {
    private volatile Instant now;
    private volatile Duration uptime = Duration.ZERO;

    public ManualClock() {
        this(Instant.parse("2026-06-01T12:00:00Z"));
    }

    public ManualClock(Instant now) {
        this.now = now;
    }

    /** Time passes, by both clocks. */
    public synchronized void advance(Duration by) {
        now = now.plus(by);
        uptime = uptime.plus(by);
    }

    /** Sets the time of day alone, as NTP or a dead battery do. */
    public synchronized void set(Instant instant) {
        now = instant;
    }

    public Duration uptime() {
        return uptime;
    }

    /** {@link #uptime} as {@link System#nanoTime} would tell it. */
    public long nanoTime() {
        return uptime.toNanos();
    }

    @Override
    public Instant instant() {
        return now;
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
