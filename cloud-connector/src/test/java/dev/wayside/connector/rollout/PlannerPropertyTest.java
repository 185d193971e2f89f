// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.rollout.Planner.Step;
import dev.wayside.connector.rollout.Progress.Changing;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is asked and however sites behave: never more at once than allowed, never past an
 * approval or a failure, always an end; and what is stored is enough to go on.
 */
final class PlannerPropertyTest {
    private static final Duration TICK = Duration.ofSeconds(7);
    private static final int TICKS = 600;

    static IntStream seeds() {
        return IntStream.range(0, 150);
    }

    /** A site that does what it may do, late, and well or badly. */
    private static final class Simulated {
        int revision;
        int runOfChange;
        boolean bad;
        boolean crashes;
        boolean away;
        boolean down;
        int settlesIn;
        long restarts;
    }

    private final NavigableMap<String, Simulated> fleet = new TreeMap<>();
    private Random random = new Random();
    private RolloutSpec spec = RolloutSpec.of(JsonObject.EMPTY);
    private Progress progress = Progress.NONE;
    private int target = 1;
    private final int completed = 0;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private long approved;

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsWhatIsPromised(int seed) {
        random = new Random(seed);
        int count = 1 + random.nextInt(12);
        for (int i = 0; i < count; i++) {
            site("s" + i, random.nextInt(5) > 0 ? 0 : -1);
        }
        spec = RolloutSpec.of(spec());
        progress = Progress.NONE.next(name -> false, true, now);
        Step step = null;
        for (int tick = 0; tick < TICKS; tick++) {
            step = decide();
            if (isEnd(step.progress())) {
                break;
            }
            if (random.nextInt(60) == 0 && tick < TICKS / 2) {
                supersede();
            }
            live(tick < TICKS / 2);
            now = now.plus(TICK);
        }
        assertThat(step).isNotNull();
        assertThat(isEnd(step.progress())).as("ends: %s", step.message()).isTrue();
        assertEnd(step);
    }

    private Simulated site(String name, int revision) {
        Simulated site = new Simulated();
        site.revision = revision;
        site.away = random.nextInt(8) == 0;
        fleet.put(name, site);
        return site;
    }

    private JsonObject spec() {
        List<Json> order = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            JsonObject.Builder wave = JsonObject.builder();
            switch (random.nextInt(3)) {
                case 0 -> wave.put("percent", 10 + random.nextInt(60));
                case 1 -> wave.put("count", 1 + random.nextInt(3));
                default -> wave.put("sites", JsonArray.ofStrings(List.of("s" + i, "s" + 2 * i)));
            }
            wave.put("canary", random.nextInt(4) == 0).put("approval", random.nextInt(3) == 0);
            if (random.nextInt(3) == 0) {
                wave.put("maxConcurrentSites", 1 + random.nextInt(4));
            }
            order.add(wave.build());
        }
        JsonObject.Builder all = JsonObject.builder().put("order", new JsonArray(order));
        all.put("maxConcurrentSites", 1 + random.nextInt(4));
        if (random.nextBoolean()) {
            all.put("maxUnavailableSites", (10 + random.nextInt(60)) + "%");
        }
        all.put("onFailure", random.nextBoolean() ? "Rollback" : "Pause");
        all.put("awaySites", random.nextBoolean() ? "Skip" : "Wait");
        if (random.nextInt(4) == 0) {
            all.put("deadlineSeconds", 60 + random.nextInt(4_000));
        }
        return all.put(
                        "health",
                        JsonObject.builder()
                                .put("availableForSeconds", random.nextInt(40))
                                .put("progressDeadlineSeconds", 120)
                                .build())
                .build();
    }

    private NavigableMap<String, Site> view() {
        NavigableMap<String, Site> view = new TreeMap<>();
        fleet.forEach(
                (name, site) ->
                        view.put(
                                name,
                                new Site(
                                        name,
                                        site.revision >= 0,
                                        site.revision == target,
                                        site.runOfChange >= progress.firstRun(),
                                        true,
                                        site.revision == completed || site.revision < 0,
                                        site.revision >= 0 && site.settlesIn == 0 && !site.down,
                                        site.revision >= 0 && site.settlesIn == 0 && !site.down,
                                        site.away,
                                        site.restarts,
                                        name + "-pod",
                                        "",
                                        List.of(Map.of()))));
        return view;
    }

    private Step decide() {
        NavigableMap<String, Site> view = view();
        Progress before = progress;
        Step step = Planner.next(spec, view, before, approved, now);
        Progress after = step.progress();
        assertThat(Progress.of(after.json())).as("what is stored").isEqualTo(after);
        if (!isEnd(after)) {
            assertThat(
                            Planner.next(spec, view, Progress.of(after.json()), approved, now)
                                    .progress())
                    .as("after a restart")
                    .isEqualTo(after);
        }
        Set<String> begun = new HashSet<>(after.changing().keySet());
        begun.removeAll(before.changing().keySet());
        if (!begun.isEmpty()) {
            assertLimits(step, view, begun);
        }
        if (!after.rollingBack() && !begun.isEmpty()) {
            assertOrder(step, view, begun);
        }
        if (before.failure().isPresent() && !after.rollingBack()) {
            assertThat(begun).as("after a failure").isEmpty();
        }
        progress = after;
        return step;
    }

    private void assertLimits(Step step, Map<String, Site> view, Set<String> begun) {
        Map<String, Changing> changing = step.progress().changing();
        long active =
                changing.keySet().stream()
                        .filter(name -> !changing.get(name).away() && !view.get(name).away())
                        .count();
        int members = step.progress().rollingBack() ? 0 : step.waves().get(step.wave()).size();
        long most =
                step.progress().rollingBack()
                        ? spec.concurrent().roundedUp(view.size())
                        : spec.waves()
                                .get(step.wave())
                                .concurrent()
                                .orElse(spec.concurrent())
                                .roundedUp(members);
        boolean moreThanBefore = begun.stream().anyMatch(name -> !view.get(name).away());
        if (moreThanBefore) {
            assertThat(active).as("at once").isLessThanOrEqualTo(most);
        }
        if (spec.unavailable().isEmpty()) {
            return;
        }
        Set<String> down = new HashSet<>(changing.keySet());
        Set<String> added = new HashSet<>();
        for (Site site : view.values()) {
            boolean was = site.away() || (site.exists() && !site.available());
            if (was) {
                down.add(site.name());
            } else if (begun.contains(site.name())) {
                added.add(site.name());
            }
        }
        if (!added.isEmpty()) {
            assertThat((long) down.size())
                    .as("unavailable through us")
                    .isLessThanOrEqualTo(
                            spec.unavailable().orElseThrow().roundedDown(view.size())
                                    + begun.size()
                                    - added.size());
        }
    }

    private void assertOrder(Step step, Map<String, Site> view, Set<String> begun) {
        assertThat(step.waves().get(step.wave())).containsAll(begun);
        if (spec.waves().get(step.wave()).approval()) {
            assertThat(approved).as("approved").isGreaterThan(step.wave());
        }
        for (List<String> wave : step.waves().subList(0, step.wave())) {
            for (String name : wave) {
                boolean passed =
                        view.get(name).updated() && !step.progress().changing().containsKey(name);
                assertThat(passed || view.get(name).away()).as("before: " + name).isTrue();
            }
        }
        assertThat(begun).noneMatch(name -> view.get(name).away() || view.get(name).updated());
    }

    /** Sites do what they may, and other things happen. */
    private void live(boolean trouble) {
        if (progress.phase() == Phase.WAITING_FOR_APPROVAL && random.nextInt(3) == 0) {
            approved++;
        }
        for (String name : List.copyOf(fleet.keySet())) {
            Simulated site = fleet.get(name);
            if (progress.changing().containsKey(name) && random.nextBoolean()) {
                int goal = progress.rollingBack() ? completed : target;
                if (site.revision != goal) {
                    site.revision = goal;
                    site.runOfChange = (int) progress.run();
                    site.settlesIn = 1 + random.nextInt(4);
                    site.restarts = 0;
                    site.bad = goal != completed && random.nextInt(25) == 0;
                    site.crashes = site.bad && random.nextBoolean();
                }
            }
            if (site.settlesIn > 0 && !site.bad && !site.away) {
                site.settlesIn--;
            }
            if (site.crashes) {
                site.restarts++;
            }
            if (trouble && random.nextInt(40) == 0) {
                site.away = !site.away;
            } else if (!trouble) {
                site.away = false;
            }
            site.down = trouble && random.nextInt(30) == 0;
            if (trouble && random.nextInt(300) == 0) {
                fleet.remove(name);
            }
        }
        if (fleet.isEmpty() || (trouble && random.nextInt(150) == 0)) {
            site("n" + random.nextInt(5), -1);
        }
    }

    private void supersede() {
        target++;
        int goal = target;
        progress =
                progress.next(
                        name -> fleet.containsKey(name) && fleet.get(name).revision == goal,
                        true,
                        now);
        approved = 0;
    }

    private static boolean isEnd(Progress progress) {
        return progress.phase() == Phase.COMPLETED || progress.isStopped();
    }

    private void assertEnd(Step step) {
        for (Map.Entry<String, Simulated> each : fleet.entrySet()) {
            Simulated site = each.getValue();
            switch (step.progress().phase()) {
                case COMPLETED ->
                        assertThat(site.revision == target || site.away).as(each.getKey()).isTrue();
                case ROLLED_BACK -> assertThat(site.revision).as(each.getKey()).isIn(completed, -1);
                case FAILED -> assertThat(step.progress().unrestored()).isNotEmpty();
                default -> assertThat(step.progress().failure()).isPresent();
            }
        }
    }
}
