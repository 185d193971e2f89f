// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import dev.wayside.connector.rollout.Progress.Changing;
import dev.wayside.connector.rollout.Progress.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What comes next in a run. Pure, and without a memory: asked again about the same it says the
 * same, so a restart at any moment changes nothing.
 *
 * <p>Forward: the sites that are being changed are judged first. One that was available long enough
 * passes; one with too many restarts, or not available in time, fails and ends the run. Then the
 * first wave with a site that has not passed is gone on with, as far as approvals, the limits and a
 * pause let it. A site that is away neither passes nor fails; it holds its wave if it should be
 * waited for, if the wave is a canary's, or if without it nothing would have tried the change out.
 *
 * <p>Back: every site that has not what it had gets it, the one that failed first, within the same
 * limits; one that is unavailable anyway makes nothing worse and may always go. One that fails
 * again is left as it is and told.
 */
public final class Planner {
    /** So many sites may be changing at the same time, and be told of. */
    public static final int MOST = 100;

    private static final int NAMED = 3;

    private final RolloutSpec spec;
    private final NavigableMap<String, Site> sites;
    private final Progress stored;
    private final Instant now;
    private final NavigableMap<String, Changing> changing;
    private final List<String> unrestored;
    private final List<List<Site>> waves;
    private final List<String> waits = new ArrayList<>();
    private @Nullable Failure failure;
    private @Nullable Instant again;

    private Planner(
            RolloutSpec spec, NavigableMap<String, Site> sites, Progress stored, Instant now) {
        this.spec = spec;
        this.sites = sites;
        this.stored = stored;
        this.now = now.truncatedTo(ChronoUnit.MILLIS);
        this.changing = new TreeMap<>(stored.changing());
        this.changing.keySet().retainAll(sites.keySet());
        this.unrestored = new ArrayList<>(stored.unrestored());
        this.failure = stored.failure().orElse(null);
        this.waves = Waves.of(spec.waves(), sites, changing.keySet());
    }

    /**
     * What is to be stored, and said.
     *
     * @param wave the one that is under way, from 0; the number of waves if none is
     * @param waves of each the sites
     * @param message why it stands where it stands
     * @param again when to ask again if nothing changes until then
     */
    public record Step(
            Progress progress,
            int wave,
            String waveName,
            List<List<String>> waves,
            String message,
            Optional<Instant> again) {}

    /**
     * @param sites those that there are, by name
     * @param approved up to which wave, from 1, this run is approved; 0 for none
     */
    public static Step next(
            RolloutSpec spec,
            NavigableMap<String, Site> sites,
            Progress stored,
            long approved,
            Instant now) {
        Planner planner = new Planner(spec, sites, stored, now);
        if (stored.isStopped() || stored.phase().isDone()) {
            return planner.still();
        }
        return stored.rollingBack() ? planner.back() : planner.forward(approved);
    }

    private Step still() {
        String message =
                switch (stored.phase()) {
                    case IDLE -> "every site has what is asked";
                    case COMPLETED -> completed();
                    case ROLLED_BACK -> "rolled back, since " + why();
                    case FAILED ->
                            unrestored.isEmpty()
                                    ? "there is nothing to go back to; " + why()
                                    : "not brought back: " + names(unrestored) + "; " + why();
                    default -> "stopped, since " + why();
                };
        return step(stored.phase(), stored.rollingBack(), waves.size(), message);
    }

    private String completed() {
        List<String> away = sites.values().stream().filter(Site::away).map(Site::name).toList();
        return away.isEmpty()
                ? "every site has what is asked"
                : "every site that can be heard has what is asked; it waits for " + names(away);
    }

    private String why() {
        return failure == null ? "of an earlier failure" : failure.text();
    }

    // Forward.

    private Step forward(long approved) {
        for (String name : List.copyOf(changing.keySet())) {
            judge(site(name), site(name).updated());
        }
        int current = current();
        if (failure == null && current < waves.size() && spec.deadline().isPresent()) {
            Instant end = stored.started().plus(spec.deadline().get());
            if (now.isBefore(end)) {
                lookAgain(end);
            } else {
                failure =
                        new Failure(
                                "",
                                "DeadlineExceeded",
                                "not done within " + spec.deadline().get().toSeconds() + " s");
            }
        }
        if (failure != null) {
            return failed(current);
        }
        if (current == waves.size()) {
            changing.clear();
            return step(Phase.COMPLETED, false, current, completed());
        }
        Wave wave = spec.waves().get(current);
        if (spec.paused()) {
            return step(Phase.PAUSED, false, current, said("paused by spec.paused"));
        }
        if (wave.approval() && approved <= current) {
            return step(Phase.WAITING_FOR_APPROVAL, false, current, said("waiting for approval"));
        }
        begin(wave, waves.get(current));
        return step(Phase.PROGRESSING, false, current, said(""));
    }

    private Step failed(int current) {
        if (!spec.rollback()) {
            return step(Phase.PAUSED, false, current, "stopped, since " + why());
        }
        if (sites.values().stream().noneMatch(Site::former)) {
            return step(Phase.FAILED, false, current, "there is nothing to go back to; " + why());
        }
        changing.clear();
        return back();
    }

    /** Lets a site pass, or notes its failure. */
    private void judge(Site site, boolean applied) {
        Changing state = changing.get(site.name());
        if (state == null) {
            return;
        }
        if (site.away()) {
            changing.put(
                    site.name(),
                    new Changing(
                            state.since(),
                            state.from(),
                            Optional.empty(),
                            true,
                            state.restartsBefore()));
            waits.add(site.name() + ", which is away");
            return;
        }
        if (state.away()) {
            // Nobody knows how it was meanwhile: its time begins anew.
            state =
                    new Changing(
                            state.since(), now, Optional.empty(), false, state.restartsBefore());
        }
        long restarts = site.restarts() - state.restartsBefore();
        if (applied && restarts > spec.maxRestarts()) {
            fail(
                    site,
                    "PodRestarted",
                    "pod "
                            + site.restartedPod()
                            + " restarted "
                            + (restarts == 1 ? "once" : restarts + " times"));
        } else if (applied && site.settled()) {
            Instant since = state.availableSince().orElse(now);
            Instant passes = since.plus(spec.availableFor());
            if (!now.isBefore(passes)) {
                changing.remove(site.name());
                return;
            }
            state =
                    new Changing(
                            state.since(),
                            state.from(),
                            Optional.of(since),
                            false,
                            state.restartsBefore());
            lookAgain(passes);
            waits.add(
                    site.name()
                            + " to stay available for "
                            + spec.availableFor().toSeconds()
                            + " s");
        } else {
            state =
                    new Changing(
                            state.since(),
                            state.from(),
                            Optional.empty(),
                            false,
                            state.restartsBefore());
            Instant end = state.from().plus(spec.progressDeadline());
            if (now.isBefore(end)) {
                lookAgain(end);
                waits.add(site.name() + because(site));
            } else {
                fail(
                        site,
                        "NotAvailable",
                        "not available after "
                                + spec.progressDeadline().toSeconds()
                                + " s"
                                + because(site));
            }
        }
        changing.put(site.name(), state);
    }

    private static String because(Site site) {
        return site.trouble().isEmpty() ? "" : ": " + site.trouble();
    }

    private void fail(Site site, String reason, String message) {
        if (stored.rollingBack()) {
            unrestored.add(site.name());
        } else if (failure == null) {
            failure = new Failure(site.name(), reason, message);
        }
    }

    /** The first wave with something to do or to wait for. */
    private int current() {
        boolean tried = sites.values().stream().anyMatch(this::passed);
        for (int i = 0; i < waves.size(); i++) {
            List<Site> open = waves.get(i).stream().filter(site -> !passed(site)).toList();
            if (open.isEmpty()) {
                continue;
            }
            boolean last = waves.subList(i + 1, waves.size()).stream().allMatch(List::isEmpty);
            boolean skips =
                    !spec.waitsForAway()
                            && !spec.waves().get(i).canary()
                            && open.stream().allMatch(Site::away)
                            && (last ? tried : open.size() < waves.get(i).size());
            if (!skips) {
                return i;
            }
        }
        return waves.size();
    }

    private boolean passed(Site site) {
        return site.updated() && !changing.containsKey(site.name());
    }

    private void begin(Wave wave, List<Site> members) {
        long most = limit(wave.concurrent().orElse(spec.concurrent()), members.size());
        List<Site> open =
                members.stream()
                        .filter(site -> !passed(site) && !changing.containsKey(site.name()))
                        .toList();
        begin(open.stream().filter(site -> !site.away()).toList(), most);
        open.stream()
                .filter(Site::away)
                .filter(site -> !changing.containsKey(site.name()))
                .forEach(site -> waits.add(site.name() + ", which is away"));
    }

    private static long limit(Share share, int total) {
        return Math.min(MOST, share.roundedUp(total));
    }

    private void begin(List<Site> candidates, long most) {
        Set<String> down = down();
        long active = changing.values().stream().filter(site -> !site.away()).count();
        for (Site site : candidates) {
            if (active >= most || changing.size() >= MOST) {
                return;
            }
            long bearable =
                    spec.unavailable()
                            .map(share -> share.roundedDown(sites.size()))
                            .orElse(Long.MAX_VALUE);
            if (!down.contains(site.name()) && down.size() >= bearable) {
                waits.add(
                        "fewer unavailable sites: "
                                + down.size()
                                + " of "
                                + bearable
                                + " that may be ("
                                + names(down.stream().sorted().toList())
                                + ")");
                // One that is down already may still go.
                candidates.stream()
                        .filter(other -> down.contains(other.name()))
                        .filter(other -> !changing.containsKey(other.name()))
                        .limit(Math.min(most - active, MOST - changing.size()))
                        .forEach(this::begin);
                return;
            }
            begin(site);
            down.add(site.name());
            active++;
        }
    }

    private void begin(Site site) {
        changing.put(site.name(), new Changing(now, now, Optional.empty(), site.away(), 0));
        if (!site.away()) {
            lookAgain(now.plus(spec.progressDeadline()));
        }
        waits.add(site.name());
    }

    /** Sites that do not serve, or may not, whatever the reason. */
    private Set<String> down() {
        Set<String> down = new HashSet<>(changing.keySet());
        for (Site site : sites.values()) {
            if (site.away() || (site.exists() && !site.available())) {
                down.add(site.name());
            }
        }
        return down;
    }

    // Back.

    private Step back() {
        for (String name : List.copyOf(changing.keySet())) {
            Site site = site(name);
            int failed = unrestored.size();
            if (site.away() && site.restored()) {
                changing.remove(name); // it takes it when it is back
            } else {
                judge(site, site.restored());
            }
            if (unrestored.size() > failed) {
                changing.remove(name);
            }
        }
        List<Site> open = new ArrayList<>();
        for (Site site : sites.values()) {
            if (!site.restored()
                    && !changing.containsKey(site.name())
                    && !unrestored.contains(site.name())) {
                open.add(site);
            }
        }
        if (unrestored.size() >= MOST) {
            changing.clear();
            return step(
                    Phase.FAILED,
                    false,
                    waves.size(),
                    "more than " + MOST + " sites could not be brought back; " + why());
        }
        if (open.isEmpty() && changing.isEmpty()) {
            return unrestored.isEmpty()
                    ? step(Phase.ROLLED_BACK, false, waves.size(), "rolled back, since " + why())
                    : step(
                            Phase.FAILED,
                            false,
                            waves.size(),
                            "not brought back: " + names(unrestored) + "; " + why());
        }
        if (spec.paused()) {
            return step(Phase.PAUSED, true, waves.size(), said("paused by spec.paused"));
        }
        String culprit = failure == null ? "" : failure.site();
        open.sort(
                Comparator.comparing((Site site) -> !site.name().equals(culprit))
                        .thenComparing(site -> !site.away())
                        .thenComparing(Site::available)
                        .thenComparing(Site::name));
        open.stream().filter(Site::away).limit(MOST - changing.size()).forEach(this::begin);
        begin(
                open.stream().filter(site -> !site.away()).toList(),
                limit(spec.concurrent(), sites.size()));
        return step(Phase.ROLLING_BACK, true, waves.size(), said("rolling back, since " + why()));
    }

    // Telling.

    private Site site(String name) {
        Site site = sites.get(name);
        if (site == null) {
            throw new IllegalStateException("no site " + name);
        }
        return site;
    }

    private void lookAgain(Instant at) {
        if (again == null || at.isBefore(again)) {
            again = at;
        }
    }

    private String said(String first) {
        String waiting =
                waits.isEmpty()
                        ? ""
                        : "waiting for "
                                + String.join("; ", waits.subList(0, Math.min(NAMED, waits.size())))
                                + (waits.size() > NAMED
                                        ? " and " + (waits.size() - NAMED) + " more"
                                        : "");
        return first.isEmpty() ? waiting : waiting.isEmpty() ? first : first + "; " + waiting;
    }

    private static String names(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        return names.size() > NAMED ? first + " and " + (names.size() - NAMED) + " more" : first;
    }

    private Step step(Phase phase, boolean rollingBack, int wave, String message) {
        Progress progress =
                new Progress(
                        phase,
                        stored.run(),
                        stored.firstRun(),
                        rollingBack,
                        stored.started(),
                        changing,
                        Optional.ofNullable(failure),
                        List.copyOf(unrestored));
        return new Step(
                progress,
                wave,
                wave < waves.size() ? spec.waves().get(wave).name() : "",
                waves.stream().map(members -> members.stream().map(Site::name).toList()).toList(),
                message,
                Optional.ofNullable(again));
    }

    /** How long until that. */
    public static Duration until(Instant at, Instant now) {
        Duration left = Duration.between(now, at);
        return left.isNegative() ? Duration.ZERO : left;
    }
}
