// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Optional;

/**
 * Says which spec of its grid a site gets now. Without a rollout that is the present one. Under a
 * rollout it is the one that the site has, until the rollout's status lets the site change; and
 * whenever anything is not clear, nothing changes. It only reads: {@link RolloutController}
 * decides.
 */
final class RolloutGate {
    private static final String CONFLICT = "RolloutConflict";

    private final Informer rollouts;
    private final RolloutClaims claims;
    private final GridRevisions revisions;

    /** What a site gets. */
    sealed interface Choice {}

    /**
     * What the grid says, or said.
     *
     * @param marks what the child is to say of itself
     */
    record As(KubeObject grid, RolloutMarks marks) implements Choice {}

    /** Nothing is written to the child. */
    record AsItStands() implements Choice {}

    /** It has no child and gets none yet. */
    record NotYet() implements Choice {}

    /** Said in the grid's condition {@code Held}. */
    record Held(String reason, String message) {}

    RolloutGate(Informer rollouts, GridRevisions revisions) {
        this.rollouts = rollouts;
        this.claims = new RolloutClaims(rollouts);
        this.revisions = revisions;
    }

    Choice choose(KubeObject grid, String site, Optional<KubeObject> live) {
        List<String> names = claims.of(grid);
        if (names.isEmpty()) {
            return new As(grid, RolloutMarks.NONE);
        }
        JsonObject status = status(grid, names);
        Optional<RolloutEntry> entry = entry(grid, status);
        if (entry.isEmpty()) {
            return held(grid, live, "");
        }
        Progress progress = Progress.of(status);
        String completed = entry.get().completed();
        if (isCompleted(progress, entry.get())) {
            return target(grid, live, "", progress.run());
        }
        if (!progress.changing().containsKey(site)) {
            return held(grid, live, completed);
        }
        return progress.rollingBack()
                ? former(grid, live, completed)
                : target(grid, live, completed.isEmpty() ? former(live) : "", progress.run());
    }

    /**
     * Why nothing of a grid's templates changes anywhere, whatever they say, until somebody solves
     * it; empty if nothing of the kind is the case.
     */
    Optional<Held> held(KubeObject grid) {
        List<String> names = claims.of(grid);
        if (names.isEmpty()) {
            return Optional.empty();
        }
        if (names.size() > 1) {
            return Optional.of(
                    new Held(
                            CONFLICT,
                            "The GridRollouts "
                                    + String.join(", ", names)
                                    + " claim this grid; nothing changes until only one is left."));
        }
        Optional<KubeObject> rollout = rollouts.get(grid.namespace(), names.get(0));
        if (rollout.isEmpty()) {
            return Optional.of(
                    new Held(
                            "RolloutMissing",
                            "There is no GridRollout "
                                    + names.get(0)
                                    + ", which the annotation "
                                    + RolloutClaims.ROLLOUT
                                    + " names; nothing changes until there is, or the annotation"
                                    + " is taken off, which changes all sites at once."));
        }
        return Conditions.find(rollout.get().status().array("conditions"), RolloutStatus.CONFLICT)
                .filter(conflict -> conflict.text("status").equals("True"))
                .map(
                        conflict ->
                                new Held(
                                        CONFLICT,
                                        "GridRollout "
                                                + names.get(0)
                                                + ": "
                                                + conflict.text("message")));
    }

    /** Whether a child has something else than its grid asks now, since a rollout let it not. */
    boolean isHeldBack(KubeObject grid, String site, KubeObject child) {
        String has = RolloutMarks.of(child).revision();
        return !has.isEmpty()
                && !has.equals(revisions.of(grid))
                && !revisions.means(grid, has, site, grid);
    }

    private JsonObject status(KubeObject grid, List<String> names) {
        return names.size() == 1
                ? rollouts.get(grid.namespace(), names.get(0))
                        .map(KubeObject::status)
                        .orElse(JsonObject.EMPTY)
                : JsonObject.EMPTY;
    }

    /** What the rollout says of the grid as it is now. */
    private Optional<RolloutEntry> entry(KubeObject grid, JsonObject status) {
        return RolloutEntry.find(status, grid)
                .filter(known -> known.target().equals(revisions.of(grid)));
    }

    private static boolean isCompleted(Progress progress, RolloutEntry entry) {
        return progress.phase().isDone() && entry.target().equals(entry.completed());
    }

    /** Whether no site is held back from what the grid asks now. */
    boolean isCompleted(KubeObject grid) {
        List<String> names = claims.of(grid);
        JsonObject status = status(grid, names);
        return names.isEmpty()
                || entry(grid, status)
                        .filter(entry -> isCompleted(Progress.of(status), entry))
                        .isPresent();
    }

    private static String former(Optional<KubeObject> live) {
        RolloutMarks marks = live.map(RolloutMarks::of).orElse(RolloutMarks.NONE);
        return marks.former().isEmpty() ? marks.revision() : marks.former();
    }

    private Choice target(KubeObject grid, Optional<KubeObject> live, String former, long run) {
        String target = revisions.of(grid);
        RolloutMarks had = live.map(RolloutMarks::of).orElse(RolloutMarks.NONE);
        long since = had.revision().equals(target) ? had.run() : run;
        return new As(grid, new RolloutMarks(target, since, former.equals(target) ? "" : former));
    }

    /** What it has; if it has nothing, what the last run that completed brought. */
    private Choice held(KubeObject grid, Optional<KubeObject> live, String completed) {
        if (live.isEmpty()) {
            return completed.isEmpty()
                    ? new NotYet()
                    : as(grid, new RolloutMarks(completed, 0, ""), new NotYet());
        }
        return as(grid, RolloutMarks.of(live.get()), new AsItStands());
    }

    private Choice former(KubeObject grid, Optional<KubeObject> live, String completed) {
        String goal =
                completed.isEmpty()
                        ? live.map(child -> RolloutMarks.of(child).former()).orElse("")
                        : completed;
        return goal.isEmpty()
                ? held(grid, live, completed)
                : as(grid, new RolloutMarks(goal, 0, ""), new AsItStands());
    }

    private Choice as(KubeObject grid, RolloutMarks marks, Choice otherwise) {
        return marks.revision().isEmpty()
                ? otherwise
                : revisions
                        .at(grid, marks.revision())
                        .<Choice>map(then -> new As(then, marks))
                        .orElse(otherwise);
    }

    static RolloutGate of(dev.wayside.connector.workload.Cluster cluster, GridRevisions revisions) {
        return new RolloutGate(cluster.informer(ResourceType.GRID_ROLLOUTS), revisions);
    }
}
