// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans how a pod goes: its containers are asked to end, then killed; what exists is removed; then
 * what is remembered; then the deletion is confirmed.
 */
final class Teardown {
    /** What comes late, because others have taken the time, still gets a moment. */
    static final Duration LEAST_GRACE = Duration.ofSeconds(2);

    private Teardown() {}

    static List<Action> plan(PodFacts facts) {
        PodMemory memory = facts.memory();
        List<PodReality.Container> running = facts.running();
        if (!running.isEmpty()) {
            return stops(facts, running);
        }
        List<Action> actions = new ArrayList<>();
        KubeObject pod = facts.pod();
        boolean ran = !facts.existing().isEmpty();
        if (pod != null && ran && !facts.terminal()) {
            actions.add(new Action.ReportStatus(StatusView.ended(facts, pod)));
        }
        if (facts.reality() != null) {
            actions.add(new Action.RemovePod());
        }
        if (facts.record() != null) {
            actions.add(new Action.Forget());
        }
        if (pod != null && !memory.confirmed()) {
            actions.add(new Action.ConfirmDeletion());
        }
        return actions;
    }

    private static List<Action> stops(PodFacts facts, List<PodReality.Container> running) {
        PodMemory.Deletion deletion = facts.memory().deletion();
        Duration deadline = deletion == null ? facts.uptime() : deletion.deadline();
        List<Action> actions = new ArrayList<>();
        for (PodReality.Container container : next(facts, running)) {
            Duration known = facts.memory().stops().get(container.id());
            Duration left = left(facts, deadline);
            if (known == null || facts.uptime().plus(left).compareTo(known) < 0) {
                actions.add(
                        Planner.stop(
                                facts,
                                container,
                                left,
                                false,
                                "Stopping container " + container.name()));
            }
        }
        return actions;
    }

    private static Duration left(PodFacts facts, Duration deadline) {
        PodMemory.Deletion deletion = facts.memory().deletion();
        Duration least =
                deletion == null || deletion.graceSeconds() == 0 ? Duration.ZERO : LEAST_GRACE;
        Duration left = deadline.minus(facts.uptime());
        return left.compareTo(least) < 0 ? least : left;
    }

    /** Sidecars end after all others, the last first. */
    private static List<PodReality.Container> next(
            PodFacts facts, List<PodReality.Container> running) {
        KubeObject pod = facts.pod();
        List<String> sidecars =
                pod == null
                        ? List.of()
                        : PodContainers.init(pod).stream()
                                .filter(PodContainers::isSidecar)
                                .map(spec -> spec.text("name"))
                                .toList();
        List<PodReality.Container> others =
                running.stream().filter(it -> !sidecars.contains(it.name())).toList();
        if (!others.isEmpty()) {
            return others;
        }
        int last = running.stream().mapToInt(it -> sidecars.indexOf(it.name())).max().orElse(-1);
        return running.stream().filter(it -> sidecars.indexOf(it.name()) == last).toList();
    }
}
