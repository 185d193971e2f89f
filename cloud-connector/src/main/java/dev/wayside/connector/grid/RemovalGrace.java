// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.KubeObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a child outlives its site's last label. When that went is written into the child
 * ({@value GridTranslation#GONE_SINCE}), so that a restart does not begin anew; from what a process
 * first sees of it, it counts with a monotonic clock, so that a jump of the time of day does not
 * end it early.
 */
final class RemovalGrace {
    static final String GRACE = "wayside.dev/site-removal-grace";
    static final String PROTECT = "wayside.dev/protect-sites";
    static final Duration DEFAULT = Duration.ofMinutes(10);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(s|m|h|d)?");

    private record Seen(long nanos, Duration elapsed) {}

    /** By the UID of the child. */
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();

    static boolean isProtected(KubeObject grid) {
        return grid.annotation(PROTECT).filter("true"::equals).isPresent();
    }

    /** {@code 90}, {@code 90s}, {@code 10m}, {@code 2h}, {@code 1d}; the default if malformed. */
    static Duration of(KubeObject grid) {
        String text = grid.annotation(GRACE).orElse("").trim().toLowerCase(Locale.ROOT);
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return DEFAULT;
        }
        long amount = Long.parseLong(matcher.group(1));
        String unit = matcher.group(2) == null ? "s" : matcher.group(2);
        return switch (unit) {
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            case "d" -> Duration.ofDays(amount);
            default -> Duration.ofSeconds(amount);
        };
    }

    static boolean isMalformed(KubeObject grid) {
        return grid.annotation(GRACE)
                .filter(text -> !FORM.matcher(text.trim().toLowerCase(Locale.ROOT)).matches())
                .isPresent();
    }

    static String stamp(Instant now) {
        return Conditions.time(now);
    }

    /** How long the site has been gone. */
    Duration elapsed(KubeObject child, Instant now, long nanos) {
        Seen first = seen.computeIfAbsent(child.uid(), any -> new Seen(nanos, since(child, now)));
        return first.elapsed().plus(nanos - first.nanos(), TimeUnit.NANOSECONDS.toChronoUnit());
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
