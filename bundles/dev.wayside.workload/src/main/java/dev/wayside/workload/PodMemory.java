// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the agent remembers of one pod between two looks and may forget at any time: back-offs,
 * pulls, stops under way. Immutable. All times are uptimes of the agent, so that no jump of the
 * clock lengthens or shortens a wait.
 *
 * @param crashes by container: the back-off between restarts
 * @param exits by container: when the newest attempt was first seen to have ended
 * @param images by container: how far its image is
 * @param failures by step ({@code sandbox}, {@code volumes}, {@code start NAME})
 * @param stops by container id: when it will be killed
 * @param replaced by container: the attempt that was stopped because its spec has changed
 * @param deletion null unless the pod is to go
 * @param said what was said already and is not to be said again
 * @param confirmed whether the deletion was confirmed
 * @param health by container: what probes and hooks have told of it
 */
record PodMemory(
        Map<String, Crash> crashes,
        Map<String, Exit> exits,
        Map<String, Image> images,
        Map<String, Failure> failures,
        Map<String, Duration> stops,
        Map<String, Integer> replaced,
        @Nullable Deletion deletion,
        Set<String> said,
        boolean confirmed,
        Map<String, Health> health) {

    static final Duration FIRST_DELAY = Duration.ofSeconds(10);
    static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

    /** A container that ran this long before it ended starts with a clean slate. */
    static final Duration FORGIVEN_AFTER = Duration.ofMinutes(10);

    /** Bounds {@code said}; beyond it, things may be said again. */
    private static final int MOST_SAID = 64;

    static final PodMemory EMPTY =
            new PodMemory(
                    Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), null, Set.of(),
                    false, Map.of());

    /**
     * @param delay before the next restart
     * @param since when the container ended that this delay was reckoned from
     */
    record Crash(Duration delay, Duration since) {}

    record Exit(int attempt, Duration seen) {}

    /**
     * @param driver the driver that was asked
     * @param attempt the attempt that it is wanted for
     */
    record Image(String image, String driver, int attempt, ImageState state) {}

    enum ImageState {
        PULLING,
        READY
    }

    /** A step failed {@code count} times and is not tried again before {@code retryAt}. */
    record Failure(String reason, String message, int count, Duration retryAt) {}

    record Deletion(long graceSeconds, Duration deadline) {}

    /**
     * What is known of one attempt of a container beyond that it runs.
     *
     * @param hook whether its postStart hook is under way
     * @param started whether it has started up, as far as a startup probe can tell
     * @param ready whether it is ready, as far as a readiness probe can tell
     * @param unhealthy why it must be ended; {@code ""} if it need not be
     * @param grace how long it gets then; null for as long as the pod says
     */
    record Health(
            String containerId,
            boolean hook,
            boolean started,
            boolean ready,
            String unhealthy,
            @Nullable Duration grace) {

        static Health of(String containerId, boolean started, boolean ready) {
            return new Health(containerId, false, started, ready, "", null);
        }

        Health hook(boolean underWay) {
            return new Health(containerId, underWay, started, ready, unhealthy, grace);
        }

        Health startedUp() {
            return new Health(containerId, hook, true, ready, unhealthy, grace);
        }

        Health ready(boolean isReady) {
            return new Health(containerId, hook, started, isReady, unhealthy, grace);
        }

        Health unhealthy(String why, @Nullable Duration toEnd) {
            return new Health(containerId, hook, started, ready, why, toEnd);
        }
    }

    PodMemory {
        crashes = Map.copyOf(crashes);
        exits = Map.copyOf(exits);
        images = Map.copyOf(images);
        failures = Map.copyOf(failures);
        stops = Map.copyOf(stops);
        replaced = Map.copyOf(replaced);
        health = Map.copyOf(health);
        said = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(said));
    }

    /** Notes when ends are seen for the first time. */
    PodMemory seeing(PodReality reality, Duration now) {
        Map<String, Exit> seen = new HashMap<>(exits);
        for (PodReality.Container container : reality.containers()) {
            Exit known = exits.get(container.name());
            if (container.state() == PodReality.State.EXITED
                    && (known == null || known.attempt() < container.attempt())) {
                seen.put(container.name(), new Exit(container.attempt(), now));
            }
        }
        return seen.equals(exits)
                ? this
                : new PodMemory(
                        crashes, seen, images, failures, stops, replaced, deletion, said, confirmed,
                        health);
    }

    /** The uptime before which the ended attempt has no successor; zero if it may have one now. */
    Duration restartAt(String container, int attempt) {
        Crash crash = crashes.get(container);
        Exit exit = exits.get(container);
        if (crash == null || exit == null || exit.attempt() != attempt || forgiven(crash, exit)) {
            return Duration.ZERO;
        }
        return exit.seen().plus(crash.delay());
    }

    /** The attempt has ended and a successor was started: the next one waits longer. */
    PodMemory restarted(String container, int endedAttempt, Duration now) {
        Exit exit = exits.get(container);
        Exit end =
                exit != null && exit.attempt() == endedAttempt ? exit : new Exit(endedAttempt, now);
        Crash crash = crashes.get(container);
        Duration delay =
                crash == null || forgiven(crash, end) ? FIRST_DELAY : longer(crash.delay());
        Map<String, Crash> next = with(crashes, container, new Crash(delay, end.seen()));
        return new PodMemory(
                next, exits, images, failures, stops, replaced, deletion, said, confirmed, health);
    }

    private static boolean forgiven(Crash crash, Exit exit) {
        return exit.seen().minus(crash.since()).compareTo(FORGIVEN_AFTER) > 0;
    }

    private static Duration longer(Duration delay) {
        Duration doubled = delay.multipliedBy(2);
        return doubled.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : doubled;
    }

    PodMemory withImage(String container, Image image) {
        return new PodMemory(
                crashes,
                exits,
                with(images, container, image),
                failures,
                stops,
                replaced,
                deletion,
                said,
                confirmed,
                health);
    }

    PodMemory withoutImage(String container) {
        return new PodMemory(
                crashes,
                exits,
                without(images, container),
                failures,
                stops,
                replaced,
                deletion,
                said,
                confirmed,
                health);
    }

    /** The step has failed once more. */
    PodMemory failed(String step, String reason, String message, boolean hopeless, Duration now) {
        Failure before = failures.get(step);
        int count = before == null ? 1 : Math.min(before.count() + 1, 1_000);
        Duration delay = hopeless ? LONGEST_DELAY : FIRST_DELAY;
        for (int i = 1; i < count && delay.compareTo(LONGEST_DELAY) < 0; i++) {
            delay = longer(delay);
        }
        Failure failure = new Failure(reason, message, count, now.plus(delay));
        return new PodMemory(
                crashes,
                exits,
                images,
                with(failures, step, failure),
                stops,
                replaced,
                deletion,
                said,
                confirmed,
                health);
    }

    PodMemory succeeded(String step) {
        return failures.containsKey(step)
                ? new PodMemory(
                        crashes,
                        exits,
                        images,
                        without(failures, step),
                        stops,
                        replaced,
                        deletion,
                        said,
                        confirmed,
                        health)
                : this;
    }

    /** All failed steps may be tried again at once: something about the drivers has changed. */
    PodMemory withoutFailures() {
        return failures.isEmpty()
                ? this
                : new PodMemory(
                        crashes, exits, images, Map.of(), stops, replaced, deletion, said,
                        confirmed, health);
    }

    PodMemory stopping(String containerId, Duration deadline) {
        return new PodMemory(
                crashes,
                exits,
                images,
                failures,
                with(stops, containerId, deadline),
                replaced,
                deletion,
                said,
                confirmed,
                health);
    }

    PodMemory stopped(String containerId) {
        return new PodMemory(
                crashes,
                exits,
                images,
                failures,
                without(stops, containerId),
                replaced,
                deletion,
                said,
                confirmed,
                health);
    }

    PodMemory replacing(String container, int attempt) {
        return new PodMemory(
                crashes,
                exits,
                images,
                failures,
                stops,
                with(replaced, container, attempt),
                deletion,
                said,
                confirmed,
                health);
    }

    /**
     * The pod is to go. A shorter grace than before shortens what is left, a longer one does not
     * lengthen it.
     */
    PodMemory deleting(long graceSeconds, Duration now) {
        if (deletion != null && deletion.graceSeconds() == graceSeconds) {
            return this;
        }
        Duration deadline = now.plusSeconds(graceSeconds);
        if (deletion != null && deletion.deadline().compareTo(deadline) < 0) {
            deadline = deletion.deadline();
        }
        return new PodMemory(
                crashes,
                exits,
                images,
                failures,
                stops,
                replaced,
                new Deletion(graceSeconds, deadline),
                said,
                confirmed,
                health);
    }

    PodMemory saying(String what) {
        Set<String> next = new LinkedHashSet<>(said.size() < MOST_SAID ? said : Set.of());
        next.add(what);
        return new PodMemory(
                crashes, exits, images, failures, stops, replaced, deletion, next, confirmed,
                health);
    }

    /** What begins with the prefix may be said again. */
    PodMemory unsaying(String prefix) {
        Set<String> next = new LinkedHashSet<>(said);
        return next.removeIf(what -> what.startsWith(prefix))
                ? new PodMemory(
                        crashes, exits, images, failures, stops, replaced, deletion, next,
                        confirmed, health)
                : this;
    }

    PodMemory withConfirmed() {
        return new PodMemory(
                crashes, exits, images, failures, stops, replaced, deletion, said, true, health);
    }

    PodMemory withHealth(String container, Health now) {
        return new PodMemory(
                crashes,
                exits,
                images,
                failures,
                stops,
                replaced,
                deletion,
                said,
                confirmed,
                with(health, container, now));
    }

    /** What is known of that very attempt. */
    Optional<Health> healthOf(String container, String containerId) {
        return Optional.ofNullable(health.get(container))
                .filter(known -> known.containerId().equals(containerId));
    }

    private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
        Map<String, V> copy = new HashMap<>(map);
        copy.put(key, value);
        return copy;
    }

    private static <V> Map<String, V> without(Map<String, V> map, String key) {
        Map<String, V> copy = new HashMap<>(map);
        copy.remove(key);
        return copy;
    }
}
