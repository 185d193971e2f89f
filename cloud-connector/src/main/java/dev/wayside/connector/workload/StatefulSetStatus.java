// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.function.Predicate;

/**
 * The status of a StatefulSet, for {@code kubectl rollout status}. Pure.
 *
 * @param pods the set's, finished ones apart
 * @param current the name of the revision that the set had before the rollout that is on its way
 * @param update the name of the revision of the present template
 */
record StatefulSetStatus(
        KubeObject set,
        List<KubeObject> pods,
        String current,
        String update,
        long collisions,
        Predicate<KubeObject> isReady,
        Predicate<KubeObject> isAvailable) {

    JsonObject json() {
        long ready = count(isReady);
        long updated = count(pod -> StatefulPods.revision(pod).equals(update));
        long replicas = StatefulPods.replicas(set);
        boolean complete =
                isRollingUpdate(set)
                        && updated == replicas
                        && ready == replicas
                        && pods.size() == replicas;
        String settled = complete ? update : current;
        long atCurrent = count(pod -> StatefulPods.revision(pod).equals(settled));
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("observedGeneration", set.generation())
                        .put("replicas", pods.size());
        ReplicaSetController.putUnlessZero(status, "readyReplicas", ready);
        ReplicaSetController.putUnlessZero(status, "currentReplicas", atCurrent);
        ReplicaSetController.putUnlessZero(status, "updatedReplicas", updated);
        return status.putUnlessEmpty("currentRevision", settled)
                .putUnlessEmpty("updateRevision", update)
                .put("collisionCount", collisions)
                .putUnlessEmpty("conditions", set.status().array("conditions"))
                .put("availableReplicas", count(isAvailable))
                .build();
    }

    static boolean isRollingUpdate(KubeObject set) {
        return set.spec().text("updateStrategy", "type").equals("RollingUpdate");
    }

    /** Of those that are not on their way out. */
    private long count(Predicate<KubeObject> which) {
        return pods.stream().filter(PodFacts::isActive).filter(which).count();
    }
}
