// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings one key, that is one pod's name, to where it should be: looks, plans, acts, and looks
 * again until there is nothing left to do at once. Calls for one key come one at a time.
 */
final class PodSync {
    /** Far more rounds than any pod needs; what is left is done when the key comes again. */
    private static final int MOST_ROUNDS = 20;

    private final DesiredState state;
    private final Outbox outbox;
    private final PodRecords records;
    private final Drivers drivers;
    private final VolumeStore volumes;
    private final Planner planner;
    private final PodActor actor;
    private final Prober prober;
    private final Memories memories;
    private final ObjectKey nodeKey;
    private final Clock clock;
    private final Supplier<Duration> uptime;
    private volatile boolean stopped;

    PodSync(
            DesiredState state,
            Outbox outbox,
            PodRecords records,
            Drivers drivers,
            VolumeStore volumes,
            Planner planner,
            PodActor actor,
            Prober prober,
            Memories memories,
            String nodeName,
            Clock clock,
            Supplier<Duration> uptime) {
        this.state = state;
        this.outbox = outbox;
        this.records = records;
        this.drivers = drivers;
        this.volumes = volumes;
        this.planner = planner;
        this.actor = actor;
        this.prober = prober;
        this.memories = memories;
        this.nodeKey = ResourceType.NODES.key("", nodeName);
        this.clock = clock;
        this.uptime = uptime;
    }

    /**
     * @throws DriverException if the driver could not do a step; the caller tries again later
     * @throws StateException if something could not be stored; the caller tries again later
     */
    void sync(ObjectKey key) throws DriverException, StateException {
        Optional<KubeObject> pod = state.get(key);
        String wanted = pod.map(KubeObject::uid).orElse("");
        // A Pod of the same name with another UID has taken the place of the old one for good.
        boolean complete = pod.isPresent() || state.complete(ResourceType.PODS);
        boolean alone = true;
        for (String uid : uids(key)) {
            if (!uid.equals(wanted)) {
                alone &= settle(key, uid, null, complete);
            }
        }
        if (pod.isPresent() && alone) {
            settle(key, wanted, pod.get(), true);
        }
    }

    /** From now on no action begins; one that is under way goes on to its end. */
    void stop() {
        stopped = true;
    }

    private Set<String> uids(ObjectKey key) {
        Set<String> uids = new LinkedHashSet<>(drivers.uids(key));
        records.of(key).forEach(record -> uids.add(record.uid()));
        return uids;
    }

    /** Returns whether nothing of this UID is left. */
    private boolean settle(
            ObjectKey key, String uid, @Nullable KubeObject pod, boolean podsComplete)
            throws DriverException, StateException {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            if (pod == null && records.get(uid).isEmpty() && drivers.key(uid).isEmpty()) {
                prober.keep(uid, List.of());
                return true;
            }
            Optional<BoundDriver> driver = driver(uid, pod);
            PodFacts facts = look(key, uid, pod, podsComplete, driver);
            if (facts == null) {
                return false;
            }
            prober.keep(uid, ProbeTarget.of(key, facts));
            boolean changed = false;
            for (Action action : planner.plan(facts)) {
                if (stopped) {
                    // Another agent may be at work already: from here on it is its turn.
                    return false;
                }
                changed |= action.changesReality();
                if (!actor.perform(key, facts, driver, action)) {
                    changed = true;
                    break;
                }
            }
            if (!changed) {
                return facts.reality() == null && facts.record() == null;
            }
        }
        actor.requeue(key, Duration.ofSeconds(1));
        return false;
    }

    private Optional<BoundDriver> driver(String uid, @Nullable KubeObject pod) {
        String recorded = records.get(uid).map(PodRecord::driver).orElse("");
        if (!recorded.isEmpty()) {
            return drivers.named(recorded);
        }
        Optional<BoundDriver> holding = drivers.holding(uid);
        return holding.isPresent() || pod == null ? holding : drivers.suiting(pod);
    }

    /** Null if too little is known to do anything: a driver is away. Its return queues the key. */
    private @Nullable PodFacts look(
            ObjectKey key,
            String uid,
            @Nullable KubeObject pod,
            boolean podsComplete,
            Optional<BoundDriver> driver)
            throws DriverException {
        PodRecord record = records.get(uid).orElse(null);
        boolean goes = pod == null || pod.deleted().isPresent();
        // The driver's name is recorded before anything is made.
        boolean nothingMade = record != null && record.driver().isEmpty();
        if (driver.isEmpty() && !(goes && nothingMade)) {
            return null;
        }
        if (goes && record == null && drivers.holding(uid).isEmpty() && !drivers.settled()) {
            return null;
        }
        PodReality reality =
                driver.isPresent() ? driver.get().driver().pod(uid).orElse(null) : null;
        if (reality != null) {
            driver.get().saw(uid, key);
        } else if (driver.isPresent()) {
            driver.get().gone(uid);
        }
        Duration now = uptime.get();
        PodMemory memory =
                memories.update(uid, known -> remember(known, reality, pod, record, now));
        PodFacts.NodeFacts node = state.get(nodeKey).flatMap(PodFacts.NodeFacts::of).orElse(null);
        JsonObject lastStatus =
                outbox.lastStatus(key, uid)
                        .orElseGet(() -> pod == null ? JsonObject.EMPTY : pod.status());
        PodFacts facts =
                new PodFacts(
                        uid,
                        pod,
                        podsComplete,
                        reality,
                        record,
                        pod == null ? Inputs.NONE : Inputs.of(pod, state),
                        PodFacts.Volumes.NONE,
                        lastStatus,
                        memory,
                        node,
                        driver.map(BoundDriver::name).orElse(""),
                        clock.instant(),
                        now);
        return goes || record == null || !record.admitted() || facts.terminal()
                ? facts
                : facts.with(volumes(facts, java.util.Objects.requireNonNull(pod)));
    }

    private static PodMemory remember(
            PodMemory known,
            @Nullable PodReality reality,
            @Nullable KubeObject pod,
            @Nullable PodRecord record,
            Duration now) {
        PodMemory memory = reality == null ? known : known.seeing(reality, now);
        long usual = record == null ? Admission.DEFAULT_GRACE_SECONDS : record.graceSeconds();
        if (pod == null) {
            return memory.deleting(usual, now);
        }
        return pod.deleted().isPresent()
                ? memory.deleting(pod.deletionGraceSeconds().orElse(usual), now)
                : memory;
    }

    private PodFacts.Volumes volumes(PodFacts facts, KubeObject pod) {
        try {
            var wants = VolumeWants.of(facts.fields(pod), facts.inputs());
            return new PodFacts.Volumes(wants, current(facts.uid(), wants), "");
        } catch (InputException e) {
            return new PodFacts.Volumes(java.util.Map.of(), false, e.text());
        }
    }

    private boolean current(String uid, java.util.Map<String, VolumeWant> wants) {
        try {
            return volumes.current(uid, wants);
        } catch (IOException | IllegalArgumentException e) {
            // Preparing them will tell what is wrong.
            return false;
        }
    }

    /** Every key that there could be something to do for. */
    Set<ObjectKey> keys() {
        Set<ObjectKey> keys = new LinkedHashSet<>();
        state.list(ResourceType.PODS).forEach(pod -> keys.add(pod.key(ResourceType.PODS)));
        records.all().forEach(record -> keys.add(record.key()));
        drivers.all().forEach(driver -> keys.addAll(driver.pods().values()));
        return keys;
    }

    /** Removes folders and memories of pods that are nobody's any more. */
    void sweep() throws IOException {
        // Folders first: one that is made from now on has a record by then.
        List<String> folders = volumes.uids();
        Set<String> alive = new LinkedHashSet<>();
        state.list(ResourceType.PODS).forEach(pod -> alive.add(pod.uid()));
        records.all().forEach(record -> alive.add(record.uid()));
        drivers.all().forEach(driver -> alive.addAll(driver.pods().keySet()));
        memories.retain(alive);
        prober.retain(alive);
        if (state.complete(ResourceType.PODS) && drivers.settled()) {
            for (String uid : folders) {
                if (!alive.contains(uid)) {
                    volumes.remove(uid);
                }
            }
        }
    }
}
