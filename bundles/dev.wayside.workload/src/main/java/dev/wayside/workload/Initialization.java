// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How far a pod's init containers are. Pure.
 *
 * <p>They are run once in the pod's surroundings, and again if those are lost, as with a reboot: an
 * attempt counts only if it is newer than the {@link PodRecord#former} one. As soon as a regular
 * container was started in these surroundings the pod is initialized, whatever is left of the init
 * containers.
 */
final class Initialization {
    private final PodFacts facts;
    private final List<JsonObject> init;
    private final boolean begun;

    Initialization(PodFacts facts, KubeObject pod) {
        this.facts = facts;
        this.init = PodContainers.init(pod);
        this.begun =
                PodContainers.regular(pod).stream()
                        .map(container -> container.text("name"))
                        .anyMatch(name -> newestStarted(facts, name) > facts.former(name));
    }

    /** Whether the regular containers may be started, or were. */
    boolean complete() {
        return begun || init.stream().allMatch(this::through);
    }

    /** Whether the next one need not wait for this. */
    boolean through(JsonObject container) {
        return begun
                || (PodContainers.isSidecar(container)
                        ? ContainerHealth.of(facts, container).started()
                        : succeeded(container));
    }

    /** Whether it has done its work in these surroundings and is not run again. */
    private boolean succeeded(JsonObject container) {
        String name = container.text("name");
        Optional<PodReality.Container> newest = facts.newest(name);
        if (newest.isPresent() && newest.get().attempt() > facts.former(name)) {
            return newest.get().state() == PodReality.State.EXITED && newest.get().exitCode() == 0;
        }
        OptionalInt reported = facts.lastReportedAttempt(name);
        JsonObject status = facts.lastStatusOf(name);
        return reported.isPresent()
                && reported.getAsInt() > facts.former(name)
                && status.object("state").has("terminated")
                && StatusView.lastExitCode(status) == 0;
    }

    List<String> incomplete() {
        return init.stream()
                .filter(container -> !through(container))
                .map(container -> container.text("name"))
                .toList();
    }

    /**
     * What to remember now that the pod is in other surroundings than those that were noted; empty
     * if it is not.
     */
    static Optional<Action> moved(PodFacts facts, KubeObject pod) {
        PodReality reality = facts.reality();
        PodRecord record = facts.record();
        if (PodContainers.init(pod).isEmpty()
                || reality == null
                || record == null
                || !reality.sandboxRunning()
                || reality.sandboxId().equals(record.sandboxId())) {
            return Optional.empty();
        }
        Map<String, Integer> former = new HashMap<>(record.former());
        // Without a note we do not know what ran where, and take it for what runs here. What is
        // never restarted goes on where it was.
        if (!record.sandboxId().isEmpty() && !pod.spec().text("restartPolicy").equals("Never")) {
            for (JsonObject container : PodContainers.all(pod)) {
                String name = container.text("name");
                int newest = newestStarted(facts, name);
                if (newest >= 0) {
                    former.put(name, newest);
                }
            }
        }
        return Optional.of(new Action.NoteSandbox(reality.sandboxId(), former));
    }

    private static int newestStarted(PodFacts facts, String name) {
        int existing =
                facts.existing().stream()
                        .filter(it -> it.name().equals(name))
                        .filter(it -> it.state() != PodReality.State.CREATED)
                        .mapToInt(PodReality.Container::attempt)
                        .max()
                        .orElse(-1);
        return Math.max(existing, facts.lastReportedAttempt(name).orElse(-1));
    }
}
