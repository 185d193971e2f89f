// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.NodeAffinity;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One topologySpreadConstraint of a pod: how many alike each place has. For one decision. */
final class Spread {
    private final String key;
    private final long maxSkew;
    private final boolean countsItself;
    private final Map<String, Integer> byPlace = new HashMap<>();
    private final int least;

    /**
     * @param keys the labels that a node must have to count
     */
    private Spread(
            KubeObject pod,
            JsonObject constraint,
            Set<String> keys,
            Collection<KubeObject> candidates,
            Fleet fleet,
            PlacedPods placed) {
        PodTerm term = PodTerm.spread(pod, constraint);
        key = term.topologyKey();
        maxSkew = constraint.number("maxSkew").orElse(1);
        countsItself = term.means(pod, fleet);
        boolean selected = !constraint.text("nodeAffinityPolicy").equals("Ignore");
        boolean untainted = constraint.text("nodeTaintsPolicy").equals("Honor");
        Map<String, String> placeOfNode = new HashMap<>();
        for (KubeObject node : selected ? candidates : fleet.nodes()) {
            Map<String, String> labels = node.labels();
            if (labels.keySet().containsAll(keys)
                    && (!selected || NodeAffinity.matches(pod, node))
                    && (!untainted || NodeFilters.toleratesAll(pod, node))) {
                placeOfNode.put(node.name(), labels.get(key));
            }
        }
        placeOfNode.values().forEach(place -> byPlace.put(place, 0));
        placed.each(
                term,
                placeOfNode.keySet(),
                fleet,
                other -> {
                    if (other.deleted().isEmpty()) {
                        byPlace.merge(
                                placeOfNode.getOrDefault(PodFacts.node(other), ""),
                                1,
                                Integer::sum);
                    }
                });
        least =
                byPlace.size() < constraint.number("minDomains").orElse(1)
                        ? 0
                        : byPlace.values().stream().mapToInt(count -> count).min().orElse(0);
    }

    /**
     * Those of one kind that a pod has.
     *
     * @param when the value of {@code whenUnsatisfiable}
     */
    static List<Spread> of(
            KubeObject pod,
            String when,
            Collection<KubeObject> candidates,
            Fleet fleet,
            PlacedPods placed) {
        List<JsonObject> constraints = constraints(pod, when);
        Set<String> keys = new HashSet<>();
        constraints.forEach(each -> keys.add(each.text("topologyKey")));
        return constraints.stream()
                .map(each -> new Spread(pod, each, keys, candidates, fleet, placed))
                .toList();
    }

    static List<JsonObject> constraints(KubeObject pod, String when) {
        return pod.spec().array("topologySpreadConstraints").objects().stream()
                .filter(each -> each.text("whenUnsatisfiable").equals(when))
                .toList();
    }

    boolean hasPlace(KubeObject node) {
        return node.labels().containsKey(key);
    }

    boolean allows(KubeObject node) {
        return count(node) + (countsItself ? 1 : 0) - least <= maxSkew;
    }

    private int count(KubeObject node) {
        return byPlace.getOrDefault(node.labels().getOrDefault(key, ""), 0);
    }

    /** The less, the better. Many places weigh more: there is more to choose from. */
    double burden(KubeObject node) {
        return count(node) * Math.log(byPlace.size() + 2.0) + (maxSkew - 1);
    }
}
