// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Whether and how a Job ends, in Kubernetes' words and order. Pure. */
final class JobVerdict {

    /** What was decided, as a condition: {@code FailureTarget}, {@code SuccessCriteriaMet} … */
    record Ending(String type, String reason, String message) {
        static Ending failure(String reason, String message) {
            return new Ending("FailureTarget", reason, message);
        }

        static Ending success(String reason, String message) {
            return new Ending("SuccessCriteriaMet", reason, message);
        }

        boolean isFailure() {
            return type.equals("FailureTarget");
        }

        JsonObject condition() {
            return Conditions.of(type, "True", reason, message);
        }

        /** What it is called once the pods are gone. */
        Ending terminal() {
            return new Ending(isFailure() ? "Failed" : "Complete", reason, message);
        }
    }

    private final KubeObject job;
    private final JobTally tally;
    private final Collection<KubeObject> pods;
    private final Instant now;

    JobVerdict(KubeObject job, JobTally tally, Collection<KubeObject> pods, Instant now) {
        this.job = job;
        this.tally = tally;
        this.pods = pods;
        this.now = now;
    }

    static boolean isOver(KubeObject job) {
        return job.conditionIsTrue("Complete") || job.conditionIsTrue("Failed");
    }

    static Optional<Instant> ended(KubeObject job) {
        for (String type : List.of("Complete", "Failed")) {
            if (job.conditionIsTrue(type)) {
                return job.condition(type)
                        .flatMap(condition -> KubeObject.time(condition, "lastTransitionTime"));
            }
        }
        return Optional.empty();
    }

    /** What was decided before. */
    static Optional<Ending> known(KubeObject job) {
        for (String type : List.of("FailureTarget", "SuccessCriteriaMet")) {
            if (job.conditionIsTrue(type)) {
                return job.condition(type)
                        .map(
                                condition ->
                                        new Ending(
                                                type,
                                                condition.text("reason"),
                                                condition.text("message")));
            }
        }
        return Optional.empty();
    }

    Optional<Ending> find() {
        return failure().or(this::success);
    }

    private Optional<Ending> failure() {
        if (tally.failJob().isPresent()) {
            return Optional.of(Ending.failure("PodFailurePolicy", tally.failJob().get()));
        }
        JsonObject spec = job.spec();
        long limit = spec.number("backoffLimit").orElse(6);
        if (tally.failed() > limit || restartsAreOver(limit)) {
            return Optional.of(
                    Ending.failure(
                            "BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        if (deadlineLeft().filter(left -> left.isNegative() || left.isZero()).isPresent()) {
            return Optional.of(
                    Ending.failure(
                            "DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        long failedIndexes = tally.failedIndexes().size();
        OptionalLong most = spec.number("maxFailedIndexes");
        if (most.isPresent() && failedIndexes > most.getAsLong()) {
            return Optional.of(
                    Ending.failure(
                            "MaxFailedIndexesExceeded",
                            "Job has exceeded the specified maximal number of failed indexes"));
        }
        if (failedIndexes > 0
                && tally.completed().size() + failedIndexes
                        >= JobPods.completions(job).orElse(Long.MAX_VALUE)) {
            return Optional.of(Ending.failure("FailedIndexes", "Job has failed indexes"));
        }
        return Optional.empty();
    }

    /** Whether the containers were started again too often, where pods do that themselves. */
    private boolean restartsAreOver(long limit) {
        if (!job.spec().text("template", "spec", "restartPolicy").equals("OnFailure")) {
            return false;
        }
        long restarts = 0;
        for (KubeObject pod : pods) {
            if (PodFacts.isActive(pod)) {
                for (String list : List.of("initContainerStatuses", "containerStatuses")) {
                    for (JsonObject status : pod.status().array(list).objects()) {
                        restarts += status.number("restartCount").orElse(0);
                    }
                }
            }
        }
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    /** How long the Job may still run; empty if it may for ever. */
    Optional<Duration> deadlineLeft() {
        OptionalLong deadline = JobPods.seconds(job, "activeDeadlineSeconds");
        return deadline.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Duration.between(
                                now,
                                KubeObject.time(job.status(), "startTime")
                                        .orElse(now)
                                        .plusSeconds(deadline.getAsLong())));
    }

    private Optional<Ending> success() {
        Optional<String> policy = JobPolicies.success(job, tally.completed());
        if (policy.isPresent()) {
            return Optional.of(Ending.success("SuccessPolicy", policy.get()));
        }
        OptionalLong completions = JobPods.completions(job);
        boolean complete =
                completions.isPresent()
                        ? tally.succeeded() >= completions.getAsLong()
                        : tally.succeeded() > 0 && pods.stream().allMatch(PodFacts::isFinished);
        return complete
                ? Optional.of(
                        Ending.success(
                                "CompletionsReached", "Reached expected number of succeeded pods"))
                : Optional.empty();
    }
}
