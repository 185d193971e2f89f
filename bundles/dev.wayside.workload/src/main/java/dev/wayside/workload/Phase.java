// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import java.util.List;

/**
 * A pod's phase, worked out from its containers' statuses as the kubelet does.
 *
 * @param init statuses of init containers, sidecars left out
 * @param sidecars their statuses
 * @param regular statuses of the others
 * @param initialized whether the regular ones may have been started
 */
record Phase(
        List<JsonObject> init,
        List<JsonObject> sidecars,
        List<JsonObject> regular,
        boolean initialized) {

    String of(String restartPolicy) {
        String phase = phase(restartPolicy);
        boolean over = phase.equals("Succeeded") || phase.equals("Failed");
        // Nothing is over while something runs.
        if (over && (runs(init) || runs(sidecars) || runs(regular))) {
            return initialized ? "Running" : "Pending";
        }
        return phase;
    }

    private static boolean runs(List<JsonObject> statuses) {
        return statuses.stream().anyMatch(status -> status.object("state").has("running"));
    }

    private String phase(String restartPolicy) {
        if (!initialized) {
            return restartPolicy.equals("Never") && initFailed() ? "Failed" : "Pending";
        }
        int running = 0;
        int stopped = 0;
        int succeeded = 0;
        for (JsonObject container : regular) {
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
        boolean waits = regular.stream().anyMatch(it -> it.object("state").has("waiting"));
        if (waits) {
            return "Running";
        }
        if (stopped == succeeded) {
            return "Succeeded";
        }
        // Under OnFailure a failed container is about to start again.
        return restartPolicy.equals("Never") ? "Failed" : "Running";
    }

    private boolean initFailed() {
        return init.stream()
                .map(status -> status.object("state"))
                .anyMatch(
                        state ->
                                state.has("terminated")
                                        && state.number("terminated", "exitCode").orElse(1) != 0);
    }
}
