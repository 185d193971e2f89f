// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.rollout.Phase;
import dev.wayside.connector.rollout.Planner.Step;
import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.rollout.Site;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** The status of a GridRollout. Pure. */
final class RolloutStatus {
    static final String CONFLICT = "Conflict";
    private static final List<Phase> MOVING = List.of(Phase.PROGRESSING, Phase.ROLLING_BACK);

    private RolloutStatus() {}

    /** What of a rollout all sites of its grids depend on. */
    static JsonObject gating(KubeObject rollout) {
        JsonObject status = rollout.status();
        return JsonObject.builder()
                .put("uid", rollout.uid())
                .put("selector", rollout.spec().object("selector"))
                .put("done", Phase.of(status.text("phase")).isDone())
                .put("rollingBack", status.flag("rollingBack"))
                .put("grids", status.array("grids"))
                .put("conflict", conflict(status))
                .build();
    }

    private static String conflict(JsonObject status) {
        return Conditions.find(status.array("conditions"), CONFLICT)
                .map(conflict -> conflict.text("message"))
                .orElse("");
    }

    static JsonObject of(
            KubeObject rollout,
            Collection<RolloutEntry> grids,
            Map<String, Site> sites,
            Step step,
            String orderHash,
            Instant now) {
        Progress progress = step.progress();
        int waves = step.waves().size();
        int wave = Math.min(step.wave() + 1, waves);
        boolean asks = progress.phase() == Phase.WAITING_FOR_APPROVAL;
        String approval = progress.run() + "-" + wave;
        String message =
                message(progress.phase(), step, wave)
                        + (asks
                                ? "; to approve: kubectl annotate gridrollout "
                                        + rollout.name()
                                        + " -n "
                                        + rollout.namespace()
                                        + " wayside.dev/approved="
                                        + approval
                                        + " --overwrite"
                                : "");
        JsonObject.Builder status =
                progress.json().toBuilder()
                        .put("message", message)
                        .put("wave", wave)
                        .put("waves", waves)
                        .putUnlessEmpty("waveName", step.waveName())
                        .put("updatedSites", count(sites, Site::updated))
                        .put("readySites", count(sites, Site::settled))
                        .put("totalSites", sites.size());
        if (asks) {
            status.put("approval", approval);
        }
        return finished(status, rollout, grids, orderHash)
                .put("conditions", conditions(rollout, progress.phase(), message, "", now))
                .build();
    }

    /**
     * Nothing may go on until somebody solves it.
     *
     * @param conflict what is to be solved
     */
    static JsonObject held(KubeObject rollout, String conflict, Instant now) {
        JsonObject before = rollout.status();
        Phase phase =
                Progress.of(before).isStopped() ? Phase.of(before.text("phase")) : Phase.PAUSED;
        return before.toBuilder()
                .put("phase", phase.word())
                .put("message", conflict)
                .put("observedGeneration", rollout.generation())
                .put("conditions", conditions(rollout, phase, conflict, conflict, now))
                .build();
    }

    private static JsonObject.Builder finished(
            JsonObject.Builder status,
            KubeObject rollout,
            Collection<RolloutEntry> grids,
            String orderHash) {
        return status.put(
                        "grids",
                        new JsonArray(
                                grids.stream()
                                        .map(RolloutEntry::json)
                                        .map(Json.class::cast)
                                        .toList()))
                .put("orderHash", orderHash)
                .put("observedGeneration", rollout.generation());
    }

    private static String message(Phase phase, Step step, int wave) {
        String named = step.waveName().isEmpty() ? "" : " (" + step.waveName() + ")";
        boolean inWave = step.wave() < step.waves().size() && step.waves().size() > 1;
        String prefix =
                inWave && phase != Phase.FAILED
                        ? "wave " + wave + " of " + step.waves().size() + named + ": "
                        : "";
        return prefix + step.message();
    }

    private static long count(Map<String, Site> sites, java.util.function.Predicate<Site> which) {
        return sites.values().stream().filter(which).count();
    }

    private static JsonArray conditions(
            KubeObject rollout, Phase phase, String message, String conflict, Instant now) {
        JsonArray conditions = rollout.status().array("conditions");
        String reason = phase.word();
        conditions =
                Conditions.with(
                        conditions,
                        Conditions.of(
                                "Completed", phase.isDone() ? "True" : "False", reason, message),
                        now);
        conditions =
                Conditions.with(
                        conditions,
                        Conditions.of(
                                "Progressing",
                                MOVING.contains(phase) ? "True" : "False",
                                reason,
                                message),
                        now);
        return Conditions.with(
                conditions,
                conflict.isEmpty()
                        ? Conditions.of(CONFLICT, "False", "AsExpected", "")
                        : Conditions.of(CONFLICT, "True", "GridsUnclear", conflict),
                now);
    }
}
