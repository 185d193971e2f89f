// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.Outbox;
import dev.wayside.model.ObjectKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;

/**
 * Probes running containers, and notes in the pods' memories what that tells. One thread, the
 * timer's, owns all state; what it starts takes no time of it. Each probe has one check under way
 * at most, and is due again a period after the last one began.
 */
final class Prober {
    /** When things are due. Everything runs on one thread, in its order. */
    interface Timer {
        /** Of the process; never goes back. */
        Duration now();

        void after(Duration delay, Runnable task);
    }

    private static final Duration MOST_JITTER = Duration.ofMillis(500);

    private final Timer timer;
    private final Checks checks;
    private final Memories memories;
    private final Consumer<ObjectKey> queue;
    private final Consumer<Outbox.EventRecord> events;
    private final DoubleSupplier random;

    /** By pod: what is wanted, so that asking for the same again costs nothing. */
    private final Map<String, Set<ProbeTarget.Identity>> wanted = new ConcurrentHashMap<>();

    /** Of the timer's thread: by pod, what is done. */
    private final Map<String, Map<ProbeTarget.Identity, Watch>> watches = new HashMap<>();

    private volatile boolean stopped;

    /**
     * @param queue takes the keys of pods about which something has changed
     * @param random from 0 to 1
     */
    Prober(
            Timer timer,
            Checks checks,
            Memories memories,
            Consumer<ObjectKey> queue,
            Consumer<Outbox.EventRecord> events,
            DoubleSupplier random) {
        this.timer = timer;
        this.checks = checks;
        this.memories = memories;
        this.queue = queue;
        this.events = events;
        this.random = random;
    }

    /** From now on these of the pod are probed, and no others. Of one thread per pod. */
    void keep(String uid, List<ProbeTarget> targets) {
        for (ProbeTarget target : targets) {
            ProbeTarget.Identity who = target.identity();
            memories.update(
                    uid,
                    memory ->
                            memory.healthOf(who.container(), who.containerId()).isPresent()
                                    ? memory
                                    : memory.withHealth(who.container(), target.seed()));
        }
        Set<ProbeTarget.Identity> identities = new HashSet<>();
        targets.forEach(target -> identities.add(target.identity()));
        Set<ProbeTarget.Identity> before =
                identities.isEmpty() ? wanted.remove(uid) : wanted.put(uid, identities);
        if (!identities.equals(before == null ? Set.of() : before)) {
            timer.after(Duration.ZERO, () -> settle(uid, targets));
        }
    }

    /** Drops all pods but these. */
    void retain(Set<String> uids) {
        for (String uid : Set.copyOf(wanted.keySet())) {
            if (!uids.contains(uid)) {
                keep(uid, List.of());
            }
        }
    }

    /** Nothing begins any more. */
    void stop() {
        stopped = true;
    }

    private void settle(String uid, List<ProbeTarget> targets) {
        Map<ProbeTarget.Identity, Watch> before = watches.getOrDefault(uid, Map.of());
        Map<ProbeTarget.Identity, Watch> now = new HashMap<>();
        for (ProbeTarget target : targets) {
            Watch known = before.get(target.identity());
            now.put(target.identity(), known == null ? new Watch(target) : known);
        }
        before.forEach(
                (identity, watch) -> {
                    if (!now.containsKey(identity)) {
                        watch.over = true;
                    }
                });
        if (now.isEmpty()) {
            watches.remove(uid);
        } else {
            watches.put(uid, now);
        }
        now.forEach(
                (identity, watch) -> {
                    if (!before.containsKey(identity)) {
                        watch.begin();
                    }
                });
    }

    /** One container's probes. */
    private final class Watch {
        private final ProbeTarget target;
        private final ProbeTarget.Identity who;
        private final EventBudget budget = new EventBudget(timer.now());
        private final Duration since = timer.now();
        private boolean started;
        private boolean over;

        Watch(ProbeTarget target) {
            this.target = target;
            this.who = target.identity();
            this.started =
                    target.seed().started()
                            || who.probes().stream()
                                    .noneMatch(it -> it.kind() == ProbeSpec.Kind.STARTUP);
        }

        void begin() {
            for (ProbeSpec probe : who.probes()) {
                if (started != (probe.kind() == ProbeSpec.Kind.STARTUP)) {
                    Worker worker = new Worker(probe);
                    timer.after(first(probe), worker::check);
                }
            }
        }

        /** What was found running is spread over a period, lest all come at once each time. */
        private Duration first(ProbeSpec probe) {
            boolean fresh = target.age().compareTo(probe.period()) < 0;
            Duration most = fresh ? min(probe.period().dividedBy(4), MOST_JITTER) : probe.period();
            long jitter = (long) (most.toNanos() * random.getAsDouble());
            return delay(probe).plusNanos(jitter);
        }

        private Duration delay(ProbeSpec probe) {
            Duration ran = target.age().plus(timer.now().minus(since));
            Duration left = probe.initialDelay().minus(ran);
            return left.isNegative() ? Duration.ZERO : min(left, probe.initialDelay());
        }

        private final class Worker {
            private final ProbeSpec probe;
            private final ProbeCount count;

            Worker(ProbeSpec probe) {
                this.probe = probe;
                this.count = new ProbeCount(probe.successes(), probe.failures());
            }

            void check() {
                if (over || stopped) {
                    return;
                }
                Duration begun = timer.now();
                checks.run(
                        new Checks.Where(who.driver(), who.uid(), who.containerId()),
                        probe.handler(),
                        probe.timeout(),
                        outcome -> timer.after(Duration.ZERO, () -> done(begun, outcome)));
            }

            private void done(Duration begun, Outcome outcome) {
                if (over || stopped) {
                    return;
                }
                if (outcome.kind() != Outcome.Kind.SUCCESS) {
                    complain(outcome);
                }
                if (outcome.kind() == Outcome.Kind.UNKNOWN
                        || !last(count.add(outcome.kind() == Outcome.Kind.SUCCESS))) {
                    Duration left = probe.period().minus(timer.now().minus(begun));
                    timer.after(left.isNegative() ? Duration.ZERO : left, this::check);
                }
            }

            private void complain(Outcome outcome) {
                if (budget.take(timer.now())) {
                    String how =
                            outcome.kind() == Outcome.Kind.FAILURE ? " failed: " : " errored: ";
                    event("Unhealthy", probe.kind().title + " probe" + how + outcome.message());
                }
            }

            /** Draws the conclusions; returns whether this was the last check. */
            private boolean last(Optional<Boolean> well) {
                if (well.isEmpty()) {
                    return false;
                }
                switch (probe.kind()) {
                    case READINESS -> {
                        change(health -> health.ready(well.get()));
                        return false;
                    }
                    case STARTUP -> {
                        if (well.get()) {
                            started = true;
                            change(PodMemory.Health::startedUp);
                            startedUp();
                            return true;
                        }
                    }
                    case LIVENESS -> {
                        if (well.get()) {
                            return false;
                        }
                    }
                }
                over = true;
                String why =
                        "Container " + who.container() + " failed " + probe.kind().word + " probe";
                change(health -> health.unhealthy(why, probe.grace()));
                return true;
            }
        }

        private void startedUp() {
            for (ProbeSpec probe : who.probes()) {
                if (probe.kind() != ProbeSpec.Kind.STARTUP) {
                    timer.after(delay(probe), new Worker(probe)::check);
                }
            }
        }

        private void change(UnaryOperator<PodMemory.Health> change) {
            boolean[] changed = {false};
            memories.updateIfKnown(
                    who.uid(),
                    memory -> {
                        // What is known of another attempt is none of our business.
                        Optional<PodMemory.Health> before =
                                memory.healthOf(who.container(), who.containerId());
                        Optional<PodMemory.Health> after = before.map(change);
                        changed[0] = !after.equals(before);
                        return after.map(health -> memory.withHealth(who.container(), health))
                                .orElse(memory);
                    });
            if (changed[0]) {
                queue.accept(who.key());
            }
        }

        private void event(String reason, String message) {
            events.accept(
                    new Outbox.EventRecord(
                            who.key(), "Pod", who.uid(), "Warning", reason, message));
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
