// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules of CronJobs, held against a look at each minute. */
final class CronScheduleTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static String next(String schedule, String after, ZoneId zone) {
        return CronSchedule.parse(schedule)
                .next(Instant.parse(after), zone)
                .map(Instant::toString)
                .orElse("never");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *|2026-01-01T00:00:00Z|2026-01-01T00:01:00Z",
                "*/15 * * * *|2026-01-01T00:00:01Z|2026-01-01T00:15:00Z",
                "5/20 * * * *|2026-01-01T00:06:00Z|2026-01-01T00:25:00Z",
                "0 9-17/4 * * MON-FRI|2026-01-02T17:00:00Z|2026-01-05T09:00:00Z",
                "0 0 1 jan ?|2026-01-01T00:00:00Z|2027-01-01T00:00:00Z",
                "0 0 29 2 *|2026-01-01T00:00:00Z|2028-02-29T00:00:00Z",
                "0 0 13 * FRI|2026-01-01T00:00:00Z|2026-01-02T00:00:00Z",
                "0 0 */2 * FRI|2026-01-02T00:00:00Z|2026-01-03T00:00:00Z",
                "0 0 30 2 *|2026-01-01T00:00:00Z|never",
                "@hourly|2026-01-01T00:00:00Z|2026-01-01T01:00:00Z",
                "@weekly|2026-01-01T00:00:00Z|2026-01-04T00:00:00Z",
                "@yearly|2026-01-01T00:00:00Z|2027-01-01T00:00:00Z",
                "@every 1h30m|2026-01-01T00:00:00Z|2026-01-01T01:30:00Z",
            })
    void findsTheNextTime(String schedule, String after, String expected) {
        assertThat(next(schedule, after, ZoneOffset.UTC)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * *|expected exactly 5 fields, found 4: [*, *, *, *]",
                "60 * * * *|end of range (60) above maximum (59): 60",
                "* * 0 * *|beginning of range (0) below minimum (1): 0",
                "* * * * 7|end of range (7) above maximum (6): 7",
                "5-3 * * * *|beginning of range (5) beyond end of range (3): 5-3",
                "*/0 * * * *|step of range should be a positive number: */0",
                "1-2-3 * * * *|too many hyphens: 1-2-3",
                "1/2/3 * * * *|too many slashes: 1/2/3",
                "@nope|unrecognized descriptor: @nope",
                "@every soon|failed to parse duration @every soon: give hours, minutes and seconds",
                ", * * * *|empty field: ,",
            })
    void saysWhatIsWrong(String schedule, String message) {
        assertThatThrownBy(() -> CronSchedule.parse(schedule))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x * * * *", "-1 * * * *", "* * * foo *", "1- * * * *", "*-5 * * * *"})
    void refusesWhatIsNoNumber(String schedule) {
        assertThatThrownBy(() -> CronSchedule.parse(schedule))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTimeThatTheClocksSkipIsNotDueAndOneThatComesTwiceIsDueTwice() {
        // On March 29 2026 02:00 becomes 03:00, on October 25 03:00 becomes 02:00.
        assertThat(next("30 2 * * *", "2026-03-28T12:00:00Z", BERLIN))
                .isEqualTo("2026-03-30T00:30:00Z");
        assertThat(next("30 2 * * *", "2026-10-24T12:00:00Z", BERLIN))
                .isEqualTo("2026-10-25T00:30:00Z");
        assertThat(next("30 2 * * *", "2026-10-25T00:30:00Z", BERLIN))
                .isEqualTo("2026-10-25T01:30:00Z");
    }

    @Test
    void countsNoFurtherThanAsked() {
        CronSchedule each = CronSchedule.parse("* * * * *");
        Instant from = Instant.parse("2026-01-01T00:00:00Z");
        assertThat(each.count(from, from.plusSeconds(300), ZoneOffset.UTC, 101)).isEqualTo(5);
        assertThat(each.count(from, from.plusSeconds(86_400), ZoneOffset.UTC, 101)).isEqualTo(101);
    }

    @Test
    void anIntervalIsCountedFromTheLastTime() {
        CronSchedule every = CronSchedule.parse("@every 10m");
        Instant from = Instant.parse("2026-01-01T00:03:00Z");
        assertThat(every.last(from, from.plusSeconds(1500), ZoneOffset.UTC))
                .hasValue(Instant.parse("2026-01-01T00:23:00Z"));
        assertThat(every.last(from, from.plusSeconds(599), ZoneOffset.UTC)).isEmpty();
        // A clock that was set back makes nothing due.
        assertThat(every.last(from, from.minusSeconds(5000), ZoneOffset.UTC)).isEmpty();
    }

    /** A random schedule as text and, by itself, as what it means. */
    private record Sample(String text, List<IntPredicate> fields, boolean[] stars) {
        static Sample of(Random random) {
            int[][] bounds = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}};
            StringBuilder text = new StringBuilder();
            List<IntPredicate> fields = new ArrayList<>();
            boolean[] stars = new boolean[5];
            for (int i = 0; i < 5; i++) {
                int least = bounds[i][0];
                int most = bounds[i][1];
                int first = least + random.nextInt(most - least + 1);
                int last = first + random.nextInt(most - first + 1);
                int step = 1 + random.nextInt(8);
                text.append(i == 0 ? "" : " ");
                switch (random.nextInt(i == 3 ? 4 : 6)) {
                    case 0, 1 -> {
                        text.append('*');
                        stars[i] = true;
                        fields.add(value -> true);
                    }
                    case 2 -> {
                        text.append("*/").append(step);
                        stars[i] = step == 1;
                        fields.add(value -> (value - least) % step == 0);
                    }
                    case 3 -> {
                        text.append(first).append('-').append(last).append('/').append(step);
                        fields.add(
                                value ->
                                        value >= first
                                                && value <= last
                                                && (value - first) % step == 0);
                    }
                    case 4 -> {
                        text.append(first).append('/').append(step);
                        fields.add(value -> value >= first && (value - first) % step == 0);
                    }
                    default -> {
                        text.append(first).append(',').append(last);
                        fields.add(value -> value == first || value == last);
                    }
                }
            }
            return new Sample(text.toString(), fields, stars);
        }

        boolean isDue(Instant instant, ZoneId zone) {
            ZonedDateTime wall = instant.atZone(zone);
            boolean ofMonth = fields.get(2).test(wall.getDayOfMonth());
            boolean ofWeek = fields.get(4).test(wall.getDayOfWeek().getValue() % 7);
            boolean both = stars[2] || stars[4];
            return fields.get(0).test(wall.getMinute())
                    && fields.get(1).test(wall.getHour())
                    && fields.get(3).test(wall.getMonthValue())
                    && (both ? (ofMonth && ofWeek) : (ofMonth || ofWeek));
        }
    }

    // St. John's used to change its clocks at 00:01, back into the day before; Lord Howe changes
    // them by half an hour; Apia left out a day.
    @ParameterizedTest
    @CsvSource({
        "UTC,2026-02-27T00:00:00Z",
        "Europe/Berlin,2026-03-28T00:00:00Z",
        "Europe/Berlin,2026-10-24T00:00:00Z",
        "America/St_Johns,2010-11-06T00:00:00Z",
        "America/St_Johns,2010-03-13T00:00:00Z",
        "Australia/Lord_Howe,2026-04-04T00:00:00Z",
        "Australia/Lord_Howe,2026-10-02T00:00:00Z",
        "Pacific/Apia,2011-12-29T00:00:00Z",
        "America/Havana,2026-10-31T12:00:00Z",
        "Asia/Kathmandu,2026-12-30T00:00:00Z",
    })
    void agreesWithLookingAtEachMinute(String zoneName, String start) {
        ZoneId zone = ZoneId.of(zoneName);
        Instant begin = Instant.parse(start);
        Random random = new Random(zoneName.hashCode());
        for (int i = 0; i < 200; i++) {
            Sample sample = Sample.of(random);
            CronSchedule schedule = CronSchedule.parse(sample.text());
            Instant from = begin.plusSeconds(random.nextInt(86_400));
            Instant to = from.plus(3, ChronoUnit.DAYS);
            List<Instant> due = new ArrayList<>();
            for (Instant t = from.truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
                    !t.isAfter(to);
                    t = t.plus(1, ChronoUnit.MINUTES)) {
                if (sample.isDue(t, zone)) {
                    due.add(t);
                }
            }
            List<Instant> found = new ArrayList<>();
            Optional<Instant> next = schedule.next(from, zone);
            while (next.isPresent() && !next.get().isAfter(to)) {
                found.add(next.get());
                next = schedule.next(next.get(), zone);
            }
            assertThat(found).as(sample.text()).isEqualTo(due);
            assertThat(schedule.last(from, to, zone))
                    .as(sample.text())
                    .isEqualTo(
                            due.isEmpty()
                                    ? Optional.empty()
                                    : Optional.of(due.get(due.size() - 1)));
        }
    }
}
