// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.workload.JobVerdict.Ending;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One look at one Job: count, decide, make or delete pods, write the status, let go of what is
 * counted. How a Job ends is written down before its pods are deleted for it, and that it has ended
 * only when they are gone.
 */
final class JobStep {

    /** A wait by the clock on the wall is looked at this often: the clock may jump. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    private final Cluster cluster;
    private final Claims claims;
    private final OwnedPods owned;
    private final JobBackoff backoff;
    private final KubeObject job;
    private final Instant now;
    private @Nullable Duration again;

    JobStep(Cluster cluster, Claims claims, OwnedPods owned, JobBackoff backoff, KubeObject job) {
        this.cluster = cluster;
        this.claims = claims;
        this.owned = owned;
        this.backoff = backoff;
        this.job = job;
        this.now = cluster.clock().instant();
    }

    Optional<Duration> run() {
        if (job.deleted().isPresent()) {
            // Nothing is counted any more, and nothing is to wait for that.
            for (KubeObject pod : pods()) {
                if (pod.deleted().isPresent() || PodFacts.isFinished(pod)) {
                    JobController.release(cluster, pod);
                }
            }
            return Optional.empty();
        }
        if (JobVerdict.isOver(job)) {
            pods().forEach(pod -> JobController.release(cluster, pod));
            deleteWhenOld();
        } else {
            claims.claim(job);
            step();
        }
        return Optional.ofNullable(again);
    }

    private List<KubeObject> pods() {
        return cluster.pods().ownedBy(job.uid()).stream()
                .filter(
                        pod ->
                                pod.controller()
                                        .filter(owner -> owner.uid().equals(job.uid()))
                                        .isPresent())
                .toList();
    }

    private void step() {
        pods().stream()
                .filter(pod -> PodFacts.isActive(pod) && !JobPods.isTracked(pod))
                .forEach(this::track);
        List<KubeObject> pods = pods();
        JobTally tally = new JobTally(job, pods);
        boolean suspended = job.spec().flag("suspend");
        JobVerdict verdict = new JobVerdict(job, tally, pods, now);
        Optional<Ending> known = JobVerdict.known(job);
        Optional<Ending> ending = known.isPresent() || suspended ? known : verdict.find();
        JsonArray conditions = job.status().array("conditions");
        RuntimeException failure = null;
        if (known.isPresent()) {
            pods.stream().filter(PodFacts::isActive).forEach(pod -> owned.delete(job, pod));
        } else if (ending.isPresent()) {
            conditions = Conditions.with(conditions, ending.get().condition(), now);
            if (ending.get().isFailure()) {
                cluster.warn(
                        job, ending.get().reason(), ending.get().message(), JobController.NAME);
            }
        } else {
            conditions = suspension(conditions, suspended);
            if (!suspended) {
                verdict.deadlineLeft().ifPresent(this::lookAgainIn);
            }
            try {
                new JobScale(cluster, owned, backoff, job, tally)
                        .run(pods, suspended)
                        .ifPresent(this::lookAgainAfter);
            } catch (RuntimeException e) {
                // The status must tell of what was done before it is tried again.
                failure = e;
            }
        }
        finish(tally, known, conditions, suspended);
        if (failure != null) {
            throw failure;
        }
    }

    private void finish(
            JobTally tally, Optional<Ending> known, JsonArray conditions, boolean suspended) {
        List<KubeObject> left = pods();
        boolean allEnded = left.stream().allMatch(PodFacts::isFinished);
        JsonObject status = tally.status(job.status());
        status = counts(status, left, conditions, suspended);
        boolean over = known.isPresent() && allEnded && tally.isSettled();
        if (over) {
            Ending ending = known.get();
            status =
                    status.with(
                            "conditions",
                            Conditions.with(
                                    status.array("conditions"),
                                    ending.terminal().condition(),
                                    now));
            if (!ending.isFailure()) {
                status = status.with("completionTime", Conditions.time(now));
            }
        }
        if (!status.equals(job.status())) {
            // As it was seen: what was counted since must not be lost.
            KubeObject changed = job.withStatus(status);
            cluster.informer(ResourceType.JOBS)
                    .write(
                            () ->
                                    cluster.store()
                                            .update(
                                                    ResourceType.JOBS,
                                                    changed,
                                                    "status",
                                                    JobController.AS_ME));
        }
        if (over && !known.get().isFailure()) {
            cluster.normal(job, "Completed", "Job completed", JobController.NAME);
        }
        tally.release().forEach(pod -> JobController.release(cluster, pod));
    }

    private JsonObject counts(
            JsonObject before, List<KubeObject> pods, JsonArray conditions, boolean suspended) {
        JsonObject.Builder status = before.toBuilder();
        for (String name : List.of("active", "ready", "terminating", "conditions")) {
            status.remove(name);
        }
        if (suspended) {
            status.remove("startTime");
        } else if (!before.has("startTime")) {
            status.put("startTime", Conditions.time(now));
        }
        ReplicaSetController.putUnlessZero(
                status, "active", pods.stream().filter(PodFacts::isActive).count());
        status.put(
                "ready",
                pods.stream()
                        .filter(pod -> PodFacts.isActive(pod) && cluster.isReady(pod))
                        .count());
        status.put("terminating", pods.stream().filter(JobPods::isTerminating).count());
        return status.putUnlessEmpty("conditions", conditions).build();
    }

    private JsonArray suspension(JsonArray conditions, boolean suspended) {
        boolean was = job.conditionIsTrue("Suspended");
        if (suspended == was) {
            return conditions;
        }
        String reason = suspended ? "Suspended" : "Resumed";
        String message = suspended ? "Job suspended" : "Job resumed";
        cluster.normal(job, reason, message, JobController.NAME);
        return Conditions.with(
                conditions,
                Conditions.of("Suspended", suspended ? "True" : "False", "Job" + reason, message),
                now);
    }

    private void track(KubeObject pod) {
        cluster.pods()
                .write(
                        () ->
                                cluster.store()
                                        .update(
                                                ResourceType.PODS,
                                                JobPods.tracked(pod),
                                                "",
                                                JobController.AS_ME));
    }

    private void deleteWhenOld() {
        OptionalLong ttl = job.spec().number("ttlSecondsAfterFinished");
        Optional<Instant> ended = JobVerdict.ended(job);
        if (ttl.isEmpty() || ended.isEmpty()) {
            return;
        }
        Duration left = Duration.between(now, ended.get().plusSeconds(ttl.getAsLong()));
        if (left.isNegative() || left.isZero()) {
            Informer jobs = cluster.informer(ResourceType.JOBS);
            // As it was seen: somebody may have given it more time.
            jobs.delete(
                    () ->
                            cluster.store()
                                    .delete(
                                            ResourceType.JOBS,
                                            job.key(ResourceType.JOBS),
                                            new DeleteOptions(
                                                    OptionalLong.empty(),
                                                    job.uid(),
                                                    job.resourceVersion(),
                                                    Propagation.FOREGROUND,
                                                    false)));
        } else {
            lookAgainIn(left);
        }
    }

    /** By the clock on the wall. */
    private void lookAgainIn(Duration left) {
        Duration wait = left.plusMillis(10);
        lookAgainAfter(wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait);
    }

    private void lookAgainAfter(Duration wait) {
        again = again == null || wait.compareTo(again) < 0 ? wait : again;
    }
}
