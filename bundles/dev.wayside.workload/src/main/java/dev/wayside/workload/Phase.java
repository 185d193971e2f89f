// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import java.util.List;

/** A pod's phase, worked out from its containers' statuses as the kubelet does. */
final class Phase {
    private Phase() {}

    static String of(List<JsonObject> containers, String restartPolicy) {
        int running = 0;
        int stopped = 0;
        int succeeded = 0;
        for (JsonObject container : containers) {
            JsonObject state = container.object("state");
            if (state.has("running")) {
                running++;
            } else if (state.has("terminated")) {
                stopped++;
                succeeded += state.number("terminated", "exitCode").orElse(1) == 0 ? 1 : 0;
            } else if (container.object("lastState").has("terminated")) {
                stopped++;
            } else {
                return "Pending";
            }
        }
        if (running > 0 || restartPolicy.equals("Always")) {
            return "Running";
        }
        boolean waits = containers.stream().anyMatch(it -> it.object("state").has("waiting"));
        if (waits) {
            return "Running";
        }
        if (stopped == succeeded) {
            return "Succeeded";
        }
        // Under OnFailure a failed container is about to start again.
        return restartPolicy.equals("Never") ? "Failed" : "Running";
    }
}
