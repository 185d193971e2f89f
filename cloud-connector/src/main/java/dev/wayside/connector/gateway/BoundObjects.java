// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.apiserver.Threads;
import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodReferences;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Answers what belongs to which gateway: from memory where the answer is yes; where memory says no,
 * from the store, because a gateway may ask for what it has just been told of before our own watch
 * has brought it. Safe for any thread.
 */
public final class BoundObjects implements AutoCloseable {
    private final ObjectStore store;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Threads.named("gateway-mirror"));
    private final Mirror<PodView> pods;
    private final Mirror<NodeView> nodes;

    public BoundObjects(ObjectStore store) {
        this.store = store;
        this.pods = new Mirror<>(store, ResourceType.PODS, PodView::new, timer);
        this.nodes = new Mirror<>(store, ResourceType.NODES, NodeView::new, timer);
    }

    /** Begins to watch; complete or not, every question gets its right answer from now on. */
    public void start() {
        pods.start();
        nodes.start();
    }

    /**
     * @return whether memory is complete
     */
    public boolean awaitComplete(Duration timeout) throws InterruptedException {
        return pods.awaitComplete(timeout) && nodes.awaitComplete(timeout);
    }

    @Override
    public void close() {
        pods.close();
        nodes.close();
        timer.shutdownNow();
    }

    /** Whether there is a Node of this name and UID. */
    public boolean isCurrentNode(String name, String uid) {
        if (uid.isEmpty()) {
            return false;
        }
        return nodes.current().uid(name).equals(uid)
                || store.get(ResourceType.NODES.key("", name))
                        .filter(node -> node.uid().equals(uid))
                        .isPresent();
    }

    /** Whether the pod exists and is bound to the node. */
    boolean isPodOn(String node, ObjectKey pod) {
        return pods.current().nodeOf(pod).equals(node)
                || store.get(pod)
                        .filter(found -> found.spec().text("nodeName").equals(node))
                        .isPresent();
    }

    /** Whether a pod of this UID is, or was until lately, on the node. */
    boolean wasPodOn(String node, ObjectKey pod, String uid) {
        if (pods.current().nodeOfGone(uid).equals(node)) {
            return true;
        }
        return isPodOn(node, pod)
                && store.get(pod).filter(found -> found.uid().equals(uid)).isPresent();
    }

    Optional<KubeObject> get(ObjectKey key) {
        return store.get(key);
    }

    /** Whether a pod bound to the node names this ConfigMap or Secret. */
    boolean isNamedBy(String node, ObjectKey object) {
        return pods.current().isNamedBy(node, object)
                || store
                        .list(
                                new ListQuery(
                                        ResourceType.PODS,
                                        object.namespace(),
                                        LabelSelector.EVERYTHING,
                                        FieldSelector.of("spec.nodeName", node),
                                        0,
                                        "",
                                        "",
                                        false))
                        .items()
                        .stream()
                        .anyMatch(pod -> PodReferences.of(pod).contains(object));
    }
}
