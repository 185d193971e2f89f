// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says what to do next for one pod. Pure: no I/O, no clock, no memory of its own.
 *
 * <p>A plan may break off after any action, also because the device loses power. The next plan is
 * made from what is there then. So that this ends well, each plan keeps to these rules:
 *
 * <ul>
 *   <li>Nothing is made for a pod without a remembered admission.
 *   <li>An attempt is started only if the attempt before it has ended, and its number is higher
 *       than that of every attempt that exists or was reported. (The driver starts no attempt
 *       twice.)
 *   <li>A running container is stopped only because the pod goes, its own spec has changed, its
 *       surroundings are lost, or a newer attempt exists.
 *   <li>What is remembered of a pod goes after what exists of it, the confirmation comes last.
 * </ul>
 */
final class Planner {
    private final ContainerRequests requests;

    /**
     * @param pods the folder that holds a folder per pod
     */
    Planner(Path pods, Path volumes) {
        this.requests = new ContainerRequests(pods, volumes);
    }

    /** The next actions, in their order. Empty if all is as it should be. */
    List<Action> plan(PodFacts facts) {
        KubeObject pod = facts.pod();
        if (pod == null) {
            return facts.podsComplete() ? Teardown.plan(facts) : List.of();
        }
        if (pod.deleted().isPresent()) {
            return Teardown.plan(facts);
        }
        if (facts.terminal()) {
            List<Action> stops = new ArrayList<>();
            facts.running().stream()
                    .filter(container -> !facts.memory().stops().containsKey(container.id()))
                    .forEach(
                            it ->
                                    stops.add(
                                            stop(
                                                    facts,
                                                    it,
                                                    grace(pod),
                                                    false,
                                                    "Stopping container " + it.name())));
            return stops;
        }
        PodRecord record = facts.record();
        if (record == null) {
            return admit(facts, pod);
        }
        if (!record.admitted()) {
            return report(facts, StatusView.rejected(facts, pod, record));
        }
        return new Round(facts, pod).plan();
    }

    private static List<Action> admit(PodFacts facts, KubeObject pod) {
        Optional<String> unsupported =
                facts.existing().isEmpty()
                        ? new Support(facts.driver()).unsupported(pod)
                        : Optional.empty();
        if (unsupported.isPresent()) {
            String message = unsupported.get() + " is not supported by this gateway";
            List<Action> actions = new ArrayList<>();
            say(facts, actions, "Warning", "Unsupported", message, "unsupported " + message);
            actions.addAll(report(facts, StatusView.held(facts, pod, "Unsupported", message)));
            return actions;
        }
        // The Node's coming queues the key.
        return facts.node() == null ? List.of() : List.of(new Action.Admit());
    }

    private static List<Action> report(PodFacts facts, JsonObject status) {
        return status.equals(facts.lastStatus())
                ? List.of()
                : List.of(new Action.ReportStatus(status));
    }

    private static void say(
            PodFacts facts,
            List<Action> actions,
            String type,
            String reason,
            String message,
            String once) {
        if (!facts.memory().said().contains(once)) {
            actions.add(new Action.Say(type, reason, message, once));
        }
    }

    static Action.StopContainer stop(
            PodFacts facts,
            PodReality.Container container,
            Duration grace,
            boolean replaced,
            String why) {
        return new Action.StopContainer(
                container.id(),
                container.name(),
                container.attempt(),
                grace,
                replaced,
                why,
                hook(facts, container.name(), "preStop"));
    }

    private static @Nullable Handler hook(PodFacts facts, String container, String name) {
        KubeObject pod = facts.pod();
        if (pod == null) {
            return null;
        }
        for (JsonObject spec : PodContainers.all(pod)) {
            JsonObject hook = spec.object("lifecycle", name);
            if (spec.text("name").equals(container) && !hook.isEmpty()) {
                return Handler.of(hook, spec, ProbeTarget.address(facts))
                        .orElseGet(() -> new Handler.Broken("the pod has no address"));
            }
        }
        return null;
    }

    private static Duration grace(KubeObject pod) {
        return Duration.ofSeconds(
                pod.spec()
                        .number("terminationGracePeriodSeconds")
                        .orElse(Admission.DEFAULT_GRACE_SECONDS));
    }

    /** One plan for an admitted pod that should run. */
    private final class Round {
        private final PodFacts facts;
        private final KubeObject pod;
        private final PodMemory memory;
        private final String restartPolicy;
        private final List<Action> actions = new ArrayList<>();
        private final List<Action> starts = new ArrayList<>();
        private final Map<String, StatusView.Waiting> waiting = new LinkedHashMap<>();
        private @Nullable Duration wake;

        Round(PodFacts facts, KubeObject pod) {
            this.facts = facts;
            this.pod = pod;
            this.memory = facts.memory();
            this.restartPolicy = pod.spec().string("restartPolicy").orElse("Always");
        }

        List<Action> plan() {
            tidy();
            if (facts.reality() != null && !facts.sandboxRunning() && !facts.running().isEmpty()) {
                // Without their surroundings they have no address that others know, and nothing can
                // join them: they start anew together.
                facts.running()
                        .forEach(
                                it ->
                                        stopOnce(
                                                it,
                                                false,
                                                "Pod sandbox is gone, it will be re-created:"
                                                        + " stopping "));
            } else {
                Optional<Action> moved = Initialization.moved(facts, pod);
                if (moved.isPresent()) {
                    return List.of(moved.get());
                }
                initContainers();
                if (new Initialization(facts, pod).complete()) {
                    PodContainers.regular(pod).forEach(this::container);
                } else {
                    PodContainers.regular(pod).forEach(it -> itsTurnComes(it.text("name")));
                }
                if (!starts.isEmpty() && !facts.sandboxRunning()) {
                    makeSandbox();
                }
                if (facts.sandboxRunning()) {
                    actions.addAll(starts);
                }
                refreshVolumes();
            }
            if (actions.stream().noneMatch(Action::changesReality)) {
                // After what goes on in the background, so that it does not wait for the disk.
                actions.addAll(report(facts, StatusView.running(facts, pod, waiting)));
            }
            if (wake != null) {
                actions.add(new Action.Wait(wake));
            }
            return actions;
        }

        /** Ends older attempts, and removes them once they are of no more interest. */
        private void tidy() {
            for (PodReality.Container old : facts.existing()) {
                int newest = facts.newest(old.name()).orElse(old).attempt();
                if (old.attempt() < newest && old.state() == PodReality.State.RUNNING) {
                    stopOnce(old, false, "Stopping older attempt of container ");
                } else if (old.attempt() < newest - 1) {
                    actions.add(new Action.RemoveContainer(old.id(), old.name()));
                }
            }
        }

        private void stopOnce(PodReality.Container container, boolean replaced, String why) {
            if (!memory.stops().containsKey(container.id())) {
                actions.add(stop(facts, container, grace(pod), replaced, why + container.name()));
            }
        }

        /** One after the other; sidecars stay. */
        private void initContainers() {
            Initialization initialization = new Initialization(facts, pod);
            List<JsonObject> init = PodContainers.init(pod);
            if (over()) {
                stopSidecars(init);
                return;
            }
            boolean turn = true;
            for (JsonObject spec : init) {
                boolean through = initialization.through(spec);
                if (PodContainers.isSidecar(spec) ? turn || through : turn && !through) {
                    container(spec);
                } else if (!through) {
                    itsTurnComes(spec.text("name"));
                }
                turn &= through;
            }
        }

        /** Whether all that the pod was for has ended for good. */
        private boolean over() {
            boolean failed =
                    restartPolicy.equals("Never")
                            && !new Initialization(facts, pod).complete()
                            && PodContainers.init(pod).stream()
                                    .filter(spec -> !PodContainers.isSidecar(spec))
                                    .anyMatch(this::endedForGood);
            return failed || PodContainers.regular(pod).stream().allMatch(this::endedForGood);
        }

        /** For init containers: ended badly. */
        private boolean endedForGood(JsonObject spec) {
            String name = spec.text("name");
            Optional<PodReality.Container> newest = facts.newest(name);
            int exitCode;
            if (newest.isPresent()) {
                if (newest.get().state() != PodReality.State.EXITED) {
                    return false;
                }
                exitCode = newest.get().exitCode();
            } else if (facts.lastReportedAttempt(name).isPresent()) {
                exitCode = StatusView.lastExitCode(facts.lastStatusOf(name));
            } else {
                return false;
            }
            boolean init = PodContainers.init(pod).contains(spec);
            return init ? exitCode != 0 : !restarts(spec, exitCode);
        }

        /** The last first, each when the one after it has ended. */
        private void stopSidecars(List<JsonObject> init) {
            for (int i = init.size() - 1; i >= 0; i--) {
                Optional<PodReality.Container> newest =
                        PodContainers.isSidecar(init.get(i))
                                ? facts.newest(init.get(i).text("name"))
                                        .filter(it -> it.state() == PodReality.State.RUNNING)
                                : Optional.empty();
                if (newest.isPresent()) {
                    stopOnce(newest.get(), false, "Stopping container ");
                    return;
                }
            }
        }

        private void itsTurnComes(String name) {
            boolean runs =
                    facts.newest(name)
                            .filter(it -> it.state() == PodReality.State.RUNNING)
                            .isPresent();
            if (!runs) {
                hold(name, StatusView.creating(pod), "");
            }
        }

        private void container(JsonObject spec) {
            String name = spec.text("name");
            Optional<PodReality.Container> newest = facts.newest(name);
            boolean olderRuns =
                    facts.running().stream()
                            .anyMatch(
                                    it ->
                                            it.name().equals(name)
                                                    && !newest.equals(Optional.of(it)));
            if (olderRuns) {
                hold(name, StatusView.creating(pod), "");
                return;
            }
            if (newest.isEmpty()) {
                absent(spec, name);
                return;
            }
            PodReality.Container container = newest.get();
            boolean changed = changed(container, spec);
            switch (container.state()) {
                case CREATED -> {
                    if (changed) {
                        actions.add(new Action.RemoveContainer(container.id(), name));
                    } else {
                        start(spec, container.attempt());
                    }
                }
                case RUNNING -> {
                    if (changed) {
                        stopOnce(container, true, "Container definition changed: restarting ");
                    } else {
                        endIfUnhealthy(container);
                    }
                }
                case EXITED -> ended(spec, container, changed);
            }
        }

        private void endIfUnhealthy(PodReality.Container container) {
            Optional<PodMemory.Health> health =
                    memory.healthOf(container.name(), container.id())
                            .filter(known -> !known.unhealthy().isEmpty());
            if (health.isPresent() && !memory.stops().containsKey(container.id())) {
                Duration grace = health.get().grace();
                boolean again =
                        !restartPolicy.equals("Never")
                                || PodContainers.init(pod).stream()
                                        .anyMatch(it -> it.text("name").equals(container.name()));
                actions.add(
                        stop(
                                facts,
                                container,
                                grace == null ? grace(pod) : grace,
                                false,
                                health.get().unhealthy() + (again ? ", will be restarted" : "")));
            }
        }

        private boolean changed(PodReality.Container container, JsonObject spec) {
            return SpecHash.differ(
                    container.specHash(), SpecHash.of(spec, pod.spec().object("securityContext")));
        }

        /** Nothing exists: it was never started, or it was removed behind our back. */
        private void absent(JsonObject spec, String name) {
            if (facts.lastReportedAttempt(name).isEmpty()) {
                start(spec, 0);
            } else if (facts.lastReportedAttempt(name).getAsInt() <= facts.former(name)
                    || restarts(spec, StatusView.lastExitCode(facts.lastStatusOf(name)))) {
                start(spec, facts.lastReportedAttempt(name).getAsInt() + 1);
            }
        }

        private void ended(JsonObject spec, PodReality.Container container, boolean changed) {
            String name = container.name();
            Integer replaced = memory.replaced().get(name);
            boolean replacing = replaced != null && replaced == container.attempt();
            boolean gone =
                    container.attempt() <= facts.former(name)
                            && PodContainers.init(pod).contains(spec);
            if (!replacing
                    && !gone
                    && !wasUnhealthy(container)
                    && !restarts(spec, container.exitCode())) {
                return;
            }
            Duration at = memory.restartAt(name, container.attempt());
            if (replacing || gone || changed || at.compareTo(facts.uptime()) <= 0) {
                start(spec, nextAttempt(container));
                return;
            }
            PodMemory.Crash crash = memory.crashes().get(name);
            String where = pod.name() + "_" + pod.namespace() + "(" + pod.uid() + ")";
            hold(
                    name,
                    "CrashLoopBackOff",
                    "back-off "
                            + duration(crash == null ? Duration.ZERO : crash.delay())
                            + " restarting failed container="
                            + name
                            + " pod="
                            + where);
            sayOnce(
                    "BackOff",
                    "Back-off restarting failed container " + name + " in pod " + where,
                    "backoff " + name + " " + container.attempt());
            wakeAt(at);
        }

        private int nextAttempt(PodReality.Container ended) {
            return Math.max(ended.attempt(), facts.lastReportedAttempt(ended.name()).orElse(-1))
                    + 1;
        }

        private boolean restarts(JsonObject spec, int exitCode) {
            boolean init = PodContainers.init(pod).contains(spec);
            if (init && PodContainers.isSidecar(spec)) {
                return true;
            }
            return switch (restartPolicy) {
                case "Never" -> false;
                case "OnFailure" -> exitCode != 0;
                default -> !init || exitCode != 0;
            };
        }

        /** What was ended for its own good starts again, though it may have ended well. */
        private boolean wasUnhealthy(PodReality.Container container) {
            return !restartPolicy.equals("Never")
                    && memory.healthOf(container.name(), container.id())
                            .filter(health -> !health.unhealthy().isEmpty())
                            .isPresent();
        }

        private void start(JsonObject spec, int attempt) {
            String name = spec.text("name");
            hold(name, StatusView.creating(pod), "");
            if (facts.node() == null) {
                return;
            }
            PodFacts.Volumes volumes = facts.volumes();
            if (!volumes.problem().isEmpty()) {
                sayOnce("FailedMount", volumes.problem(), "mount " + volumes.problem());
                return;
            }
            if (!volumes.current() && delayed(Steps.VOLUMES).isPresent()) {
                return;
            }
            Optional<PodMemory.Failure> failure =
                    delayed(
                            Steps.start(
                                    name, SpecHash.of(spec, pod.spec().object("securityContext"))));
            if (failure.isPresent()) {
                hold(name, failure.get().reason(), failure.get().message());
                return;
            }
            if (!imageReady(spec, attempt)) {
                return;
            }
            try {
                starts.add(
                        new Action.StartContainer(
                                requests.container(facts, pod, spec, attempt),
                                hook(facts, name, "postStart")));
            } catch (InputException e) {
                hold(name, "CreateContainerConfigError", e.text());
                sayOnce("Failed", "Error: " + e.text(), "config " + name + " " + e.text());
            } catch (IllegalArgumentException e) {
                hold(name, "CreateContainerConfigError", String.valueOf(e.getMessage()));
            }
        }

        /** Whether the container can be made from its image now; otherwise its turn will come. */
        private boolean imageReady(JsonObject spec, int attempt) {
            String name = spec.text("name");
            String image = spec.text("image");
            PodMemory.Image known = memory.images().get(name);
            if (known != null
                    && known.image().equals(image)
                    && known.driver().equals(facts.driver())
                    && known.attempt() == attempt) {
                return known.state() == PodMemory.ImageState.READY;
            }
            String step = Steps.pull(name, image);
            Optional<PodMemory.Failure> failure = delayed(step);
            if (failure.isPresent()) {
                boolean again =
                        failure.get().count() > 1 && failure.get().reason().equals("ErrImagePull");
                hold(
                        name,
                        again ? "ImagePullBackOff" : failure.get().reason(),
                        again
                                ? "Back-off pulling image \""
                                        + image
                                        + "\": "
                                        + failure.get().message()
                                : failure.get().message());
                return false;
            }
            boolean ranHere = attempt > 0 && image.equals(lastImage(name));
            boolean startFailed =
                    memory.failures().keySet().stream()
                            .anyMatch(it -> it.startsWith(Steps.start(name, "")));
            if (ranHere && !startFailed) {
                // A restart does not ask the registry again, whatever the pull policy: the cloud
                // may be away, and the pod must come back with what it ran with.
                return true;
            }
            PullPolicy policy = ContainerRequests.pullPolicy(spec);
            actions.add(
                    new Action.PullImage(
                            name,
                            image,
                            ranHere && policy == PullPolicy.ALWAYS
                                    ? PullPolicy.IF_NOT_PRESENT
                                    : policy,
                            attempt));
            return false;
        }

        private String lastImage(String name) {
            return facts.newest(name)
                    .map(PodReality.Container::image)
                    .orElseGet(() -> facts.lastStatusOf(name).text("image"));
        }

        private void makeSandbox() {
            Optional<PodMemory.Failure> failure = delayed(Steps.SANDBOX);
            if (failure.isEmpty() && facts.node() != null) {
                actions.add(new Action.EnsureSandbox(ContainerRequests.sandbox(pod, facts.node())));
            }
        }

        /** Before a start, and while something runs, so that changed ConfigMaps reach it. */
        private void refreshVolumes() {
            PodFacts.Volumes volumes = facts.volumes();
            boolean wanted = !starts.isEmpty() || !facts.running().isEmpty();
            if (wanted
                    && volumes.problem().isEmpty()
                    && !volumes.current()
                    && delayed(Steps.VOLUMES).isEmpty()) {
                actions.add(0, new Action.PrepareVolumes(volumes.wants()));
            }
        }

        /** The step's failure if it may not be tried again yet. */
        private Optional<PodMemory.Failure> delayed(String step) {
            PodMemory.Failure failure = memory.failures().get(step);
            if (failure == null || failure.retryAt().compareTo(facts.uptime()) <= 0) {
                return Optional.empty();
            }
            wakeAt(failure.retryAt());
            return Optional.of(failure);
        }

        private void hold(String name, String reason, String message) {
            waiting.put(name, new StatusView.Waiting(reason, message));
        }

        private void sayOnce(String reason, String message, String once) {
            say(facts, actions, "Warning", reason, message, once);
        }

        private void wakeAt(Duration at) {
            if (wake == null || at.compareTo(wake) < 0) {
                wake = at;
            }
        }
    }

    /** As Kubernetes prints it: {@code 10s}, {@code 2m40s}. */
    private static String duration(Duration duration) {
        return duration.toMinutes() == 0
                ? duration.toSeconds() + "s"
                : duration.toMinutes() + "m" + duration.toSecondsPart() + "s";
    }
}
