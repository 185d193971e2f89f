// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.List;
import java.util.Map;

/**
 * Whether a Pod's {@code nodeSelector} and the required part of its node affinity let it run on a
 * Node. The scheduler and the gateway's admission ask the same question, so that what one binds the
 * other does not refuse.
 */
public final class NodeAffinity {
    private NodeAffinity() {}

    public static boolean matches(KubeObject pod, KubeObject node) {
        if (!LabelSelector.of(pod.spec().object("nodeSelector").strings()).matches(node.labels())) {
            return false;
        }
        JsonObject required =
                pod.spec()
                        .object(
                                "affinity",
                                "nodeAffinity",
                                "requiredDuringSchedulingIgnoredDuringExecution");
        return required.isEmpty() || selects(required, node);
    }

    /** Whether a NodeSelector, as PersistentVolumes have one, lets a Node in. */
    public static boolean selects(JsonObject selector, KubeObject node) {
        return selector.array("nodeSelectorTerms").objects().stream()
                .anyMatch(term -> matchesTerm(term, node));
    }

    /** The weights of the wishes among the node affinity that a Node fulfils, together. */
    public static long preference(KubeObject pod, KubeObject node) {
        return pod
                .spec()
                .array(
                        "affinity",
                        "nodeAffinity",
                        "preferredDuringSchedulingIgnoredDuringExecution")
                .objects()
                .stream()
                .filter(wish -> matchesTerm(wish.object("preference"), node))
                .mapToLong(wish -> wish.number("weight").orElse(0))
                .sum();
    }

    private static boolean matchesTerm(JsonObject term, KubeObject node) {
        List<JsonObject> labels = term.array("matchExpressions").objects();
        List<JsonObject> fields = term.array("matchFields").objects();
        // core/v1: a term without requirements matches nothing.
        return !(labels.isEmpty() && fields.isEmpty())
                && labels.stream().allMatch(each -> matches(each, node.labels()))
                && fields.stream()
                        .allMatch(each -> matches(each, Map.of("metadata.name", node.name())));
    }

    private static boolean matches(JsonObject requirement, Map<String, String> values) {
        try {
            return LabelSelector.requirement(requirement).matches(values);
        } catch (IllegalArgumentException e) {
            // What nobody can read matches nothing, as in Kubernetes.
            return false;
        }
    }
}
