// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodReferences;
import dev.wayside.model.ResourceType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which pods are bound to which node, and what these pods name. Every question is one look-up. */
final class PodView implements Mirror.View {
    // Events about a pod may arrive after the pod is gone; this many gone pods are remembered.
    private static final int MAX_GONE = 10_000;

    private record Bound(String uid, String node, Set<ObjectKey> references) {}

    private final Map<ObjectKey, Bound> pods = new ConcurrentHashMap<>();
    private final Map<String, Map<ObjectKey, Integer>> references = new ConcurrentHashMap<>();
    private final Map<String, String> gone =
            Collections.synchronizedMap(
                    new LinkedHashMap<>() {
                        private static final long serialVersionUID = 1L;

                        @Override
                        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
                            return size() > MAX_GONE;
                        }
                    });

    @Override
    public void apply(Event event) {
        KubeObject pod = event.object();
        ObjectKey key = pod.key(ResourceType.PODS);
        String node = pod.spec().text("nodeName");
        Bound before = pods.get(key);
        if (event.type() == EventType.DELETED || node.isEmpty()) {
            if (before != null) {
                pods.remove(key);
                count(before, -1);
                gone.put(before.uid(), before.node());
            }
            return;
        }
        Bound after = new Bound(pod.uid(), node, PodReferences.of(pod));
        if (after.equals(before)) {
            return;
        }
        // First the new, then the old: what both name is never refused in between.
        pods.put(key, after);
        count(after, 1);
        if (before != null) {
            count(before, -1);
        }
    }

    /** The node that the pod is bound to, {@code ""} if none is known. */
    String nodeOf(ObjectKey pod) {
        Bound bound = pods.get(pod);
        return bound == null ? "" : bound.node();
    }

    /** The node that a pod of this UID was bound to, {@code ""} if it is not remembered. */
    String nodeOfGone(String uid) {
        return gone.getOrDefault(uid, "");
    }

    /** Whether a pod bound to the node names this ConfigMap or Secret. */
    boolean isNamedBy(String node, ObjectKey object) {
        return references.getOrDefault(node, Map.of()).containsKey(object);
    }

    private void count(Bound bound, int change) {
        for (ObjectKey reference : bound.references()) {
            references.compute(
                    bound.node(),
                    (node, known) -> {
                        Map<ObjectKey, Integer> counts =
                                known == null ? new ConcurrentHashMap<>() : known;
                        counts.compute(
                                reference,
                                (key, count) -> {
                                    int now = (count == null ? 0 : count) + change;
                                    return now <= 0 ? null : now;
                                });
                        return counts.isEmpty() ? null : counts;
                    });
        }
    }
}
