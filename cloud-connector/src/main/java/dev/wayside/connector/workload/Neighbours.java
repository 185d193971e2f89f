// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a pod demands of the pods near it, and they of it: topology spread, affinity, anti-affinity,
 * and the anti-affinity of those that are there already. For one decision; under the pod informer's
 * lock.
 */
final class Neighbours {
    static final String SPREAD = "node(s) didn't match pod topology spread constraints";
    static final String NO_PLACE = SPREAD + " (missing required label)";
    static final String NOT_NEAR = "node(s) didn't match pod affinity rules";
    static final String NOT_APART = "node(s) didn't match pod anti-affinity rules";
    static final String UNWELCOME = "node(s) didn't satisfy existing pods anti-affinity rules";

    /** Those that other pods cause, so that a change of theirs may end them. */
    static final Set<String> CAUSED_BY_PODS =
            Set.of(SPREAD, NO_PLACE, NOT_NEAR, NOT_APART, UNWELCOME);

    private final List<Spread> spreads;
    private final List<PodTerm> near;
    private final Map<String, Map<String, Integer>> nearby = new HashMap<>();
    private final boolean firstOfAll;
    private final Map<PodTerm, Map<String, Integer>> apart = new HashMap<>();
    private final Map<String, Set<String>> unwelcome = new HashMap<>();

    /**
     * @param nodes that may have the pod if its neighbours allow it
     * @param candidates all that its nodeSelector may mean
     */
    Neighbours(
            KubeObject pod,
            Collection<KubeObject> nodes,
            Collection<KubeObject> candidates,
            Fleet fleet,
            PlacedPods placed) {
        spreads = Spread.of(pod, "DoNotSchedule", candidates, fleet, placed);
        near = PodTerm.demandedNear(pod);
        for (PodTerm term : near) {
            nearby.computeIfAbsent(
                    term.topologyKey(), key -> placed.count(near, key, places(nodes, key), fleet));
        }
        // The first of those that want to be together is let in where it may start a place.
        firstOfAll =
                !near.isEmpty()
                        && nearby.values().stream().allMatch(Map::isEmpty)
                        && near.stream().allMatch(term -> term.means(pod, fleet))
                        && !placed.anyIn(near, fleet);
        for (PodTerm term : PodTerm.demandedApart(pod)) {
            String key = term.topologyKey();
            apart.put(term, placed.count(List.of(term), key, places(nodes, key), fleet));
        }
        for (String key : placed.voicedKeys()) {
            Set<String> closed = new HashSet<>();
            for (String place : places(nodes, key)) {
                placed.voices(
                        key,
                        place,
                        fleet,
                        voice -> {
                            boolean no = isAgainst(voice, key, pod, fleet);
                            if (no) {
                                closed.add(place);
                            }
                            return no;
                        });
            }
            unwelcome.put(key, closed);
        }
    }

    private static boolean isAgainst(
            PlacedPods.Voice voice, String key, KubeObject pod, Fleet fleet) {
        return voice.apart().stream()
                .anyMatch(term -> term.topologyKey().equals(key) && term.means(pod, fleet));
    }

    /** The values that nodes have of a label. */
    static Set<String> places(Collection<KubeObject> nodes, String key) {
        Set<String> values = new HashSet<>();
        for (KubeObject node : nodes) {
            String value = node.labels().get(key);
            if (value != null) {
                values.add(value);
            }
        }
        return values;
    }

    /** The first reason against one of the nodes. */
    Optional<String> against(KubeObject node) {
        for (Spread spread : spreads) {
            if (!spread.hasPlace(node)) {
                return Optional.of(NO_PLACE);
            }
            if (!spread.allows(node)) {
                return Optional.of(SPREAD);
            }
        }
        Map<String, String> labels = node.labels();
        for (PodTerm term : near) {
            String place = labels.get(term.topologyKey());
            boolean others =
                    place != null
                            && nearby.getOrDefault(term.topologyKey(), Map.of()).containsKey(place);
            if (place == null || !(others || firstOfAll)) {
                return Optional.of(NOT_NEAR);
            }
        }
        for (Map.Entry<PodTerm, Map<String, Integer>> term : apart.entrySet()) {
            String place = labels.get(term.getKey().topologyKey());
            if (place != null && term.getValue().containsKey(place)) {
                return Optional.of(NOT_APART);
            }
        }
        for (Map.Entry<String, Set<String>> closed : unwelcome.entrySet()) {
            String place = labels.get(closed.getKey());
            if (place != null && closed.getValue().contains(place)) {
                return Optional.of(UNWELCOME);
            }
        }
        return Optional.empty();
    }
}
