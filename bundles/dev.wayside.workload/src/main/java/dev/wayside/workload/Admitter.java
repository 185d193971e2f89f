// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.api.state.DesiredState;
import dev.wayside.api.state.Outbox;
import dev.wayside.api.state.StateException;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Admits pods one after another, so that no two are given the same thing, and keeps each answer
 * before anybody acts on it.
 */
final class Admitter {
    private final DesiredState state;
    private final Outbox outbox;
    private final PodRecords records;
    private final ObjectKey nodeKey;
    private final Object lock = new Object();

    /** Admitted, but not yet known to be stored. */
    @GuardedBy("lock")
    private final Map<String, PodRequests> reserved = new HashMap<>();

    Admitter(DesiredState state, Outbox outbox, PodRecords records, String nodeName) {
        this.state = state;
        this.outbox = outbox;
        this.records = records;
        this.nodeKey = ResourceType.NODES.key("", nodeName);
    }

    PodRecord admit(PodFacts facts) throws StateException {
        KubeObject pod = Objects.requireNonNull(facts.pod(), "only a Pod is admitted");
        KubeObject node =
                state.get(nodeKey)
                        .orElseThrow(() -> new StateException("our Node is not there", null));
        Set<String> finished = finished();
        PodRecord record;
        synchronized (lock) {
            Map<String, PodRequests> taken = new HashMap<>(reserved);
            for (PodRecord other : records.all()) {
                if (other.admitted() && !finished.contains(other.uid())) {
                    taken.put(other.uid(), other.requests());
                }
            }
            taken.remove(pod.uid());
            List<PodRequests> others = new ArrayList<>(taken.values());
            record =
                    Admission.decide(pod, node, others, facts.reality() != null, facts.now())
                            .withDriver(facts.reality() == null ? "" : facts.driver());
            if (record.admitted()) {
                reserved.put(pod.uid(), record.requests());
            }
        }
        try {
            records.put(record);
        } finally {
            synchronized (lock) {
                reserved.remove(pod.uid());
            }
        }
        return record;
    }

    /** Pods that have ended for good take nothing any more. */
    private Set<String> finished() {
        Set<String> finished = new HashSet<>();
        for (KubeObject pod : state.list(ResourceType.PODS)) {
            String phase =
                    outbox.lastStatus(pod.key(ResourceType.PODS), pod.uid())
                            .orElse(pod.status())
                            .text("phase");
            if (phase.equals("Succeeded") || phase.equals("Failed")) {
                finished.add(pod.uid());
            }
        }
        return finished;
    }
}
