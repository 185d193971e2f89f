// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.PodRequests;
import dev.wayside.model.PodRequests.HostPort;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the pods bound to each node ask for, kept up to date pod by pod. Guarded by the pod
 * informer's lock: read it through {@link Informer#read}.
 */
final class NodeUsage implements Informer.View {

    /** The sums of one node. */
    static final class Usage {
        private long milliCpu;
        private long memoryBytes;
        private int pods;
        private final Map<String, Long> others = new HashMap<>();
        private final Map<HostPort, Integer> ports = new HashMap<>();
        private final Map<String, Integer> byOwner = new HashMap<>();

        long milliCpu() {
            return milliCpu;
        }

        long memoryBytes() {
            return memoryBytes;
        }

        int pods() {
            return pods;
        }

        long other(String resource) {
            return others.getOrDefault(resource, 0L);
        }

        int podsOf(String ownerUid) {
            return byOwner.getOrDefault(ownerUid, 0);
        }

        boolean clashesWith(Set<HostPort> wanted) {
            return !wanted.isEmpty()
                    && ports.keySet().stream()
                            .anyMatch(taken -> wanted.stream().anyMatch(taken::clashesWith));
        }
    }

    static final Usage NONE = new Usage();

    private final Map<String, Usage> byNode = new HashMap<>();

    Usage on(String node) {
        return byNode.getOrDefault(node, NONE);
    }

    @Override
    public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null && counts(before)) {
            count(before, -1);
        }
        if (after != null && counts(after)) {
            count(after, 1);
        }
    }

    private static boolean counts(KubeObject pod) {
        return !PodFacts.node(pod).isEmpty() && !PodFacts.isFinished(pod);
    }

    private void count(KubeObject pod, int sign) {
        String node = PodFacts.node(pod);
        Usage usage = byNode.computeIfAbsent(node, any -> new Usage());
        PodRequests requests = requests(pod);
        usage.milliCpu += sign * requests.milliCpu();
        usage.memoryBytes += sign * requests.memoryBytes();
        usage.pods += sign;
        requests.others()
                .forEach((name, amount) -> usage.others.merge(name, sign * amount, Long::sum));
        requests.hostPorts().forEach(port -> add(usage.ports, port, sign));
        add(usage.byOwner, owner(pod), sign);
        if (usage.pods == 0) {
            byNode.remove(node);
        }
    }

    private static <K> void add(Map<K, Integer> counts, K key, int sign) {
        counts.merge(key, sign, (one, other) -> one + other == 0 ? null : one + other);
    }

    /** {@code ""} for pods that nobody controls. */
    static String owner(KubeObject pod) {
        return pod.controller().map(OwnerReference::uid).orElse("");
    }

    /** A malformed quantity, which validation lets through from nowhere, counts as nothing. */
    static PodRequests requests(KubeObject pod) {
        try {
            return PodRequests.of(pod);
        } catch (IllegalArgumentException e) {
            return new PodRequests(0, 0, Set.of());
        }
    }
}
