// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The pods that fit nowhere, and what has changed since that may let them in. Each is parked under
 * its nodeSelector, or the name of the one node that it is for, and comes again when a node that
 * the selector matches has changed or has lost a pod. One that its neighbours keep away comes also
 * when a pod that it means, or that means it, comes, goes or is relabelled. Safe for any thread.
 */
final class Parking {
    /** With more changes at a time it is cheaper to look at all. */
    private static final int MOST_CHANGES = 256;

    private static final String NODE_NAME = "@metadata.name";

    private final Fleet fleet;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<Map<String, String>, Set<ObjectKey>> bySelector = new HashMap<>();

    @GuardedBy("lock")
    private final Map<ObjectKey, Map<String, String>> selectors = new HashMap<>();

    /** Those of the parked that a change of other pods may let in. */
    @GuardedBy("lock")
    private final Map<ObjectKey, KubeObject> keptByPods = new HashMap<>();

    @GuardedBy("lock")
    private final Set<String> changedNodes = new LinkedHashSet<>();

    @GuardedBy("lock")
    private final List<KubeObject> changedPods = new ArrayList<>();

    @GuardedBy("lock")
    private boolean neighboursChanged;

    Parking(Fleet fleet) {
        this.fleet = fleet;
    }

    /** Whatever changes from now on counts. */
    void park(KubeObject pod) {
        ObjectKey key = pod.key(ResourceType.PODS);
        Map<String, String> selector =
                PodFacts.pinnedTo(pod)
                        .map(node -> Map.of(NODE_NAME, node))
                        .orElseGet(() -> pod.spec().object("nodeSelector").strings());
        synchronized (lock) {
            selectors.put(key, selector);
            bySelector.computeIfAbsent(selector, any -> new LinkedHashSet<>()).add(key);
            keptByPods.put(key, pod);
        }
    }

    /** It turns out that nodes alone keep the pod away. */
    void keptByNodes(ObjectKey key) {
        synchronized (lock) {
            keptByPods.remove(key);
        }
    }

    boolean has(ObjectKey key) {
        synchronized (lock) {
            return selectors.containsKey(key);
        }
    }

    void unpark(ObjectKey key) {
        synchronized (lock) {
            unparkLocked(key);
        }
    }

    @GuardedBy("lock")
    private void unparkLocked(ObjectKey key) {
        keptByPods.remove(key);
        Map<String, String> selector = selectors.remove(key);
        if (selector != null) {
            Set<ObjectKey> keys = bySelector.get(selector);
            if (keys != null && keys.remove(key) && keys.isEmpty()) {
                bySelector.remove(selector);
            }
        }
    }

    /** Whether that may let anyone in: then {@link #wake} is to be called soon. */
    boolean nodeChanged(String node) {
        synchronized (lock) {
            if (selectors.isEmpty()) {
                return false;
            }
            changedNodes.add(node);
            return true;
        }
    }

    /** As {@link #nodeChanged}, of a pod that came to a node, left it, or is another there. */
    boolean podChanged(KubeObject pod) {
        synchronized (lock) {
            if (keptByPods.isEmpty()) {
                return false;
            }
            if (changedPods.size() < MOST_CHANGES) {
                changedPods.add(pod);
            } else {
                neighboursChanged = true;
            }
            return true;
        }
    }

    /** As {@link #nodeChanged}, of the places: nodes' labels, namespaces. */
    boolean neighboursChanged() {
        synchronized (lock) {
            neighboursChanged |= !keptByPods.isEmpty();
            return neighboursChanged;
        }
    }

    /** Those that may fit by now; they are parked no more. */
    Set<ObjectKey> wake() {
        Set<String> names;
        List<KubeObject> pods;
        List<Map<String, String>> wanted;
        Map<ObjectKey, KubeObject> kept;
        boolean all;
        synchronized (lock) {
            names = new HashSet<>(changedNodes);
            changedNodes.clear();
            pods = List.copyOf(changedPods);
            changedPods.clear();
            all = neighboursChanged;
            neighboursChanged = false;
            wanted = new ArrayList<>(bySelector.keySet());
            kept = all || !pods.isEmpty() ? new HashMap<>(keptByPods) : Map.of();
        }
        List<Map<String, String>> nodes = new ArrayList<>();
        names.forEach(name -> fleet.node(name).map(Parking::named).ifPresent(nodes::add));
        Set<ObjectKey> woken = new LinkedHashSet<>();
        if (!nodes.isEmpty()) {
            for (Map<String, String> selector : wanted) {
                LabelSelector labels = LabelSelector.of(selector);
                if (nodes.stream().anyMatch(labels::matches)) {
                    synchronized (lock) {
                        woken.addAll(bySelector.getOrDefault(selector, Set.of()));
                    }
                }
            }
        }
        kept.forEach(
                (key, pod) -> {
                    if (all || pods.stream().anyMatch(other -> concern(pod, other))) {
                        woken.add(key);
                    }
                });
        synchronized (lock) {
            woken.retainAll(selectors.keySet());
            for (ObjectKey key : woken) {
                unparkLocked(key);
            }
        }
        return woken;
    }

    /** A node's labels with its name, which no label can be called. */
    private static Map<String, String> named(KubeObject node) {
        Map<String, String> all = new HashMap<>(node.labels());
        all.put(NODE_NAME, node.name());
        return all;
    }

    private boolean concern(KubeObject parked, KubeObject other) {
        return Stream.of(
                                PodTerm.demandedNear(parked).stream(),
                                PodTerm.demandedApart(parked).stream(),
                                parked.spec().array("topologySpreadConstraints").objects().stream()
                                        .map(each -> PodTerm.spread(parked, each)))
                        .flatMap(terms -> terms)
                        .anyMatch(term -> term.means(other, fleet))
                || PodTerm.demandedApart(other).stream()
                        .anyMatch(term -> term.means(parked, fleet));
    }
}
