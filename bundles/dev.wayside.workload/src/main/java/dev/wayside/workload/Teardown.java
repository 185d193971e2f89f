// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.PodReality;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans how a pod goes: its containers are asked to end, then killed; what exists is removed; then
 * what is remembered; then the deletion is confirmed.
 */
final class Teardown {
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
        for (PodReality.Container container : running) {
            Duration known = facts.memory().stops().get(container.id());
            if (known == null || deadline.compareTo(known) < 0) {
                Duration left = deadline.minus(facts.uptime());
                actions.add(
                        new Action.StopContainer(
                                container.id(),
                                container.name(),
                                container.attempt(),
                                left.isNegative() ? Duration.ZERO : left,
                                false,
                                "Stopping container "));
            }
        }
        return actions;
    }
}
