// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.schema.Indexes;
import dev.wayside.connector.workload.JobPolicies.Action;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Makes the pods that a Job that goes on lacks, and deletes those that are too many. */
final class JobScale {
    private static final int BURST = 500;

    private final Cluster cluster;
    private final OwnedPods owned;
    private final JobBackoff backoff;
    private final KubeObject job;
    private final JobTally tally;
    private @Nullable Duration again;

    JobScale(Cluster cluster, OwnedPods owned, JobBackoff backoff, KubeObject job, JobTally tally) {
        this.cluster = cluster;
        this.owned = owned;
        this.backoff = backoff;
        this.job = job;
        this.tally = tally;
    }

    /**
     * @return when to look again
     */
    Optional<Duration> run(List<KubeObject> pods, boolean suspended) {
        List<KubeObject> active =
                new ArrayList<>(pods.stream().filter(PodFacts::isActive).toList());
        if (suspended) {
            active.forEach(this::remove);
            return Optional.empty();
        }
        if (JobPods.isIndexed(job)) {
            useless(active).forEach(this::remove);
            active.removeAll(useless(active));
        }
        long terminating =
                job.spec().text("podReplacementPolicy").equals("Failed")
                        ? pods.stream().filter(JobPods::isTerminating).count()
                        : 0;
        long wanted = wanted(active.size());
        long missing = wanted - active.size() - terminating;
        if (active.size() > wanted) {
            new PodRanking(active, cluster::isReady, pod -> 0)
                    .firstToGo((int) Math.min(BURST, active.size() - wanted))
                    .forEach(this::remove);
        } else if (missing > 0) {
            Optional<Duration> untilKnown = owned.untilKnown(job);
            if (untilKnown.isPresent()) {
                return untilKnown;
            }
            make((int) Math.min(missing, BURST), pods, active);
            if (missing > BURST) {
                after(Duration.ofMillis(1));
            }
        }
        return Optional.ofNullable(again);
    }

    private long wanted(long active) {
        long parallelism = job.spec().number("parallelism").orElse(1);
        OptionalLong completions = JobPods.completions(job);
        if (completions.isPresent()) {
            long left = completions.getAsLong() - tally.succeeded() - tally.failedIndexes().size();
            return Math.max(0, Math.min(parallelism, left));
        }
        // Once one has succeeded, the others know that there is no more to do.
        return tally.succeeded() > 0 ? Math.min(active, parallelism) : parallelism;
    }

    /** Of an index that needs none, or has another one. */
    private List<KubeObject> useless(List<KubeObject> active) {
        Indexes seen = new Indexes();
        seen.addAll(tally.completed());
        seen.addAll(tally.failedIndexes());
        List<KubeObject> useless = new ArrayList<>();
        active.stream()
                .sorted(
                        Comparator.comparing(
                                        (KubeObject pod) ->
                                                pod.created().orElse(java.time.Instant.MAX))
                                .thenComparing(KubeObject::name))
                .forEach(
                        pod -> {
                            long index = JobPods.index(pod);
                            boolean needed =
                                    index >= 0
                                            && index < JobPods.completions(job).orElse(0)
                                            && !seen.contains(index);
                            if (needed) {
                                seen.add(index);
                            } else {
                                useless.add(pod);
                            }
                        });
        return useless;
    }

    /** Without its finalizer, so that it does not count as failed. */
    private void remove(KubeObject pod) {
        KubeObject free = JobController.release(cluster, pod);
        if (free != null) {
            owned.delete(job, free);
        }
    }

    private void make(int count, List<KubeObject> pods, List<KubeObject> active) {
        boolean byIndex = job.spec().has("backoffLimitPerIndex");
        if (!byIndex && mustWait("", pods)) {
            return;
        }
        if (!JobPods.isIndexed(job)) {
            for (int i = 0; i < count; i++) {
                owned.create(job, JobPods.pod(job, cluster.random()));
            }
            return;
        }
        Indexes taken = new Indexes();
        taken.addAll(tally.completed());
        taken.addAll(tally.failedIndexes());
        active.forEach(pod -> taken.add(JobPods.index(pod)));
        Map<Long, List<KubeObject>> byItsIndex = new HashMap<>();
        for (KubeObject pod : pods) {
            long index = JobPods.index(pod);
            byItsIndex.computeIfAbsent(index, any -> new ArrayList<>()).add(pod);
            if (JobPods.isTerminating(pod) && !JobPods.failed(job, pod) && index >= 0) {
                taken.add(index); // its end is waited for
            }
        }
        long completions = JobPods.completions(job).orElse(0);
        int made = 0;
        for (long index = taken.missing(0);
                made < count && index < completions;
                index = taken.missing(index + 1)) {
            List<KubeObject> former = byItsIndex.getOrDefault(index, List.of());
            if (byIndex && mustWait("/" + index, former)) {
                continue;
            }
            OptionalLong failures =
                    byIndex ? OptionalLong.of(failures(former)) : OptionalLong.empty();
            owned.create(job, JobPods.pod(job, index, failures, cluster.random()));
            made++;
        }
    }

    private boolean mustWait(String key, List<KubeObject> pods) {
        Duration left = backoff.left(job, key, pods);
        if (left.isNegative() || left.isZero()) {
            return false;
        }
        after(left.plusMillis(10));
        return true;
    }

    private long failures(List<KubeObject> former) {
        long most = 0;
        for (KubeObject pod : former) {
            boolean counts =
                    JobPods.failed(job, pod)
                            && JobPolicies.onFailure(job, pod).action() != Action.IGNORE;
            most = Math.max(most, JobPods.indexFailures(pod) + (counts ? 1 : 0));
        }
        return most;
    }

    private void after(Duration wait) {
        again = again == null || wait.compareTo(again) < 0 ? wait : again;
    }
}
