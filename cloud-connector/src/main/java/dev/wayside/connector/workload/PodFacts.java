// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What can be read off a pod or a node alone. */
public final class PodFacts {
    private PodFacts() {}

    static String phase(KubeObject pod) {
        return pod.status().string("phase").orElse("Pending");
    }

    public static boolean isFinished(KubeObject pod) {
        String phase = phase(pod);
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** Whether it counts as one of a ReplicaSet's replicas: neither finished nor on its way out. */
    static boolean isActive(KubeObject pod) {
        return !isFinished(pod) && pod.deleted().isEmpty();
    }

    static boolean isReady(KubeObject pod) {
        return pod.conditionIsTrue("Ready");
    }

    static Optional<Instant> readySince(KubeObject pod) {
        return pod.condition("Ready")
                .flatMap(condition -> KubeObject.time(condition, "lastTransitionTime"));
    }

    static String node(KubeObject pod) {
        return pod.spec().text("nodeName");
    }

    /** The one node that a pod's affinity names, as those of DaemonSets do. */
    static Optional<String> pinnedTo(KubeObject pod) {
        List<JsonObject> terms =
                pod.spec()
                        .array(
                                "affinity",
                                "nodeAffinity",
                                "requiredDuringSchedulingIgnoredDuringExecution",
                                "nodeSelectorTerms")
                        .objects();
        if (terms.size() != 1) {
            return Optional.empty();
        }
        return terms.get(0).array("matchFields").objects().stream()
                .filter(field -> field.text("key").equals("metadata.name"))
                .filter(field -> field.text("operator").equals("In"))
                .filter(field -> field.array("values").size() == 1)
                .map(field -> field.array("values").strings().get(0))
                .findFirst();
    }

    /** 0 unless said. */
    static int priority(KubeObject pod) {
        return (int) pod.spec().number("priority").orElse(0);
    }

    /** Of the container that restarted most. */
    public static long restarts(KubeObject pod) {
        long most = 0;
        for (JsonObject container : pod.status().array("containerStatuses").objects()) {
            most = Math.max(most, container.number("restartCount").orElse(0));
        }
        return most;
    }

    /** Whether nothing has been heard of the node for so long that its pods' words are stale. */
    public static boolean isUnheardOf(KubeObject node) {
        return node.condition("Ready")
                .filter(condition -> condition.text("status").equals("Unknown"))
                .isPresent();
    }
}
