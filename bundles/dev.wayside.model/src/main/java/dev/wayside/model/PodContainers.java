// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The containers of a pod, by what they are for. Init containers run one after the other before the
 * regular ones. A sidecar is an init container that is not waited for to end, only to start, and
 * that runs on beside the others.
 */
public final class PodContainers {
    private PodContainers() {}

    public static List<JsonObject> regular(KubeObject pod) {
        return pod.spec().array("containers").objects();
    }

    /** In their order, sidecars included. */
    public static List<JsonObject> init(KubeObject pod) {
        return pod.spec().array("initContainers").objects();
    }

    /** Whether an init container is a sidecar. */
    public static boolean isSidecar(JsonObject initContainer) {
        return initContainer.text("restartPolicy").equals("Always");
    }

    /** Those that run while the pod does: the sidecars and then the regular ones. */
    public static List<JsonObject> lasting(KubeObject pod) {
        List<JsonObject> lasting = new ArrayList<>();
        init(pod).stream().filter(PodContainers::isSidecar).forEach(lasting::add);
        lasting.addAll(regular(pod));
        return lasting;
    }

    /** Every container, the init containers first. */
    public static List<JsonObject> all(KubeObject pod) {
        List<JsonObject> all = new ArrayList<>(init(pod));
        all.addAll(regular(pod));
        return all;
    }
}
