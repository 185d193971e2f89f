// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets views count a pod on its node from the moment of the decision, while the binding is still
 * being written. What the informer brings takes the place of what was assumed. Guarded by the pod
 * informer's lock: use it through {@link Informer#read}.
 */
final class AssumedPods implements Informer.View {
    private final List<Informer.View> views;
    private final Map<String, KubeObject> byUid = new HashMap<>();

    AssumedPods(Informer.View... views) {
        this.views = List.of(views);
    }

    /**
     * @param pod that no node has
     */
    void assume(KubeObject pod, String node) {
        KubeObject assumed = pod.withSpec(pod.spec().with("nodeName", Json.of(node)));
        byUid.put(pod.uid(), assumed);
        views.forEach(view -> view.change(null, assumed));
    }

    boolean has(String uid) {
        return byUid.containsKey(uid);
    }

    /** The binding is written, or is not to be. */
    void forget(String uid) {
        KubeObject assumed = byUid.remove(uid);
        if (assumed != null) {
            views.forEach(view -> view.change(assumed, null));
        }
    }

    @Override
    public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after != null && !PodFacts.node(after).isEmpty()) {
            forget(after.uid());
        } else if (after == null && before != null) {
            forget(before.uid());
        }
        views.forEach(view -> view.change(before, after));
    }
}
