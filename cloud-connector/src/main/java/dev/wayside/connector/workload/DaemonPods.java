// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.NodeAffinity;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A DaemonSet's pods: where they belong, and what they are made of. Pure.
 *
 * <p>Each pod is pinned to its node by affinity and bound by the scheduler, as in Kubernetes: so
 * one hand alone gives away a node's room, and a pod that does not fit says why.
 */
final class DaemonPods {
    static final String HASH = "controller-revision-hash";

    /**
     * @param runs whether a pod is to be made there
     * @param stays whether one that is there may stay
     */
    record Place(boolean runs, boolean stays) {
        static final Place NONE = new Place(false, false);
    }

    private final KubeObject set;
    private final KubeObject pod;
    private final String fixedNode;

    DaemonPods(KubeObject set) {
        this.set = set;
        JsonObject spec = set.spec().object("template", "spec");
        this.fixedNode = spec.text("nodeName");
        this.pod = new KubeObject(JsonObject.of("spec", (Json) tolerating(spec)));
    }

    Place on(KubeObject node) {
        if (!(fixedNode.isEmpty() || fixedNode.equals(node.name()))
                || !NodeAffinity.matches(pod, node)) {
            return Place.NONE;
        }
        boolean stays = NodeFilters.untolerated(pod, node, "NoExecute").isEmpty();
        boolean runs = stays && NodeFilters.untolerated(pod, node, "NoSchedule").isEmpty();
        return new Place(runs && node.deleted().isEmpty(), stays);
    }

    KubeObject pod(String node, String hash, RandomGenerator random) {
        KubeObject made = PodTemplates.pod(set, random);
        JsonObject term =
                JsonObject.builder()
                        .put("key", "metadata.name")
                        .put("operator", "In")
                        .put("values", JsonArray.of(Json.of(node)))
                        .build();
        JsonObject spec =
                pod.spec()
                        .withAt(
                                List.of(
                                        "affinity",
                                        "nodeAffinity",
                                        "requiredDuringSchedulingIgnoredDuringExecution"),
                                JsonObject.of(
                                        "nodeSelectorTerms",
                                        JsonArray.of(
                                                JsonObject.of("matchFields", JsonArray.of(term)))));
        return made.withMetadata("labels", made.metadata().object("labels").with(HASH, hash))
                .withSpec(spec);
    }

    /** The node that a pod is on, or is meant for. */
    static String node(KubeObject pod) {
        return PodFacts.node(pod).isEmpty()
                ? PodFacts.pinnedTo(pod).orElse("")
                : PodFacts.node(pod);
    }

    /** A daemon goes on where others would be taken off, or not be put. */
    private static JsonObject tolerating(JsonObject spec) {
        List<Json> all = new ArrayList<>(spec.array("tolerations").items());
        add(all, NodeLifecycle.NOT_READY, "NoExecute");
        add(all, NodeLifecycle.UNREACHABLE, "NoExecute");
        for (String pressure : List.of("disk", "memory", "pid")) {
            add(all, "node.kubernetes.io/" + pressure + "-pressure", "NoSchedule");
        }
        add(all, NodeFilters.UNSCHEDULABLE, "NoSchedule");
        if (spec.flag("hostNetwork")) {
            add(all, "node.kubernetes.io/network-unavailable", "NoSchedule");
        }
        return spec.with("tolerations", new JsonArray(all));
    }

    private static void add(List<Json> tolerations, String key, String effect) {
        JsonObject toleration =
                JsonObject.builder()
                        .put("key", key)
                        .put("operator", "Exists")
                        .put("effect", effect)
                        .build();
        if (!tolerations.contains(toleration)) {
            tolerations.add(toleration);
        }
    }
}
