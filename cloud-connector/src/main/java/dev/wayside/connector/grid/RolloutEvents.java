// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.grid.RolloutSites.Member;
import dev.wayside.connector.rollout.Phase;
import dev.wayside.connector.rollout.Planner.Step;
import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.model.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells the steps of a rollout: those of the whole at the GridRollout, those of a site at its
 * children, since only so much is taken of one object.
 */
final class RolloutEvents {
    private final Cluster cluster;

    RolloutEvents(Cluster cluster) {
        this.cluster = cluster;
    }

    void tellConflict(KubeObject rollout, String conflict) {
        if (!rollout.status().text("message").equals(conflict)) {
            cluster.warn(rollout, "Conflict", conflict, GridRevisions.BY);
        }
    }

    /**
     * @param rollout as it was before the step
     */
    void tell(KubeObject rollout, List<Member> members, Step step) {
        Progress before = Progress.of(rollout.status());
        Progress after = step.progress();
        boolean newRun = before.run() != after.run();
        if (newRun) {
            normal(
                    rollout,
                    "RolloutStarted",
                    "Run " + after.run() + " in " + step.waves().size() + " waves");
        }
        boolean otherWave = rollout.status().number("wave").orElse(0) != step.wave() + 1L;
        if (after.phase() == Phase.PROGRESSING
                && (newRun || otherWave || before.phase() == Phase.WAITING_FOR_APPROVAL)
                && step.wave() < step.waves().size()) {
            normal(
                    rollout,
                    "WaveStarted",
                    "Wave "
                            + (step.wave() + 1)
                            + " of "
                            + step.waves().size()
                            + (step.waveName().isEmpty() ? "" : " (" + step.waveName() + ")")
                            + ": "
                            + Wording.count(step.waves().get(step.wave()).size(), "site"));
        }
        if (before.phase() != after.phase()) {
            tellPhase(rollout, step);
        }
        tellSites(before, after, members);
    }

    private void tellPhase(KubeObject rollout, Step step) {
        Progress progress = step.progress();
        switch (progress.phase()) {
            case WAITING_FOR_APPROVAL ->
                    normal(
                            rollout,
                            "ApprovalNeeded",
                            "Wave " + (step.wave() + 1) + " waits for approval");
            case PAUSED -> {
                if (progress.failure().isPresent() && !progress.rollingBack()) {
                    warn(rollout, "RolloutPaused", step.message());
                } else {
                    normal(rollout, "RolloutPaused", step.message());
                }
            }
            case ROLLING_BACK -> warn(rollout, "RollingBack", step.message());
            case ROLLED_BACK -> normal(rollout, "RolledBack", step.message());
            case FAILED -> warn(rollout, "RolloutFailed", step.message());
            case COMPLETED -> normal(rollout, "RolloutCompleted", step.message());
            default -> {}
        }
    }

    private void tellSites(Progress before, Progress after, List<Member> members) {
        Set<String> begun = new HashSet<>(after.changing().keySet());
        begun.removeAll(before.changing().keySet());
        Set<String> ended = new HashSet<>(before.changing().keySet());
        ended.removeAll(after.changing().keySet());
        boolean passes = before.run() == after.run() && before.rollingBack() == after.rollingBack();
        for (Member member : members) {
            begun.forEach(
                    site ->
                            at(
                                    member,
                                    site,
                                    after.rollingBack() ? "RolloutRestoring" : "RolloutChanging",
                                    "Run " + after.run() + " lets it change"));
            if (passes) {
                ended.forEach(
                        site ->
                                at(
                                        member,
                                        site,
                                        "RolloutPassed",
                                        "Taken for good in run " + after.run()));
            }
        }
    }

    private void at(Member member, String site, String reason, String message) {
        cluster.informer(member.kind().child())
                .get(member.grid().namespace(), member.kind().childName(member.grid(), site))
                .ifPresent(child -> normal(child, reason, message));
    }

    private void normal(KubeObject about, String reason, String message) {
        cluster.normal(about, reason, message, GridRevisions.BY);
    }

    private void warn(KubeObject about, String reason, String message) {
        cluster.warn(about, reason, message, GridRevisions.BY);
    }
}
