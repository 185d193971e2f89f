// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock and an uptime that move when they are told. */
final class TestTime extends Clock {
    private Instant now = Instant.parse("2026-06-01T12:00:00Z");
    private Duration uptime = Duration.ofSeconds(1000);

    void pass(Duration time) {
        now = now.plus(time);
        uptime = uptime.plus(time);
    }

    /** Sets the clock, as NTP or a dead battery do; uptime does not notice. */
    void set(Instant instant) {
        now = instant;
    }

    Duration uptime() {
        return uptime;
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
