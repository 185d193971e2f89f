// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonObject;
import dev.wayside.model.Quantity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A pod's quality of service, from its containers' requests and limits. */
final class PodQos {
    private static final List<String> COUNTED = List.of("cpu", "memory");

    private PodQos() {}

    /** {@code Guaranteed}, {@code Burstable} or {@code BestEffort}. */
    static String of(JsonObject spec) {
        Map<String, Quantity> requests = new HashMap<>();
        Map<String, Quantity> limits = new HashMap<>();
        boolean guaranteed = true;
        List<JsonObject> containers = new ArrayList<>(spec.array("containers").objects());
        containers.addAll(spec.array("initContainers").objects());
        for (JsonObject container : containers) {
            add(container.object("resources", "requests"), requests);
            Set<String> limited = add(container.object("resources", "limits"), limits);
            guaranteed &= limited.containsAll(COUNTED);
        }
        if (requests.isEmpty() && limits.isEmpty()) {
            return "BestEffort";
        }
        for (Map.Entry<String, Quantity> request : requests.entrySet()) {
            Quantity limit = limits.get(request.getKey());
            guaranteed &= limit != null && limit.compareTo(request.getValue()) == 0;
        }
        return guaranteed && requests.size() == limits.size() ? "Guaranteed" : "Burstable";
    }

    private static Set<String> add(JsonObject resources, Map<String, Quantity> sums) {
        Set<String> found = new HashSet<>();
        for (String name : COUNTED) {
            Quantity quantity = ResourceRules.quantity(resources, name);
            if (quantity.compareTo(Quantity.ZERO) > 0) {
                found.add(name);
                sums.merge(name, quantity, Quantity::plus);
            }
        }
        return found;
    }
}
