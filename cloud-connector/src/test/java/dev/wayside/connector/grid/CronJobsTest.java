// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** CronJobs by a clock of the test's own, which begins on January 1 2026 at midnight. */
final class CronJobsTest {
    private final World world = new World(World.Kind.EMBEDDED);

    @AfterEach
    void close() {
        world.close();
    }

    private void cron(String schedule, String members) {
        world.store.create(
                ResourceType.CRON_JOBS,
                KubeObject.of(ResourceType.CRON_JOBS, "default", "tick")
                        .withSpec(
                                World.parse(
                                        ("{'schedule':'"
                                                        + schedule
                                                        + "',"
                                                        + members
                                                        + "'jobTemplate':{'spec':{'template':{'spec':{"
                                                        + "'restartPolicy':'Never','containers':[{'name':'c',"
                                                        + "'image':'i'}]}}}}}")
                                                .replace('\'', '"'))),
                World.USER);
    }

    private JsonObject status() {
        return world.get(ResourceType.CRON_JOBS, "tick").status();
    }

    /** Sets the clock and has the controller look at it, as it does by itself twice a minute. */
    private void at(String time) {
        world.clock.advance(
                Duration.between(world.clock.instant(), Instant.parse("2026-01-" + time)));
        look();
    }

    private void look() {
        world.patch(
                ResourceType.CRON_JOBS,
                "tick",
                "{\"metadata\":{\"annotations\":{\"at\":\"" + world.clock.instant() + "\"}}}");
    }

    private List<String> jobs() {
        return world.names(ResourceType.JOBS).stream().sorted().toList();
    }

    private static String name(String time) {
        return "tick-" + Instant.parse("2026-01-" + time).getEpochSecond() / 60;
    }

    private void settle(String what, BooleanSupplier condition) {
        try {
            await(what, condition);
        } catch (AssertionError e) {
            throw new AssertionError(what + ": " + jobs() + status() + world.events(), e);
        }
    }

    private void awaitLast(String time) {
        settle("last " + time, () -> status().text("lastScheduleTime").equals("2026-01-" + time));
    }

    private void finish(String job, String condition) {
        await("job controller", () -> world.get(ResourceType.JOBS, job).status().has("startTime"));
        KubeObject found = world.get(ResourceType.JOBS, job);
        JsonObject over =
                JsonObject.builder()
                        .put("type", condition)
                        .put("status", "True")
                        .put("lastTransitionTime", world.clock.instant().toString())
                        .build();
        world.store.update(
                ResourceType.JOBS,
                found.withStatus(
                                found.status()
                                        .with("conditions", JsonArray.of(over))
                                        .with("completionTime", world.clock.instant().toString()))
                        .withoutMetadata("resourceVersion"),
                "status",
                World.USER);
    }

    @Test
    void makesAJobForEachTime() {
        world.start();
        cron("*/5 * * * *", "");
        at("01T00:04:59Z");
        at("01T00:05:00Z");
        awaitLast("01T00:05:00Z");
        at("01T00:10:01Z");
        awaitLast("01T00:10:00Z");
        assertThat(jobs()).containsExactly(name("01T00:05:00Z"), name("01T00:10:00Z"));
        settle("active", () -> status().array("active").size() == 2);
        KubeObject job = world.get(ResourceType.JOBS, name("01T00:05:00Z"));
        assertThat(job.controller().orElseThrow().kind()).isEqualTo("CronJob");
        assertThat(job.annotation("batch.kubernetes.io/cronjob-scheduled-timestamp"))
                .hasValue("2026-01-01T00:05:00Z");
        finish(job.name(), "Complete");
        settle("done", () -> status().array("active").size() == 1);
        assertThat(status().text("lastSuccessfulTime")).isEqualTo("2026-01-01T00:10:01Z");
    }

    @Test
    void readsTheScheduleInItsTimeZone() {
        world.start();
        cron("0 9 * * *", "'timeZone':'Asia/Tokyo',");
        at("02T00:00:30Z");
        awaitLast("02T00:00:00Z");
        assertThat(
                        world.get(ResourceType.JOBS, name("02T00:00:00Z"))
                                .annotation("batch.kubernetes.io/cronjob-scheduled-timestamp"))
                .hasValue("2026-01-02T09:00:00+09:00");
    }

    @Test
    void afterAnOutageOnlyTheNewestTimeIsMadeUpFor() {
        world.start();
        cron("* * * * *", "");
        at("01T00:01:00Z");
        awaitLast("01T00:01:00Z");
        world.stop();
        world.clock.advance(Duration.ofHours(10));
        world.start();
        awaitLast("01T10:01:00Z");
        assertThat(jobs()).containsExactly(name("01T00:01:00Z"), name("01T10:01:00Z"));
        settle("told", () -> world.events().contains("TooManyMissedTimes"));
    }

    @Test
    void whatIsTooLateIsLeftOut() {
        cron("0 * * * *", "'startingDeadlineSeconds':60,");
        world.clock.advance(Duration.ofMinutes(61).plusSeconds(10));
        world.start();
        settle("told", () -> world.events().contains("MissSchedule"));
        assertThat(jobs()).isEmpty();
        at("01T02:00:59Z");
        awaitLast("01T02:00:00Z");
    }

    @Test
    void aStartingDeadlineBeyondAllTimesIsNone() {
        world.start();
        cron("* * * * *", "'startingDeadlineSeconds':9223372036854775807,");
        at("01T00:01:00Z");
        awaitLast("01T00:01:00Z");
    }

    @Test
    void aClockThatGoesBackMakesNothingTwice() {
        world.start();
        cron("* * * * *", "'successfulJobsHistoryLimit':0,");
        at("01T00:05:00Z");
        awaitLast("01T00:05:00Z");
        finish(name("01T00:05:00Z"), "Complete");
        settle("trimmed", () -> jobs().isEmpty());
        at("01T00:04:30Z");
        at("01T00:05:30Z");
        at("01T00:06:00Z");
        awaitLast("01T00:06:00Z");
        assertThat(jobs()).containsExactly(name("01T00:06:00Z"));
    }

    @Test
    void aClockThatWasFarAheadStopsNothing() {
        world.start();
        cron("* * * * *", "");
        at("30T00:00:00Z");
        awaitLast("30T00:00:00Z");
        at("01T00:10:30Z");
        awaitLast("01T00:10:30Z");
        at("01T00:11:00Z");
        awaitLast("01T00:11:00Z");
        assertThat(jobs()).containsExactly(name("01T00:11:00Z"), name("30T00:00:00Z"));
    }

    @Test
    void forbidWaitsAndReplaceTakesThePlace() {
        world.start();
        cron("* * * * *", "'concurrencyPolicy':'Forbid',");
        at("01T00:01:00Z");
        awaitLast("01T00:01:00Z");
        at("01T00:02:00Z");
        settle("told", () -> world.events().contains("JobAlreadyActive"));
        assertThat(jobs()).containsExactly(name("01T00:01:00Z"));
        finish(name("01T00:01:00Z"), "Complete");
        awaitLast("01T00:02:00Z");
        world.patch(
                ResourceType.CRON_JOBS, "tick", "{\"spec\":{\"concurrencyPolicy\":\"Replace\"}}");
        at("01T00:03:00Z");
        awaitLast("01T00:03:00Z");
        settle(
                "replaced",
                () -> jobs().equals(List.of(name("01T00:01:00Z"), name("01T00:03:00Z"))));
    }

    @Test
    void keepsTheHistoryThatIsAskedForAndRunsNothingWhileSuspended() {
        world.start();
        cron("* * * * *", "'successfulJobsHistoryLimit':1,'failedJobsHistoryLimit':0,");
        for (String minute : List.of("1", "2", "3")) {
            String time = "01T00:0" + minute + ":00Z";
            at(time);
            awaitLast(time);
            finish(name(time), minute.equals("3") ? "Failed" : "Complete");
        }
        settle("history", () -> jobs().equals(List.of(name("01T00:02:00Z"))));
        world.patch(ResourceType.CRON_JOBS, "tick", "{\"spec\":{\"suspend\":true}}");
        at("01T00:09:00Z");
        world.patch(
                ResourceType.CRON_JOBS,
                "tick",
                "{\"spec\":{\"suspend\":false,\"schedule\":\"0 1 * * *\"}}");
        at("01T01:00:00Z");
        awaitLast("01T01:00:00Z");
        assertThat(jobs()).containsExactly(name("01T00:02:00Z"), name("01T01:00:00Z"));
    }

    @Test
    void oneTimeMakesOneJobWhateverIsKilled() {
        Random random = new Random(3);
        world.store.lag(() -> random.nextInt(4));
        Map<String, Integer> made = new ConcurrentHashMap<>();
        Map<String, String> known = new HashMap<>();
        world.store.observe(
                ResourceType.JOBS,
                (before, after) -> {
                    if (after != null
                            && !after.uid().equals(known.put(after.name(), after.uid()))) {
                        made.merge(after.name(), 1, Integer::sum);
                    }
                });
        world.start();
        cron("* * * * *", "'successfulJobsHistoryLimit':0,");
        for (int minute = 1; minute <= 15; minute++) {
            AtomicInteger left = new AtomicInteger(random.nextInt(3));
            boolean before = random.nextBoolean();
            // Killed before or after a write, of which then nothing is heard.
            world.store.beforeWrite((verb, object) -> kill(left, before, object));
            world.store.afterWrite((verb, object) -> kill(left, !before, object));
            world.clock.advance(Duration.ofMinutes(1));
            look();
            settle("killed or done", () -> left.get() < 0 || isNoted());
            world.stop();
            world.store.beforeWrite((verb, object) -> {});
            world.store.afterWrite((verb, object) -> {});
            world.start();
            settle("made", this::isNoted);
            for (KubeObject job : world.store.all(ResourceType.JOBS)) {
                finish(job.name(), "Complete");
            }
            settle("trimmed", () -> jobs().isEmpty());
        }
        assertThat(made).hasSize(15).allSatisfy((name, count) -> assertThat(count).isEqualTo(1));
    }

    private boolean isNoted() {
        return status().text("lastScheduleTime").equals(world.clock.instant().toString());
    }

    private static void kill(AtomicInteger left, boolean here, KubeObject object) {
        if (here && object.kind().matches("Job|CronJob") && left.getAndDecrement() <= 0) {
            throw new ApiException(Reason.UNAVAILABLE, "killed");
        }
    }
}
