// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import dev.wayside.model.Quantity;
import java.util.List;

/** A pod's quality of service class, as core/v1 defines it. */
final class Qos {
    private static final List<String> RESOURCES = List.of("cpu", "memory");

    private Qos() {}

    static String of(KubeObject pod) {
        String known = pod.status().text("qosClass");
        if (!known.isEmpty()) {
            return known;
        }
        boolean anything = false;
        boolean guaranteed = true;
        for (JsonObject container : PodContainers.all(pod)) {
            for (String resource : RESOURCES) {
                long limit = milli(container.object("resources", "limits"), resource);
                JsonObject requests = container.object("resources", "requests");
                long request = requests.has(resource) ? milli(requests, resource) : limit;
                anything |= limit > 0 || request > 0;
                guaranteed &= limit > 0 && request == limit;
            }
        }
        return !anything ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }

    private static long milli(JsonObject quantities, String resource) {
        try {
            return Quantity.of(quantities, resource).milli();
        } catch (IllegalArgumentException e) {
            // Admission has refused such a pod; its class is of no consequence.
            return 0;
        }
    }
}
