// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.KubeObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a child outlives its site's last label. When that went is written into the child
 * ({@value GridTranslation#GONE_SINCE}), so that a restart does not begin anew; from what a process
 * first sees of it, it counts with a monotonic clock, so that a jump of the time of day does not
 * end it early. What was written may come from a clock that was wrong, or be read by one: a process
 * that finds it waits a minute of its own at least, unless the grace is shorter.
 *
 * <p>Whoever annotates a grid means to keep something. So {@value #PROTECT} protects with every
 * value but {@code false} and none, and a {@value #GRACE} that makes no sense is the default;
 * {@link #complaint} says so.
 */
final class RemovalGrace {
    static final String GRACE = "wayside.dev/site-removal-grace";
    static final String PROTECT = "wayside.dev/protect-sites";
    static final Duration DEFAULT = Duration.ofMinutes(10);

    private static final Duration SEEN_AT_LEAST = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofDays(36_500);
    private static final Pattern FORM = Pattern.compile("[0-9]{1,9}|([0-9]{1,9}[smhd])+");
    private static final Pattern PART = Pattern.compile("([0-9]+)([smhd]?)");

    private record Seen(long nanos, Duration elapsed) {}

    /** By the UID of the child. */
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    static boolean isProtected(KubeObject grid) {
        String text = protection(grid);
        return !text.isEmpty() && !text.equals("false");
    }

    private static String protection(KubeObject grid) {
        return text(grid, PROTECT);
    }

    private static String text(KubeObject grid, String annotation) {
        return grid.annotation(annotation).orElse("").trim().toLowerCase(Locale.ROOT);
    }

    /**
     * {@code 90}, {@code 90s}, {@code 10m}, {@code 1h30m}, {@code 1d}; the default if malformed.
     */
    static Duration of(KubeObject grid) {
        String text = text(grid, GRACE);
        if (!FORM.matcher(text).matches()) {
            return DEFAULT;
        }
        Duration sum = Duration.ZERO;
        Matcher part = PART.matcher(text);
        while (part.find() && sum.compareTo(LONGEST) < 0) {
            long amount = Long.parseLong(part.group(1));
            sum =
                    sum.plus(
                            switch (part.group(2)) {
                                case "m" -> Duration.ofMinutes(amount);
                                case "h" -> Duration.ofHours(amount);
                                case "d" -> Duration.ofDays(amount);
                                default -> Duration.ofSeconds(amount);
                            });
        }
        return sum.compareTo(LONGEST) < 0 ? sum : LONGEST;
    }

    /** What is wrong with the grid's annotations, and what is done instead; empty if nothing is. */
    static Optional<String> complaint(KubeObject grid) {
        if (!List.of("", "true", "false").contains(protection(grid))) {
            return Optional.of(
                    "The annotation "
                            + PROTECT
                            + " is neither true nor false: sites are protected.");
        }
        return grid.annotation(GRACE).isEmpty() || FORM.matcher(text(grid, GRACE)).matches()
                ? Optional.empty()
                : Optional.of(
                        "The annotation "
                                + GRACE
                                + " is no duration such as 90s, 10m or 1h30m: sites that are gone"
                                + " keep their children for "
                                + spoken(DEFAULT)
                                + ".");
    }

    /** {@code 1h30m}. */
    static String spoken(Duration duration) {
        // Whole seconds, none of them lost.
        Duration whole = duration.plusNanos(999_999_999).truncatedTo(ChronoUnit.SECONDS);
        if (whole.isZero()) {
            return "0s";
        }
        return part(whole.toHours(), "h")
                + part(whole.toMinutesPart(), "m")
                + part(whole.toSecondsPart(), "s");
    }

    private static String part(long amount, String unit) {
        return amount == 0 ? "" : amount + unit;
    }

    static String stamp(Instant now) {
        return Conditions.time(now);
    }

    /**
     * How long a child whose site is gone stays yet, zero or less if it is to go; empty for as long
     * as sites are protected.
     *
     * @param nanos of a monotonic clock
     */
    Optional<Duration> left(KubeObject grid, KubeObject child, Instant now, long nanos) {
        if (isProtected(grid)) {
            return Optional.empty();
        }
        Duration grace = of(grid);
        if (child.annotation(GridTranslation.GONE_SINCE).isEmpty()) {
            return Optional.of(grace);
        }
        Seen first = seen.computeIfAbsent(child.uid(), any -> new Seen(nanos, since(child, now)));
        Duration watched = Duration.ofNanos(nanos - first.nanos());
        Duration left = grace.minus(first.elapsed()).minus(watched);
        Duration least = shorter(grace, SEEN_AT_LEAST).minus(watched);
        return Optional.of(left.compareTo(least) > 0 ? left : least);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration since(KubeObject child, Instant now) {
        try {
            Instant gone =
                    child.annotation(GridTranslation.GONE_SINCE).map(Instant::parse).orElse(now);
            return gone.isAfter(now) ? Duration.ZERO : Duration.between(gone, now);
        } catch (DateTimeException e) {
            // Somebody wrote into it: the grace begins now.
            return Duration.ZERO;
        }
    }

    void forget(KubeObject child) {
        seen.remove(child.uid());
    }
}
