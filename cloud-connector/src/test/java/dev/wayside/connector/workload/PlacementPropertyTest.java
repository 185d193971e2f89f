// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which nodes may have a pod: the same, whether found by index or by looking at everything. */
final class PlacementPropertyTest {
    private static final int FLEETS = 100;
    private static final int PODS = 25;

    private record Plain(List<KubeObject> nodes) implements Fleet {
        @Override
        public Optional<KubeObject> node(String name) {
            return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
        }

        @Override
        public Collection<KubeObject> nodesWith(String label, String value) {
            return nodes.stream().filter(node -> value.equals(node.labels().get(label))).toList();
        }

        @Override
        public int countNodesWith(String label, String value) {
            return nodesWith(label, value).size();
        }

        @Override
        public Map<String, String> namespaceLabels(String namespace) {
            return RandomFleet.NAMESPACES.getOrDefault(namespace, Map.of());
        }

        @Override
        public Set<String> namespacesWith(LabelSelector labels) {
            return RandomFleet.NAMESPACES.entrySet().stream()
                    .filter(each -> labels.matches(each.getValue()))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void indexesFindThoseNodesThatLookingAtEverythingFinds() {
        int fitting = 0;
        int kept = 0;
        for (int seed = 0; seed < FLEETS; seed++) {
            RandomFleet random = new RandomFleet(seed);
            List<KubeObject> nodes = new ArrayList<>();
            for (int i = 2 + random.below(6); i > 0; i--) {
                nodes.add(random.node());
            }
            Plain fleet = new Plain(nodes);
            NodeUsage usage = new NodeUsage();
            PlacedPods placed = new PlacedPods();
            List<KubeObject> there = new ArrayList<>();
            for (int i = 0; i < PODS; i++) {
                KubeObject pod = random.pod().withMetadata("uid", Json.of(seed + "-" + i));
                NaivePlacement naive = new NaivePlacement(nodes, there, RandomFleet.NAMESPACES);
                List<String> expected =
                        nodes.stream()
                                .filter(node -> naive.fits(pod, node))
                                .map(KubeObject::name)
                                .toList();
                List<KubeObject> found = found(pod, fleet, usage, placed);
                assertThat(found.stream().map(KubeObject::name).toList())
                        .as("fleet %d, pod %s", seed, pod.json().toJson())
                        .isEqualTo(expected);
                if (found.isEmpty()) {
                    kept++;
                } else {
                    fitting++;
                    KubeObject node = found.get(random.below(found.size()));
                    KubeObject bound =
                            pod.withSpec(pod.spec().with("nodeName", Json.of(node.name())));
                    there.add(bound);
                    usage.change(pod, bound);
                    placed.change(pod, bound);
                }
                if (!there.isEmpty() && random.oneIn(6)) {
                    KubeObject gone = there.remove(random.below(there.size()));
                    usage.change(gone, null);
                    placed.change(gone, null);
                }
            }
        }
        assertThat(fitting).isGreaterThan(FLEETS);
        assertThat(kept).isGreaterThan(FLEETS);
    }

    private static List<KubeObject> found(
            KubeObject pod, Fleet fleet, NodeUsage usage, PlacedPods placed) {
        Collection<KubeObject> candidates = fleet.candidates(pod);
        List<KubeObject> pass =
                candidates.stream()
                        .filter(
                                node ->
                                        NodeFilters.against(
                                                        pod,
                                                        NodeUsage.requests(pod),
                                                        node,
                                                        usage.on(node.name()))
                                                .isEmpty())
                        .toList();
        Neighbours neighbours = new Neighbours(pod, pass, candidates, fleet, placed);
        return pass.stream().filter(node -> neighbours.against(node).isEmpty()).toList();
    }
}
