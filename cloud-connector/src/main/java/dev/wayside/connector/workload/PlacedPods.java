// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector.Operator;
import dev.wayside.model.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pods that nodes have, by node and by label, and what they say of other pods, by the place
 * that they say it of. So a question about the pods near a node looks at few: at those of the
 * place's nodes or at those under the rarest label, whichever are fewer. Guarded by the pod
 * informer's lock: read it through {@link Informer#read}.
 */
final class PlacedPods implements Informer.View {
    private record Label(String namespace, String key, String value) {}

    /** What a placed pod says of others. */
    record Voice(KubeObject pod, List<PodTerm> apart, List<PodTerm> wishes) {}

    private final Map<String, Map<String, KubeObject>> byNode = new HashMap<>();
    private final Map<Label, Map<String, KubeObject>> byLabel = new HashMap<>();

    /** By topology key, then node, then the pod's UID. */
    private final Map<String, Map<String, Map<String, Voice>>> voices = new HashMap<>();

    private long looks;

    /** How many pods were looked at so far. */
    long looks() {
        return looks;
    }

    @Override
    public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null && isPlaced(before)) {
            change(before, false);
        }
        if (after != null && isPlaced(after)) {
            change(after, true);
        }
    }

    static boolean isPlaced(KubeObject pod) {
        return !PodFacts.node(pod).isEmpty() && !PodFacts.isFinished(pod);
    }

    private void change(KubeObject pod, boolean there) {
        String node = PodFacts.node(pod);
        change(byNode, node, pod.uid(), pod, there);
        pod.labels()
                .forEach(
                        (key, value) ->
                                change(
                                        byLabel,
                                        new Label(pod.namespace(), key, value),
                                        pod.uid(),
                                        pod,
                                        there));
        if (!pod.spec().has("affinity")) {
            return;
        }
        Voice voice = new Voice(pod, PodTerm.demandedApart(pod), PodTerm.saidOfOthers(pod));
        Set<String> keys = new HashSet<>();
        voice.apart().forEach(term -> keys.add(term.topologyKey()));
        voice.wishes().forEach(term -> keys.add(term.topologyKey()));
        for (String key : keys) {
            Map<String, Map<String, Voice>> nodes =
                    voices.computeIfAbsent(key, any -> new HashMap<>());
            change(nodes, node, pod.uid(), voice, there);
            if (nodes.isEmpty()) {
                voices.remove(key);
            }
        }
    }

    private static <K, V> void change(
            Map<K, Map<String, V>> index, K key, String uid, V value, boolean there) {
        if (there) {
            index.computeIfAbsent(key, any -> new LinkedHashMap<>(2)).put(uid, value);
            return;
        }
        Map<String, V> found = index.get(key);
        if (found != null && found.remove(uid) != null && found.isEmpty()) {
            index.remove(key);
        }
    }

    /** The topology keys that placed pods say something about. */
    Set<String> voicedKeys() {
        return voices.keySet();
    }

    /** What is said of a place, until told that it is enough. */
    void voices(String key, String value, Fleet fleet, Predicate<Voice> enough) {
        Map<String, Map<String, Voice>> nodes = voices.getOrDefault(key, Map.of());
        if (fleet.countNodesWith(key, value) <= nodes.size()) {
            for (KubeObject node : fleet.nodesWith(key, value)) {
                if (heard(nodes.getOrDefault(node.name(), Map.of()).values(), enough)) {
                    return;
                }
            }
            return;
        }
        for (Map.Entry<String, Map<String, Voice>> node : nodes.entrySet()) {
            boolean there =
                    fleet.node(node.getKey())
                            .filter(found -> value.equals(found.labels().get(key)))
                            .isPresent();
            if (there && heard(node.getValue().values(), enough)) {
                return;
            }
        }
    }

    private boolean heard(Collection<Voice> all, Predicate<Voice> enough) {
        for (Voice voice : all) {
            looks++;
            if (enough.test(voice)) {
                return true;
            }
        }
        return false;
    }

    /** Whether any pod at all is meant by every term and stands in a place of each. */
    boolean anyIn(List<PodTerm> terms, Fleet fleet) {
        List<Collection<KubeObject>> found = narrowest(terms, fleet);
        List<Collection<KubeObject>> all =
                found == null ? byNode.values().stream().map(Map::values).toList() : found;
        for (Collection<KubeObject> some : all) {
            for (KubeObject pod : some) {
                looks++;
                if (areMeant(pod, terms, fleet) && hasPlaces(pod, terms, fleet)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean areMeant(KubeObject pod, List<PodTerm> terms, Fleet fleet) {
        for (PodTerm term : terms) {
            if (!term.means(pod, fleet)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasPlaces(KubeObject pod, List<PodTerm> terms, Fleet fleet) {
        return fleet.node(PodFacts.node(pod))
                .filter(
                        node ->
                                terms.stream()
                                        .anyMatch(
                                                term ->
                                                        node.labels()
                                                                .containsKey(term.topologyKey())))
                .isPresent();
    }

    /** How many pods that every term means stand in each of the places. */
    Map<String, Integer> count(List<PodTerm> terms, String key, Set<String> values, Fleet fleet) {
        Map<String, Integer> counts = new HashMap<>();
        List<Collection<KubeObject>> labelled = narrowest(terms, fleet);
        if (labelled == null || size(labelled) > costOfPlaces(key, values, fleet)) {
            for (String value : values) {
                for (KubeObject node : fleet.nodesWith(key, value)) {
                    for (KubeObject pod : on(node.name())) {
                        looks++;
                        if (areMeant(pod, terms, fleet)) {
                            counts.merge(value, 1, Integer::sum);
                        }
                    }
                }
            }
            return counts;
        }
        for (Collection<KubeObject> some : labelled) {
            for (KubeObject pod : some) {
                looks++;
                if (areMeant(pod, terms, fleet)) {
                    fleet.node(PodFacts.node(pod))
                            .map(node -> node.labels().get(key))
                            .filter(values::contains)
                            .ifPresent(value -> counts.merge(value, 1, Integer::sum));
                }
            }
        }
        return counts;
    }

    /** The pods that a term means on some nodes. */
    void each(PodTerm term, Set<String> nodes, Fleet fleet, Consumer<KubeObject> consumer) {
        List<Collection<KubeObject>> labelled = narrowest(List.of(term), fleet);
        int onNodes = 0;
        for (String node : nodes) {
            onNodes += 1 + on(node).size();
        }
        if (labelled == null || size(labelled) > onNodes) {
            labelled = nodes.stream().map(this::on).toList();
        }
        for (Collection<KubeObject> some : labelled) {
            for (KubeObject pod : some) {
                looks++;
                if (nodes.contains(PodFacts.node(pod)) && term.means(pod, fleet)) {
                    consumer.accept(pod);
                }
            }
        }
    }

    private Collection<KubeObject> on(String node) {
        return byNode.getOrDefault(node, Map.of()).values();
    }

    private long costOfPlaces(String key, Set<String> values, Fleet fleet) {
        long cost = 0;
        for (String value : values) {
            cost += fleet.countNodesWith(key, value);
        }
        // Of many nodes it is enough to know that they are many.
        if (cost < byNode.size()) {
            for (String value : values) {
                for (KubeObject node : fleet.nodesWith(key, value)) {
                    cost += on(node.name()).size();
                }
            }
        }
        return cost;
    }

    private static long size(List<Collection<KubeObject>> all) {
        return all.stream().mapToLong(Collection::size).sum();
    }

    /** The fewest pods that can be had by label, of which the meant ones are a part. */
    private @Nullable List<Collection<KubeObject>> narrowest(List<PodTerm> terms, Fleet fleet) {
        List<Collection<KubeObject>> best = null;
        for (PodTerm term : terms) {
            if (term.selector().isEmpty()) {
                return List.of();
            }
            Set<String> namespaces = term.allNamespaces(fleet);
            for (Requirement requirement : term.selector().get().requirements()) {
                if (requirement.operator() == Operator.IN) {
                    List<Collection<KubeObject>> found = labelled(namespaces, requirement);
                    best = best == null || size(found) < size(best) ? found : best;
                }
            }
        }
        return best;
    }

    private List<Collection<KubeObject>> labelled(Set<String> namespaces, Requirement requirement) {
        List<Collection<KubeObject>> found = new ArrayList<>();
        for (String namespace : namespaces) {
            for (String value : requirement.values()) {
                Map<String, KubeObject> pods =
                        byLabel.get(new Label(namespace, requirement.key(), value));
                if (pods != null) {
                    found.add(pods.values());
                }
            }
        }
        return found;
    }
}
