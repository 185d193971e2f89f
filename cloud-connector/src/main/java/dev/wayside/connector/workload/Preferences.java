// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import dev.wayside.model.NodeAffinity;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How much a pod, its neighbours and the nodes' taints would like each node, weighed as Kubernetes
 * weighs: taints three times, preferred node affinity, pod affinity and soft spread twice, each
 * from 0 to 100. All are equal where nobody wishes anything. For one decision; under the pod
 * informer's lock.
 */
final class Preferences {
    private final Map<String, Double> scores = new HashMap<>();

    /**
     * @param nodes that may have the pod
     * @param candidates all that its nodeSelector may mean
     */
    Preferences(
            KubeObject pod,
            Collection<KubeObject> nodes,
            Collection<KubeObject> candidates,
            Fleet fleet,
            PlacedPods placed) {
        add(nodes, 3, false, node -> -NodeFilters.discouraging(pod, node));
        add(nodes, 2, true, node -> NodeAffinity.preference(pod, node));
        List<Spread> spreads = Spread.of(pod, "ScheduleAnyway", candidates, fleet, placed);
        if (!spreads.isEmpty()) {
            // A node without a place is worse than the fullest one.
            double worst =
                    nodes.stream()
                            .filter(node -> spreads.stream().allMatch(each -> each.hasPlace(node)))
                            .mapToDouble(node -> burden(spreads, node))
                            .max()
                            .orElse(0);
            add(
                    nodes,
                    2,
                    false,
                    node ->
                            spreads.stream().allMatch(each -> each.hasPlace(node))
                                    ? -burden(spreads, node)
                                    : -worst - 1);
        }
        Map<String, Map<String, Integer>> wishes = wishes(pod, nodes, fleet, placed);
        if (!wishes.isEmpty()) {
            add(nodes, 2, false, node -> sum(wishes, node));
        }
    }

    private static double burden(List<Spread> spreads, KubeObject node) {
        return spreads.stream().mapToDouble(spread -> spread.burden(node)).sum();
    }

    private static double sum(Map<String, Map<String, Integer>> wishes, KubeObject node) {
        double sum = 0;
        Map<String, String> labels = node.labels();
        for (Map.Entry<String, Map<String, Integer>> places : wishes.entrySet()) {
            sum += places.getValue().getOrDefault(labels.getOrDefault(places.getKey(), ""), 0);
        }
        return sum;
    }

    /** By topology key and place. */
    private static Map<String, Map<String, Integer>> wishes(
            KubeObject pod, Collection<KubeObject> nodes, Fleet fleet, PlacedPods placed) {
        Map<String, Map<String, Integer>> all = new HashMap<>();
        for (PodTerm term : PodTerm.wished(pod)) {
            String key = term.topologyKey();
            placed.count(List.of(term), key, Neighbours.places(nodes, key), fleet)
                    .forEach((place, count) -> add(all, key, place, term.weight() * count));
        }
        for (String key : placed.voicedKeys()) {
            for (String place : Neighbours.places(nodes, key)) {
                placed.voices(
                        key,
                        place,
                        fleet,
                        voice -> {
                            for (PodTerm term : voice.wishes()) {
                                if (term.topologyKey().equals(key) && term.means(pod, fleet)) {
                                    add(all, key, place, term.weight());
                                }
                            }
                            return false;
                        });
            }
        }
        return all;
    }

    private static void add(
            Map<String, Map<String, Integer>> all, String key, String place, int weight) {
        all.computeIfAbsent(key, any -> new HashMap<>()).merge(place, weight, Integer::sum);
    }

    /**
     * Adds scores, spread over 0 to 100.
     *
     * @param fromZero whether a score of 0 stays 0; else the lowest becomes 0
     */
    private void add(
            Collection<KubeObject> nodes,
            int weight,
            boolean fromZero,
            ToDoubleFunction<KubeObject> score) {
        Map<String, Double> each = new HashMap<>();
        nodes.forEach(node -> each.put(node.name(), score.applyAsDouble(node)));
        double most = each.values().stream().mapToDouble(value -> value).max().orElse(0);
        double least =
                fromZero ? 0 : each.values().stream().mapToDouble(value -> value).min().orElse(0);
        if (most > least) {
            each.forEach(
                    (node, value) ->
                            scores.merge(
                                    node,
                                    weight * 100 * (value - least) / (most - least),
                                    Double::sum));
        }
    }

    double score(KubeObject node) {
        return scores.getOrDefault(node.name(), 0.0);
    }
}
