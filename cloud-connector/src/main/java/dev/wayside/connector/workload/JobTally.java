// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.Indexes;
import dev.wayside.connector.workload.JobPolicies.Action;
import dev.wayside.connector.workload.JobPolicies.Verdict;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Counts each pod of a Job that ended exactly once, whatever is killed or deleted meanwhile:
 *
 * <ol>
 *   <li>A pod that ended has a finalizer, so it stays. Its UID is written into the status, among
 *       the uncounted; or its index, which is a set and cannot be counted twice.
 *   <li>After that the finalizer is taken off, and the pod may go.
 *   <li>A UID among the uncounted whose pod has no finalizer any more moves into the count, in one
 *       write of the status.
 * </ol>
 *
 * Between any two of these steps the next start goes on where this one was. Pure but for itself;
 * not safe for threads.
 */
final class JobTally {
    /** So many UIDs are noted at a time, to keep the status small. */
    private static final int MOST_UNCOUNTED = 500;

    private final KubeObject job;
    private final boolean byIndex;
    private final long completions;
    private final Set<String> uncountedSucceeded;
    private final Set<String> uncountedFailed;
    private final Indexes completed;
    private final Indexes failedIndexes;
    private long succeeded;
    private long failed;
    private Optional<String> failJob = Optional.empty();
    private final List<KubeObject> release = new ArrayList<>();

    JobTally(KubeObject job, Collection<KubeObject> pods) {
        this.job = job;
        this.byIndex = job.spec().has("backoffLimitPerIndex");
        JsonObject status = job.status();
        completions = JobPods.completions(job).orElse(Long.MAX_VALUE);
        succeeded = status.number("succeeded").orElse(0);
        failed = status.number("failed").orElse(0);
        completed = Indexes.read(status.text("completedIndexes"), completions);
        failedIndexes = Indexes.read(status.text("failedIndexes"), completions);
        JsonObject uncounted = status.object("uncountedTerminatedPods");
        uncountedSucceeded = new LinkedHashSet<>(uncounted.array("succeeded").strings());
        uncountedFailed = new LinkedHashSet<>(uncounted.array("failed").strings());
        Map<String, KubeObject> tracked = new HashMap<>();
        pods.stream().filter(JobPods::isTracked).forEach(pod -> tracked.put(pod.uid(), pod));
        succeeded += settled(uncountedSucceeded, tracked);
        failed += settled(uncountedFailed, tracked);
        tracked.values().forEach(pod -> count(pod, pods));
        if (JobPods.isIndexed(job)) {
            succeeded = completed.size();
        }
    }

    private static int settled(Set<String> uncounted, Map<String, KubeObject> tracked) {
        int before = uncounted.size();
        uncounted.removeIf(uid -> !tracked.containsKey(uid));
        return before - uncounted.size();
    }

    private void count(KubeObject pod, Collection<KubeObject> pods) {
        if (JobPods.succeeded(pod)) {
            if (JobPods.isIndexed(job)) {
                long index = JobPods.index(pod);
                if (index >= 0 && index < completions) {
                    completed.add(index);
                }
                release.add(pod);
            } else {
                note(pod, uncountedSucceeded);
            }
        } else if (JobPods.failed(job, pod)) {
            failed(pod, pods);
        }
    }

    private void failed(KubeObject pod, Collection<KubeObject> pods) {
        Verdict verdict = JobPolicies.onFailure(job, pod);
        long index = JobPods.index(pod);
        if (verdict.action() == Action.FAIL_JOB && failJob.isEmpty()) {
            failJob = Optional.of(verdict.message());
        }
        if (verdict.action() == Action.IGNORE) {
            release.add(pod);
            return;
        }
        if (byIndex && index >= 0 && index < completions) {
            long failures = JobPods.indexFailures(pod) + 1;
            if (verdict.action() == Action.FAIL_INDEX
                    || failures > job.spec().number("backoffLimitPerIndex").orElse(0)) {
                failedIndexes.add(index);
            }
            // Until another pod of the index knows of this failure, this one has to stay.
            boolean known =
                    failedIndexes.contains(index)
                            || completed.contains(index)
                            || isEnding()
                            || pods.stream()
                                    .anyMatch(
                                            other ->
                                                    JobPods.index(other) == index
                                                            && JobPods.indexFailures(other)
                                                                    >= failures);
            if (!known) {
                noteOnly(pod, uncountedFailed);
                return;
            }
        }
        note(pod, uncountedFailed);
    }

    private boolean isEnding() {
        return job.conditionIsTrue("FailureTarget") || job.conditionIsTrue("SuccessCriteriaMet");
    }

    private void note(KubeObject pod, Set<String> uncounted) {
        if (noteOnly(pod, uncounted)) {
            release.add(pod);
        }
    }

    private boolean noteOnly(KubeObject pod, Set<String> uncounted) {
        if (uncounted.size() < MOST_UNCOUNTED) {
            uncounted.add(pod.uid());
        }
        return uncounted.contains(pod.uid());
    }

    /** The pods whose finalizers may go once {@link #status} is written. */
    List<KubeObject> release() {
        return release;
    }

    long succeeded() {
        return succeeded + (JobPods.isIndexed(job) ? 0 : uncountedSucceeded.size());
    }

    long failed() {
        return failed + uncountedFailed.size();
    }

    Indexes completed() {
        return completed;
    }

    Indexes failedIndexes() {
        return failedIndexes;
    }

    /** What the podFailurePolicy says against the whole Job. */
    Optional<String> failJob() {
        return failJob;
    }

    /** Whether every pod is in the count for good. */
    boolean isSettled() {
        return uncountedSucceeded.isEmpty() && uncountedFailed.isEmpty() && release.isEmpty();
    }

    /** The status with these counts. */
    JsonObject status(JsonObject before) {
        JsonObject.Builder status = before.toBuilder();
        for (String name :
                List.of(
                        "succeeded",
                        "failed",
                        "completedIndexes",
                        "failedIndexes",
                        "uncountedTerminatedPods")) {
            status.remove(name);
        }
        ReplicaSetController.putUnlessZero(status, "succeeded", succeeded);
        ReplicaSetController.putUnlessZero(status, "failed", failed);
        status.putUnlessEmpty("completedIndexes", completed.toString());
        if (byIndex) {
            status.put("failedIndexes", failedIndexes.toString());
        }
        return status.put(
                        "uncountedTerminatedPods",
                        JsonObject.builder()
                                .putUnlessEmpty(
                                        "succeeded", JsonArray.ofStrings(uncountedSucceeded))
                                .putUnlessEmpty("failed", JsonArray.ofStrings(uncountedFailed))
                                .build())
                .build();
    }
}
