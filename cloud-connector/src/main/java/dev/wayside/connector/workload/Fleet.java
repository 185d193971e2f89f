// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a decision about a pod's node needs to know of nodes and namespaces. */
interface Fleet {
    Collection<KubeObject> nodes();

    Optional<KubeObject> node(String name);

    Collection<KubeObject> nodesWith(String label, String value);

    int countNodesWith(String label, String value);

    /** Empty for a namespace that is not there. */
    Map<String, String> namespaceLabels(String namespace);

    Set<String> namespacesWith(LabelSelector labels);

    /** The one it is pinned to, those under the rarest label of its nodeSelector, or all. */
    default Collection<KubeObject> candidates(KubeObject pod) {
        Optional<String> pinned = PodFacts.pinnedTo(pod);
        if (pinned.isPresent()) {
            return node(pinned.get()).stream().toList();
        }
        return pod.spec().object("nodeSelector").strings().entrySet().stream()
                .min(
                        java.util.Comparator.comparingInt(
                                label -> countNodesWith(label.getKey(), label.getValue())))
                .map(label -> nodesWith(label.getKey(), label.getValue()))
                .orElseGet(this::nodes);
    }

    /** The informers' nodes and namespaces. Safe for any thread. */
    final class Live implements Fleet {
        private final Informer nodes;
        private final Informer namespaces;
        private final Informer.Index nodesByLabel;

        /** To be called before the informers are started. */
        Live(Informer nodes, Informer namespaces) {
            this.nodes = nodes;
            this.namespaces = namespaces;
            this.nodesByLabel =
                    nodes.addIndex(
                            node ->
                                    node.labels().entrySet().stream()
                                            .map(label -> text(label.getKey(), label.getValue()))
                                            .toList());
        }

        private static String text(String label, String value) {
            return label + "=" + value;
        }

        @Override
        public List<KubeObject> nodes() {
            return nodes.all();
        }

        @Override
        public Optional<KubeObject> node(String name) {
            return nodes.get("", name);
        }

        @Override
        public List<KubeObject> nodesWith(String label, String value) {
            return nodesByLabel.get(text(label, value));
        }

        @Override
        public int countNodesWith(String label, String value) {
            return nodesByLabel.count(text(label, value));
        }

        @Override
        public Map<String, String> namespaceLabels(String namespace) {
            return namespaces.get("", namespace).map(KubeObject::labels).orElse(Map.of());
        }

        @Override
        public Set<String> namespacesWith(LabelSelector labels) {
            return namespaces.all().stream()
                    .filter(namespace -> labels.matches(namespace.labels()))
                    .map(KubeObject::name)
                    .collect(java.util.stream.Collectors.toSet());
        }
    }
}
