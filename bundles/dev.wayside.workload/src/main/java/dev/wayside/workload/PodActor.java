// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Performs a plan's actions. Pulls and stops take long and go on in the background. */
final class PodActor {
    private static final Logger LOG = LoggerFactory.getLogger(PodActor.class);
    private static final Duration RETRY_STOP = Duration.ofSeconds(5);

    private final Outbox outbox;
    private final PodRecords records;
    private final Admitter admitter;
    private final VolumeStore volumes;
    private final Memories memories;
    private final Supplier<Duration> uptime;
    private final Executor pulls;
    private final Executor stops;
    private final Executor hookThreads;
    private final Hooks hooks;
    private final BiConsumer<ObjectKey, Duration> queue;
    private final Consumer<Outbox.EventRecord> events;

    PodActor(
            Outbox outbox,
            PodRecords records,
            Admitter admitter,
            VolumeStore volumes,
            Memories memories,
            Supplier<Duration> uptime,
            Executor pulls,
            Executor stops,
            Executor hookThreads,
            Hooks hooks,
            BiConsumer<ObjectKey, Duration> queue,
            Consumer<Outbox.EventRecord> events) {
        this.outbox = outbox;
        this.records = records;
        this.admitter = admitter;
        this.volumes = volumes;
        this.memories = memories;
        this.uptime = uptime;
        this.pulls = pulls;
        this.stops = stops;
        this.hookThreads = hookThreads;
        this.hooks = hooks;
        this.queue = queue;
        this.events = events;
    }

    void requeue(ObjectKey key, Duration after) {
        queue.accept(key, after);
    }

    /**
     * Performs one action.
     *
     * @return false if it failed in a way that the pod's memory now knows of: the rest of the plan
     *     is void
     */
    boolean perform(ObjectKey key, PodFacts facts, Optional<BoundDriver> driver, Action action)
            throws DriverException, StateException {
        Pod pod = new Pod(key, facts, driver);
        if (action instanceof Action.Admit) {
            return admit(pod);
        }
        if (action instanceof Action.PrepareVolumes prepare) {
            return prepare(pod, prepare);
        }
        if (action instanceof Action.EnsureSandbox sandbox) {
            return sandbox(pod, sandbox);
        }
        if (action instanceof Action.NoteSandbox note) {
            PodRecord record = facts.record();
            if (record != null) {
                records.put(record.withSandbox(note.sandboxId(), note.former()));
            }
        } else if (action instanceof Action.PullImage pull) {
            pull(pod, pull);
        } else if (action instanceof Action.StartContainer start) {
            return start(pod, start.request(), start.postStart());
        } else if (action instanceof Action.StopContainer stop) {
            stop(pod, stop);
        } else if (action instanceof Action.RemoveContainer remove) {
            pod.driver().driver().removeContainer(facts.uid(), remove.containerId());
        } else if (action instanceof Action.RemovePod) {
            pod.driver().driver().removePod(facts.uid());
            pod.driver().gone(facts.uid());
            LOG.info("Removed pod {} ({})", key.path(), facts.uid());
        } else if (action instanceof Action.Forget) {
            forget(pod);
        } else if (action instanceof Action.ConfirmDeletion) {
            outbox.confirmDeletion(key, facts.uid());
            memories.update(facts.uid(), PodMemory::withConfirmed);
        } else if (action instanceof Action.ReportStatus report) {
            outbox.status(key, facts.uid(), report.status());
        } else if (action instanceof Action.Say say) {
            pod.event(say.type(), say.reason(), say.message());
            memories.update(facts.uid(), memory -> memory.saying(say.once()));
        } else if (action instanceof Action.Wait wait) {
            requeue(key, wait.until().minus(uptime.get()));
        }
        return true;
    }

    /** The pod that an action is for. */
    private final class Pod {
        final ObjectKey key;
        final PodFacts facts;
        private final Optional<BoundDriver> driver;

        Pod(ObjectKey key, PodFacts facts, Optional<BoundDriver> driver) {
            this.key = key;
            this.facts = facts;
            this.driver = driver;
        }

        /** Plans ask nothing of a driver when there is none. */
        BoundDriver driver() {
            return driver.orElseThrow();
        }

        void event(String type, String reason, String message) {
            events.accept(new Outbox.EventRecord(key, "Pod", facts.uid(), type, reason, message));
        }

        boolean failed(String step, DriverException failure, String eventReason, String what) {
            String message = String.valueOf(failure.getMessage());
            boolean hopeless = failure.kind() == DriverException.Kind.REFUSED;
            memories.update(
                    facts.uid(),
                    memory ->
                            memory.failed(step, failure.reason(), message, hopeless, uptime.get()));
            event("Warning", eventReason, what + message);
            LOG.warn("Pod {}: {}{}", key.path(), what, message);
            return false;
        }
    }

    private boolean admit(Pod pod) throws StateException {
        PodRecord record = admitter.admit(pod.facts);
        if (!record.admitted()) {
            pod.event("Warning", record.rejection(), record.message());
            LOG.info("Rejected pod {}: {}", pod.key.path(), record.rejection());
        }
        return true;
    }

    private boolean prepare(Pod pod, Action.PrepareVolumes prepare) throws StateException {
        String uid = pod.facts.uid();
        try {
            volumes.prepare(uid, prepare.wants());
            memories.update(uid, memory -> memory.succeeded(Steps.VOLUMES));
            return true;
        } catch (IOException | IllegalArgumentException e) {
            String message = "MountVolume.SetUp failed: " + e.getMessage();
            memories.update(
                    uid,
                    memory ->
                            memory.failed(
                                    Steps.VOLUMES, "FailedMount", message, false, uptime.get()));
            pod.event("Warning", "FailedMount", message);
            LOG.warn("Pod {}: {}", pod.key.path(), message);
            return false;
        }
    }

    private boolean sandbox(Pod pod, Action.EnsureSandbox sandbox) throws StateException {
        String uid = pod.facts.uid();
        PodRecord record = pod.facts.record();
        if (record != null && !record.driver().equals(pod.driver().name())) {
            // Whatever happens next, we shall know where to look.
            records.put(record.withDriver(pod.driver().name()));
        }
        try {
            PodReality made = pod.driver().driver().ensureSandbox(sandbox.request());
            pod.driver().saw(made.uid(), pod.key);
            memories.update(uid, memory -> memory.succeeded(Steps.SANDBOX));
            return true;
        } catch (DriverException e) {
            return pod.failed(
                    Steps.SANDBOX, e, "FailedCreatePodSandBox", "Failed to create pod sandbox: ");
        }
    }

    private void pull(Pod pod, Action.PullImage pull) {
        String uid = pod.facts.uid();
        String driverName = pod.driver().name();
        String step = Steps.pull(pull.container(), pull.image());
        memories.update(
                uid,
                memory ->
                        memory.withImage(
                                pull.container(),
                                image(pull, driverName, PodMemory.ImageState.PULLING)));
        background(
                pulls,
                pod,
                () -> {
                    try {
                        pod.driver().driver().ensureImage(pull.image(), pull.policy());
                        memories.updateIfKnown(
                                uid,
                                memory ->
                                        memory.succeeded(step)
                                                .withImage(
                                                        pull.container(),
                                                        image(
                                                                pull,
                                                                driverName,
                                                                PodMemory.ImageState.READY)));
                        pod.event(
                                "Normal",
                                "Pulled",
                                "Container image \"" + pull.image() + "\" present on machine");
                        return Duration.ZERO;
                    } catch (DriverException e) {
                        memories.update(uid, memory -> memory.withoutImage(pull.container()));
                        pod.failed(
                                step,
                                e,
                                "Failed",
                                "Failed to pull image \"" + pull.image() + "\": ");
                        return Duration.ZERO;
                    }
                },
                () -> memories.update(uid, memory -> memory.withoutImage(pull.container())));
    }

    private static PodMemory.Image image(
            Action.PullImage pull, String driver, PodMemory.ImageState state) {
        return new PodMemory.Image(pull.image(), driver, pull.attempt(), state);
    }

    private boolean start(Pod pod, ContainerRequest request, @Nullable Handler postStart) {
        String uid = pod.facts.uid();
        String name = request.name();
        String step = Steps.start(name, request.specHash());
        PodReality.Container started;
        try {
            started = pod.driver().driver().startContainer(request);
        } catch (DriverException e) {
            // The image may be the cause: it is looked at again before the next try.
            memories.update(uid, memory -> memory.withoutImage(name));
            return pod.failed(step, e, "Failed", "Error: ");
        }
        memories.update(
                uid,
                memory -> backOff(memory.succeeded(step).unsaying("config " + name), pod, request));
        if (pod.facts.existing().stream().noneMatch(it -> it.id().equals(started.id()))) {
            pod.event("Normal", "Created", "Created container " + name);
        }
        pod.event("Normal", "Started", "Started container " + name);
        LOG.info("Started container {} of pod {}", name, pod.key.path());
        if (postStart != null && started.state() == PodReality.State.RUNNING) {
            postStart(pod, name, started.id(), postStart);
        }
        return true;
    }

    private void postStart(Pod pod, String name, String id, Handler hook) {
        String uid = pod.facts.uid();
        memories.update(
                uid,
                memory ->
                        memory.withHealth(name, PodMemory.Health.of(id, false, false).hook(true)));
        Checks.Where where = new Checks.Where(pod.driver().name(), uid, id);
        UnaryOperator<PodMemory> done =
                memory ->
                        memory.healthOf(name, id)
                                .map(health -> memory.withHealth(name, health.hook(false)))
                                .orElse(memory);
        background(
                hookThreads,
                pod,
                () -> {
                    Outcome outcome = hooks.run(where, hook, Hooks.LONGEST);
                    if (outcome.kind() == Outcome.Kind.FAILURE) {
                        pod.event(
                                "Warning",
                                "FailedPostStartHook",
                                "PostStartHook failed: " + outcome.message());
                        memories.updateIfKnown(
                                uid,
                                memory ->
                                        memory.healthOf(name, id)
                                                .map(
                                                        health ->
                                                                memory.withHealth(
                                                                        name,
                                                                        health.unhealthy(
                                                                                "Container "
                                                                                        + name
                                                                                        + " failed"
                                                                                        + " its postStart"
                                                                                        + " hook",
                                                                                null)))
                                                .orElse(memory));
                    }
                    memories.updateIfKnown(uid, done);
                    return Duration.ZERO;
                },
                () -> memories.update(uid, done));
    }

    private PodMemory backOff(PodMemory memory, Pod pod, ContainerRequest request) {
        String name = request.name();
        Optional<PodReality.Container> before =
                pod.facts
                        .newest(name)
                        .filter(it -> it.state() == PodReality.State.EXITED)
                        .filter(it -> it.attempt() < request.attempt());
        if (before.isEmpty()) {
            return memory;
        }
        int ended = before.get().attempt();
        Integer replaced = memory.replaced().get(name);
        return replaced != null && replaced == ended
                ? memory
                : memory.restarted(name, ended, uptime.get());
    }

    private void stop(Pod pod, Action.StopContainer stop) {
        String uid = pod.facts.uid();
        String id = stop.containerId();
        Duration deadline = uptime.get().plus(stop.grace());
        boolean first = !pod.facts.memory().stops().containsKey(id);
        memories.update(
                uid,
                memory -> {
                    PodMemory stopping = memory.stopping(id, deadline);
                    return stop.replaced()
                            ? stopping.replacing(stop.name(), stop.attempt())
                            : stopping;
                });
        if (first) {
            pod.event("Normal", "Killing", stop.why());
            LOG.info("Pod {}: {}", pod.key.path(), stop.why());
        }
        Handler preStop = first && !stop.grace().isZero() ? stop.preStop() : null;
        background(
                stops,
                pod,
                () -> {
                    try {
                        Duration left = stop.grace();
                        if (preStop != null) {
                            left = preStop(pod, id, preStop, deadline);
                        }
                        pod.driver().driver().stopContainer(uid, id, left);
                        return Duration.ZERO;
                    } catch (DriverException e) {
                        LOG.warn(
                                "Could not stop {} of pod {}, trying again: {}",
                                stop.name(),
                                pod.key.path(),
                                e.getMessage());
                        return RETRY_STOP;
                    } finally {
                        memories.updateIfKnown(uid, memory -> memory.stopped(id));
                    }
                },
                () -> memories.update(uid, memory -> memory.stopped(id)));
    }

    /** Runs the hook; returns how long the container then has to end. */
    private Duration preStop(Pod pod, String id, Handler hook, Duration deadline) {
        Checks.Where where = new Checks.Where(pod.driver().name(), pod.facts.uid(), id);
        Outcome outcome = hooks.run(where, hook, deadline.minus(uptime.get()));
        if (outcome.kind() == Outcome.Kind.FAILURE) {
            pod.event("Warning", "FailedPreStopHook", "PreStopHook failed: " + outcome.message());
        }
        Duration left = deadline.minus(uptime.get());
        return left.compareTo(Teardown.LEAST_GRACE) < 0 ? Teardown.LEAST_GRACE : left;
    }

    /**
     * Runs the task elsewhere and queues the key when it has ended.
     *
     * @param refused undoes what was noted, if there is no room for the task
     */
    private void background(Executor executor, Pod pod, Supplier<Duration> task, Runnable refused) {
        try {
            executor.execute(() -> requeue(pod.key, task.get()));
        } catch (RejectedExecutionException e) {
            refused.run();
            requeue(pod.key, RETRY_STOP);
        }
    }

    private void forget(Pod pod) throws StateException {
        String uid = pod.facts.uid();
        try {
            volumes.remove(uid);
        } catch (IOException e) {
            // The pod must not hang on this; the sweep tries again.
            LOG.warn("Could not remove the folder of pod {} yet: {}", uid, e.toString());
        }
        records.remove(uid);
        if (pod.facts.pod() == null) {
            memories.drop(uid);
        }
    }
}
