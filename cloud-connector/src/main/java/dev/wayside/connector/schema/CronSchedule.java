// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * When a CronJob is due: five fields (minute, hour, day of the month, month, day of the week) with
 * {@code *}, lists, ranges, steps and names; or {@code @hourly} and its like; or {@code @every
 * 1h30m}, counted from the last time.
 *
 * <p>An instant is due if the clock on the wall shows a time that the fields match. So a time that
 * is skipped when the clocks go forward is not due, and one that comes twice when they go back is
 * due twice, as in Kubernetes. When both days are restricted, either is enough.
 *
 * <p>The search leaps over months, days and hours that do not match, but never over a change of the
 * zone's offset, behind which the wall shows another time. Immutable.
 */
public final class CronSchedule {
    /** The longest gap of a schedule that is ever due, but for the year 2100. */
    private static final Duration HORIZON = Duration.ofDays(5 * 366);

    private static final Map<String, String> DESCRIPTORS =
            Map.of(
                    "@yearly", "0 0 1 1 *",
                    "@annually", "0 0 1 1 *",
                    "@monthly", "0 0 1 * *",
                    "@weekly", "0 0 * * 0",
                    "@daily", "0 0 * * *",
                    "@midnight", "0 0 * * *",
                    "@hourly", "0 * * * *");
    private static final Pattern GO_DURATION =
            Pattern.compile("(?:(\\d{1,6})h)?(?:(\\d{1,7})m)?(?:(\\d{1,8})s)?");
    private static final List<String> MONTHS =
            List.of(
                    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
                    "dec");
    private static final List<String> DAYS =
            List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");

    private record Bounds(int least, int most, List<String> names, int firstName) {}

    private static final Bounds MINUTE = new Bounds(0, 59, List.of(), 0);
    private static final Bounds HOUR = new Bounds(0, 23, List.of(), 0);
    private static final Bounds DAY_OF_MONTH = new Bounds(1, 31, List.of(), 0);
    private static final Bounds MONTH = new Bounds(1, 12, MONTHS, 1);
    private static final Bounds DAY_OF_WEEK = new Bounds(0, 6, DAYS, 0);

    /** The values of one field as bits; {@code any} if it was a star. */
    private record Field(long bits, boolean any) {
        boolean has(int value) {
            return (bits >> value & 1) != 0;
        }
    }

    private final Field minute;
    private final Field hour;
    private final Field dayOfMonth;
    private final Field month;
    private final Field dayOfWeek;
    private final @Nullable Duration every;

    private CronSchedule(List<String> fields, @Nullable Duration every) {
        this.minute = field(fields.get(0), MINUTE);
        this.hour = field(fields.get(1), HOUR);
        this.dayOfMonth = field(fields.get(2), DAY_OF_MONTH);
        this.month = field(fields.get(3), MONTH);
        this.dayOfWeek = field(fields.get(4), DAY_OF_WEEK);
        this.every = every;
    }

    /**
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static CronSchedule parse(String text) {
        String schedule = text.strip();
        if (schedule.isEmpty()) {
            throw new IllegalArgumentException("empty spec string");
        }
        if (schedule.startsWith("@every ")) {
            return new CronSchedule(List.of("*", "*", "*", "*", "*"), every(schedule));
        }
        String plain = schedule;
        if (schedule.startsWith("@")) {
            plain = DESCRIPTORS.get(schedule);
            if (plain == null) {
                throw new IllegalArgumentException("unrecognized descriptor: " + schedule);
            }
        }
        List<String> fields = List.of(plain.split("\\s+"));
        if (fields.size() != 5) {
            throw new IllegalArgumentException(
                    "expected exactly 5 fields, found " + fields.size() + ": " + fields);
        }
        return new CronSchedule(fields, null);
    }

    private static Duration every(String schedule) {
        String text = schedule.substring("@every ".length()).strip();
        Matcher parts = GO_DURATION.matcher(text);
        if (!text.isEmpty() && parts.matches()) {
            Duration every =
                    Duration.ofHours(number(parts.group(1)))
                            .plusMinutes(number(parts.group(2)))
                            .plusSeconds(number(parts.group(3)));
            return every.isZero() ? Duration.ofSeconds(1) : every;
        }
        throw new IllegalArgumentException(
                "failed to parse duration " + schedule + ": give hours, minutes and seconds");
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private static Field field(String text, Bounds bounds) {
        long bits = 0;
        boolean any = false;
        for (String part : text.split(",", -1)) {
            if (!part.isEmpty()) {
                Field range = range(part, bounds);
                bits |= range.bits();
                any |= range.any();
            }
        }
        if (bits == 0) {
            throw new IllegalArgumentException("empty field: " + text);
        }
        return new Field(bits, any);
    }

    private static Field range(String text, Bounds bounds) {
        String[] withStep = text.split("/", -1);
        String[] ends = withStep[0].split("-", -1);
        boolean any = ends[0].equals("*") || ends[0].equals("?");
        int first = bounds.least();
        int last = bounds.most();
        if (!any) {
            first = value(ends[0], bounds);
            last = ends.length == 1 ? first : value(ends[1], bounds);
        }
        if (ends.length > 2 || (any && ends.length > 1)) {
            throw new IllegalArgumentException("too many hyphens: " + text);
        }
        int step = 1;
        if (withStep.length > 2) {
            throw new IllegalArgumentException("too many slashes: " + text);
        } else if (withStep.length == 2) {
            step = value(withStep[1], new Bounds(0, 0, List.of(), 0));
            // "N/step" goes on to the end.
            last = ends.length == 1 ? bounds.most() : last;
        }
        if (first < bounds.least()) {
            throw new IllegalArgumentException(
                    "beginning of range ("
                            + first
                            + ") below minimum ("
                            + bounds.least()
                            + "): "
                            + text);
        }
        if (last > bounds.most()) {
            throw new IllegalArgumentException(
                    "end of range (" + last + ") above maximum (" + bounds.most() + "): " + text);
        }
        if (first > last) {
            throw new IllegalArgumentException(
                    "beginning of range ("
                            + first
                            + ") beyond end of range ("
                            + last
                            + "): "
                            + text);
        }
        if (step == 0) {
            throw new IllegalArgumentException(
                    "step of range should be a positive number: " + text);
        }
        long bits = 0;
        for (long value = first; value <= last; value += step) {
            bits |= 1L << value;
        }
        return new Field(bits, any && step == 1);
    }

    private static int value(String text, Bounds bounds) {
        int name = bounds.names().indexOf(text.toLowerCase(Locale.ROOT));
        if (name >= 0) {
            return name + bounds.firstName();
        }
        if (!text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException(
                    "failed to parse int from "
                            + text
                            + ": strconv.Atoi: parsing \""
                            + text
                            + "\": invalid syntax");
        }
        return Integer.parseInt(text);
    }

    /** The first time after an instant; empty if there is none within five years. */
    public Optional<Instant> next(Instant after, ZoneId zone) {
        if (every != null) {
            return Optional.of(after.plus(every).truncatedTo(ChronoUnit.SECONDS));
        }
        Instant end = after.plus(HORIZON);
        Instant t = after.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
        while (t.isBefore(end)) {
            ZonedDateTime wall = t.atZone(zone);
            Instant leap;
            if (!month.has(wall.getMonthValue())) {
                leap = startOfDay(wall, wall.toLocalDate().withDayOfMonth(1).plusMonths(1));
            } else if (!hasDay(wall)) {
                leap = startOfDay(wall, wall.toLocalDate().plusDays(1));
            } else if (!hour.has(wall.getHour())) {
                leap = t.plus(60 - wall.getMinute(), ChronoUnit.MINUTES);
            } else if (!minute.has(wall.getMinute())) {
                leap = t.plus(1, ChronoUnit.MINUTES);
            } else {
                return Optional.of(t);
            }
            ZoneOffsetTransition change = zone.getRules().nextTransition(t);
            t = change != null && change.getInstant().isBefore(leap) ? change.getInstant() : leap;
        }
        return Optional.empty();
    }

    /** The last time that is after one instant and not after another; empty if there is none. */
    public Optional<Instant> last(Instant after, Instant now, ZoneId zone) {
        if (every != null) {
            long times = Duration.between(after, now).toSeconds() / every.toSeconds();
            return times <= 0
                    ? Optional.empty()
                    : Optional.of(
                            after.plus(every.multipliedBy(times)).truncatedTo(ChronoUnit.SECONDS));
        }
        Instant end = now.minus(HORIZON).isAfter(after) ? now.minus(HORIZON) : after;
        Instant t = now.truncatedTo(ChronoUnit.MINUTES);
        while (t.isAfter(end)) {
            ZonedDateTime wall = t.atZone(zone);
            Instant leap;
            if (!month.has(wall.getMonthValue())) {
                leap =
                        startOfDay(wall, wall.toLocalDate().withDayOfMonth(1))
                                .minus(1, ChronoUnit.MINUTES);
            } else if (!hasDay(wall)) {
                leap = startOfDay(wall, wall.toLocalDate()).minus(1, ChronoUnit.MINUTES);
            } else if (!hour.has(wall.getHour())) {
                leap = t.minus(wall.getMinute() + 1L, ChronoUnit.MINUTES);
            } else if (!minute.has(wall.getMinute())) {
                leap = t.minus(1, ChronoUnit.MINUTES);
            } else {
                return Optional.of(t);
            }
            ZoneOffsetTransition change = zone.getRules().previousTransition(t.plusNanos(1));
            Instant before =
                    change == null ? Instant.MIN : change.getInstant().minus(1, ChronoUnit.MINUTES);
            t = leap.isAfter(before) ? leap : before;
        }
        return Optional.empty();
    }

    /** How many times there are between two instants, the last included; no more than asked for. */
    public int count(Instant after, Instant now, ZoneId zone, int most) {
        int count = 0;
        Optional<Instant> next = next(after, zone);
        while (count < most && next.isPresent() && !next.get().isAfter(now)) {
            count++;
            next = next(next.get(), zone);
        }
        return count;
    }

    private boolean hasDay(ZonedDateTime wall) {
        boolean ofMonth = dayOfMonth.has(wall.getDayOfMonth());
        boolean ofWeek = dayOfWeek.has(wall.getDayOfWeek().getValue() % 7);
        return (dayOfMonth.any() || dayOfWeek.any()) ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    /** As if the offset did not change. */
    private static Instant startOfDay(ZonedDateTime wall, LocalDate day) {
        return day.atStartOfDay().toInstant(wall.getOffset());
    }
}
