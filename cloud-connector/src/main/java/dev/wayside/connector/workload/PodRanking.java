// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Which pods of a ReplicaSet go first when there are too many, as in Kubernetes: without a node;
 * pending; not ready; of a lower deletion cost; on a node with more of the same; ready for a
 * shorter time; restarted more often; younger.
 */
final class PodRanking {
    private static final String COST = "controller.kubernetes.io/pod-deletion-cost";

    private record Candidate(KubeObject pod, boolean ready, long onSameNode) {}

    private final List<Candidate> candidates;

    PodRanking(
            List<KubeObject> pods,
            Predicate<KubeObject> isReady,
            ToLongFunction<KubeObject> onSameNode) {
        Map<String, Long> counts =
                pods.stream()
                        .filter(pod -> !PodFacts.node(pod).isEmpty())
                        .collect(
                                Collectors.toMap(
                                        PodFacts::node,
                                        onSameNode::applyAsLong,
                                        (one, other) -> one));
        candidates =
                pods.stream()
                        .map(
                                pod ->
                                        new Candidate(
                                                pod,
                                                isReady.test(pod),
                                                counts.getOrDefault(PodFacts.node(pod), 0L)))
                        .toList();
    }

    List<KubeObject> firstToGo(int count) {
        return candidates.stream().sorted(ORDER).limit(count).map(Candidate::pod).toList();
    }

    private static final Comparator<Candidate> ORDER =
            Comparator.comparing((Candidate c) -> !PodFacts.node(c.pod()).isEmpty())
                    .thenComparing(c -> phaseRank(PodFacts.phase(c.pod())))
                    .thenComparing(Candidate::ready)
                    .thenComparing(c -> cost(c.pod()))
                    .thenComparing(Comparator.comparing(Candidate::onSameNode).reversed())
                    .thenComparing(Comparator.comparing(PodRanking::readySince).reversed())
                    .thenComparing(
                            Comparator.comparing((Candidate c) -> PodFacts.restarts(c.pod()))
                                    .reversed())
                    .thenComparing(
                            Comparator.comparing(
                                            (Candidate c) ->
                                                    c.pod().created().orElse(Instant.EPOCH))
                                    .reversed())
                    .thenComparing(c -> c.pod().name());

    private static int phaseRank(String phase) {
        return phase.equals("Pending") ? 0 : phase.equals("Unknown") ? 1 : 2;
    }

    private static int cost(KubeObject pod) {
        try {
            return pod.annotation(COST).map(Integer::parseInt).orElse(0);
        } catch (NumberFormatException e) {
            // Kubernetes treats a malformed cost as none.
            return 0;
        }
    }

    private static Instant readySince(Candidate candidate) {
        return candidate.ready()
                ? PodFacts.readySince(candidate.pod()).orElse(Instant.EPOCH)
                : Instant.EPOCH;
    }
}
