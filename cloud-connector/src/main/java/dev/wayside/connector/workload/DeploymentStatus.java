// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The status of a Deployment from its ReplicaSets, with the conditions that {@code kubectl rollout
 * status} and {@code kubectl wait} read. Pure.
 *
 * @param fresh the ReplicaSet of the present template, null if there is none yet
 * @param created whether {@code fresh} was made in this very step
 */
record DeploymentStatus(
        KubeObject deployment,
        @Nullable KubeObject fresh,
        List<KubeObject> old,
        boolean created,
        long collisions,
        Instant now) {

    private static final String PROGRESSING = "Progressing";

    JsonObject json() {
        long replicas = sum("replicas");
        long available = sum("availableReplicas");
        long updated = fresh == null ? 0 : number(fresh, "replicas");
        JsonObject.Builder status =
                JsonObject.builder().put("observedGeneration", deployment.generation());
        ReplicaSetController.putUnlessZero(status, "replicas", replicas);
        ReplicaSetController.putUnlessZero(status, "updatedReplicas", updated);
        ReplicaSetController.putUnlessZero(status, "readyReplicas", sum("readyReplicas"));
        ReplicaSetController.putUnlessZero(status, "availableReplicas", available);
        ReplicaSetController.putUnlessZero(
                status, "unavailableReplicas", Math.max(0, asked() - available));
        if (collisions > 0) {
            status.put("collisionCount", collisions);
        }
        JsonArray conditions = deployment.status().array("conditions");
        conditions = availability(conditions, available);
        conditions = progress(conditions, status.build());
        conditions = failure(conditions);
        return status.putUnlessEmpty("conditions", conditions).build();
    }

    /** When to look whether the rollout's time is over; empty if it is not running. */
    static Optional<Duration> untilDeadline(KubeObject deployment, JsonObject status, Instant now) {
        Optional<JsonObject> progressing = Conditions.find(status.array("conditions"), PROGRESSING);
        if (progressing.isEmpty()
                || deployment.spec().number("progressDeadlineSeconds").isEmpty()
                || deployment.spec().flag("paused")
                || !progressing.get().text("status").equals("True")
                || progressing.get().text("reason").equals("NewReplicaSetAvailable")) {
            return Optional.empty();
        }
        long deadline = deployment.spec().number("progressDeadlineSeconds").orElse(600);
        Instant at = lastUpdate(progressing.get(), now).plusSeconds(deadline + 1);
        return Optional.of(at.isAfter(now) ? Duration.between(now, at) : Duration.ofSeconds(1));
    }

    static boolean isComplete(KubeObject deployment, JsonObject status) {
        long wanted = RollingUpdate.replicas(deployment);
        return status.number("updatedReplicas").orElse(0) == wanted
                && status.number("replicas").orElse(0) == wanted
                && status.number("availableReplicas").orElse(0) == wanted
                && status.number("observedGeneration").orElse(0) >= deployment.generation();
    }

    private JsonArray availability(JsonArray conditions, long available) {
        boolean enough = available >= RollingUpdate.of(deployment).least();
        return updated(
                conditions,
                enough
                        ? Conditions.of(
                                "Available",
                                "True",
                                "MinimumReplicasAvailable",
                                "Deployment has minimum availability.")
                        : Conditions.of(
                                "Available",
                                "False",
                                "MinimumReplicasUnavailable",
                                "Deployment does not have minimum availability."));
    }

    private JsonArray progress(JsonArray conditions, JsonObject status) {
        Optional<JsonObject> before = Conditions.find(conditions, PROGRESSING);
        String reason = before.map(condition -> condition.text("reason")).orElse("");
        if (deployment.spec().number("progressDeadlineSeconds").isEmpty()) {
            return Conditions.without(conditions, PROGRESSING);
        }
        if (deployment.spec().flag("paused")) {
            return reason.equals("DeploymentPaused")
                    ? conditions
                    : updated(
                            conditions,
                            Conditions.of(
                                    PROGRESSING,
                                    "Unknown",
                                    "DeploymentPaused",
                                    "Deployment is paused"));
        }
        if (reason.equals("DeploymentPaused")) {
            return updated(
                    conditions,
                    Conditions.of(
                            PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed"));
        }
        String what =
                fresh == null
                        ? "Deployment \"" + deployment.name()
                        : "ReplicaSet \"" + fresh.name();
        if (isComplete(deployment, status)) {
            return reason.equals("NewReplicaSetAvailable")
                            && before.orElseThrow().text("message").startsWith(what)
                    ? conditions
                    : updated(
                            conditions,
                            Conditions.of(
                                    PROGRESSING,
                                    "True",
                                    "NewReplicaSetAvailable",
                                    what + "\" has successfully progressed."));
        }
        if (created) {
            return updated(
                    conditions,
                    Conditions.of(
                            PROGRESSING,
                            "True",
                            "NewReplicaSetCreated",
                            "Created new replica set \"" + name(fresh) + "\""));
        }
        if (hasProgressed(status)) {
            return touched(
                    conditions,
                    Conditions.of(
                            PROGRESSING, "True", "ReplicaSetUpdated", what + "\" is progressing."));
        }
        if (before.isEmpty()) {
            return fresh == null
                    ? conditions
                    : updated(
                            conditions,
                            Conditions.of(
                                    PROGRESSING,
                                    "True",
                                    "FoundNewReplicaSet",
                                    "Found new replica set \"" + name(fresh) + "\""));
        }
        if (isTimedOut(before.get())) {
            return updated(
                    conditions,
                    Conditions.of(
                            PROGRESSING,
                            "False",
                            "ProgressDeadlineExceeded",
                            what + "\" has timed out progressing."));
        }
        return conditions;
    }

    private static String name(@Nullable KubeObject object) {
        return object == null ? "" : object.name();
    }

    private boolean hasProgressed(JsonObject status) {
        JsonObject old = deployment.status();
        long updated = status.number("updatedReplicas").orElse(0);
        long updatedBefore = old.number("updatedReplicas").orElse(0);
        return updated > updatedBefore
                || status.number("replicas").orElse(0) - updated
                        < old.number("replicas").orElse(0) - updatedBefore
                || status.number("readyReplicas").orElse(0) > old.number("readyReplicas").orElse(0)
                || status.number("availableReplicas").orElse(0)
                        > old.number("availableReplicas").orElse(0);
    }

    private boolean isTimedOut(JsonObject progressing) {
        if (progressing.text("reason").equals("NewReplicaSetAvailable")) {
            return false;
        }
        if (progressing.text("reason").equals("ProgressDeadlineExceeded")) {
            return true;
        }
        long deadline = deployment.spec().number("progressDeadlineSeconds").orElse(600);
        return lastUpdate(progressing, now).plusSeconds(deadline).isBefore(now);
    }

    private static Instant lastUpdate(JsonObject condition, Instant otherwise) {
        return KubeObject.time(condition, "lastUpdateTime").orElse(otherwise);
    }

    private JsonArray failure(JsonArray conditions) {
        List<KubeObject> candidates =
                fresh == null ? old : Stream.concat(Stream.of(fresh), old.stream()).toList();
        for (KubeObject set : candidates) {
            Optional<JsonObject> failed = set.condition("ReplicaFailure");
            if (failed.isPresent()) {
                return updated(
                        conditions,
                        Conditions.of(
                                "ReplicaFailure",
                                failed.get().text("status"),
                                failed.get().text("reason"),
                                failed.get().text("message")));
            }
        }
        return Conditions.without(conditions, "ReplicaFailure");
    }

    /** Sets a condition if it says something new. */
    private JsonArray updated(JsonArray conditions, JsonObject condition) {
        JsonArray changed = Conditions.with(conditions, condition, now);
        return changed.equals(conditions) ? conditions : touched(conditions, condition);
    }

    /** Sets a condition and its {@code lastUpdateTime}, from which the deadline counts. */
    private JsonArray touched(JsonArray conditions, JsonObject condition) {
        Json time = Json.of(Conditions.time(now));
        JsonArray changed = Conditions.with(conditions, condition, now);
        JsonObject set = Conditions.find(changed, condition.text("type")).orElse(condition);
        return Conditions.replace(changed, set.with("lastUpdateTime", time));
    }

    private long asked() {
        long old = this.old.stream().mapToLong(RollingUpdate::replicas).sum();
        return old + (fresh == null ? 0 : RollingUpdate.replicas(fresh));
    }

    private long sum(String field) {
        long all = fresh == null ? 0 : number(fresh, field);
        for (KubeObject set : old) {
            all += number(set, field);
        }
        return all;
    }

    private static long number(KubeObject set, String field) {
        return set.status().number(field).orElse(0);
    }
}
