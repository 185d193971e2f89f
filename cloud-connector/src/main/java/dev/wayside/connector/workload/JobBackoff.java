// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How long no new pod is made after one that failed: 10 s, doubled with each failure in a row, up
 * to ten minutes.
 *
 * <p>The failures are counted anew from the pods each time; the wait runs by this process's own
 * clock from when it first saw the newest one, less what had passed by then. So gateways' clocks
 * can shorten a wait but never make it longer, and a restart forgets nothing.
 */
final class JobBackoff {
    private static final Duration FIRST = Duration.ofSeconds(10);
    private static final Duration MOST = Duration.ofMinutes(10);

    private record Newest(String podUid, long nanos) {}

    private final Cluster cluster;

    /** By the Job's UID, with the index where each index waits for itself. */
    private final Map<String, Newest> newest = new ConcurrentHashMap<>();

    JobBackoff(Cluster cluster) {
        this.cluster = cluster;
    }

    void forget(KubeObject job) {
        newest.keySet().removeIf(key -> key.startsWith(job.uid()));
    }

    /**
     * @param key of what waits
     * @param pods of the Job, or of the index
     * @return what is left of the wait; not positive if it is over
     */
    Duration left(KubeObject job, String key, Collection<KubeObject> pods) {
        Instant lastSuccess =
                pods.stream()
                        .filter(JobPods::succeeded)
                        .map(pod -> JobPods.ended(pod).orElse(Instant.MIN))
                        .max(Comparator.naturalOrder())
                        .orElse(Instant.MIN);
        long failures = 0;
        KubeObject last = null;
        Instant lastEnd = Instant.MIN;
        for (KubeObject pod : pods) {
            if (!PodFacts.phase(pod).equals("Failed")) {
                continue;
            }
            Instant end = JobPods.ended(pod).orElseGet(() -> pod.created().orElse(Instant.EPOCH));
            if (end.isAfter(lastSuccess)) {
                failures++;
                if (last == null || end.isAfter(lastEnd)) {
                    last = pod;
                    lastEnd = end;
                }
            }
        }
        if (last == null) {
            newest.remove(job.uid() + key);
            return Duration.ZERO;
        }
        String uid = last.uid();
        Instant end = lastEnd;
        Newest seen =
                newest.compute(
                        job.uid() + key,
                        (any, known) ->
                                known != null && known.podUid().equals(uid)
                                        ? known
                                        : new Newest(uid, cluster.nanoTime() - since(end)));
        long doublings = Math.min(failures - 1, 6);
        Duration whole = FIRST.multipliedBy(1L << doublings);
        return (whole.compareTo(MOST) > 0 ? MOST : whole)
                .minusNanos(cluster.nanoTime() - seen.nanos());
    }

    private long since(Instant end) {
        Duration passed = Duration.between(end, cluster.clock().instant());
        if (passed.isNegative()) {
            return 0;
        }
        return Optional.of(passed).filter(each -> each.compareTo(MOST) < 0).orElse(MOST).toNanos();
    }
}
