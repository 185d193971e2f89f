// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Durations as kubectl's users know them: {@code 45s}, {@code 3m10s}, {@code 5h}, {@code 12d}. */
final class HumanDuration {
    private HumanDuration() {}

    /** How long ago; {@code <unknown>} if there is no time. */
    static String since(Optional<Instant> time, Instant now) {
        return time.map(start -> of(Duration.between(start, now))).orElse("<unknown>");
    }

    static String of(Duration duration) {
        // Toward zero, as Go's whole seconds are, so that clocks a little apart are forgiven.
        long seconds = duration.toMillis() / 1000;
        if (seconds < -1) {
            return "<invalid>";
        }
        if (seconds < 0) {
            return "0s";
        }
        if (seconds < 2 * 60) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return two(minutes, "m", seconds % 60, "s");
        }
        if (minutes < 3 * 60) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return two(hours, "h", minutes % 60, "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        long days = hours / 24;
        if (hours < 24 * 8) {
            return two(days, "d", hours % 24, "h");
        }
        if (days < 2 * 365) {
            return days + "d";
        }
        long years = days / 365;
        return years < 8 ? two(years, "y", days % 365, "d") : years + "y";
    }

    private static String two(long large, String largeUnit, long small, String smallUnit) {
        return small == 0 ? large + largeUnit : large + largeUnit + small + smallUnit;
    }
}
