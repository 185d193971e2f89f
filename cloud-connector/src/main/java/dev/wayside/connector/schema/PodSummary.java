// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A pod in one line, as {@code kubectl get pods} tells it: the phase, unless something about the
 * containers says more.
 *
 * @param ready containers that are ready
 * @param total containers that should be
 * @param reason what the STATUS column says
 * @param restarts of the containers that count
 * @param lastRestart when the last of them ended
 */
record PodSummary(
        int ready, int total, String reason, long restarts, Optional<Instant> lastRestart) {

    static PodSummary of(KubeObject pod) {
        return new Reader(pod).read();
    }

    /** For instance {@code 3 (2m ago)}. */
    String restartsText(Instant now) {
        return restarts == 0 || lastRestart.isEmpty()
                ? Long.toString(restarts)
                : restarts + " (" + HumanDuration.since(lastRestart, now) + " ago)";
    }

    private static final class Reader {
        private final KubeObject pod;
        private final JsonObject status;
        private final Set<String> sidecars = new HashSet<>();
        private int ready;
        private String reason;
        private long restarts;
        private Optional<Instant> lastRestart = Optional.empty();

        Reader(KubeObject pod) {
            this.pod = pod;
            this.status = pod.status();
            this.reason = status.string("reason").orElse(status.text("phase"));
        }

        PodSummary read() {
            if (pod.condition("PodScheduled")
                    .filter(condition -> condition.text("reason").equals("SchedulingGated"))
                    .isPresent()) {
                reason = "SchedulingGated";
            }
            for (JsonObject container : pod.spec().array("initContainers").objects()) {
                if (container.text("restartPolicy").equals("Always")) {
                    sidecars.add(container.text("name"));
                }
            }
            boolean initializing = initContainers();
            if (!initializing || pod.conditionIsTrue("Initialized")) {
                restarts = 0;
                lastRestart = Optional.empty();
                status.array("initContainerStatuses").objects().stream()
                        .filter(container -> sidecars.contains(container.text("name")))
                        .forEach(this::countRestarts);
                containers();
            }
            ending();
            int total = pod.spec().array("containers").size() + sidecars.size();
            return new PodSummary(ready, total, reason, restarts, lastRestart);
        }

        /** Whether an init container is not through yet; then it says the reason. */
        private boolean initContainers() {
            List<JsonObject> containers = status.array("initContainerStatuses").objects();
            for (int i = 0; i < containers.size(); i++) {
                JsonObject container = containers.get(i);
                countRestarts(container);
                JsonObject state = container.object("state");
                boolean terminated = state.has("terminated");
                if (terminated && state.number("terminated", "exitCode").orElse(0) == 0) {
                    continue;
                }
                if (sidecars.contains(container.text("name")) && container.flag("started")) {
                    ready += container.flag("ready") ? 1 : 0;
                    continue;
                }
                String waiting = state.text("waiting", "reason");
                if (terminated) {
                    reason = "Init:" + ended(state.object("terminated"));
                } else if (!waiting.isEmpty() && !waiting.equals("PodInitializing")) {
                    reason = "Init:" + waiting;
                } else {
                    reason = "Init:" + i + "/" + pod.spec().array("initContainers").size();
                }
                return true;
            }
            return false;
        }

        private void containers() {
            boolean running = false;
            List<JsonObject> containers = status.array("containerStatuses").objects();
            // From the last to the first, so that the first that has something to say has it.
            for (int i = containers.size() - 1; i >= 0; i--) {
                JsonObject container = containers.get(i);
                countRestarts(container);
                JsonObject state = container.object("state");
                String waiting = state.text("waiting", "reason");
                if (!waiting.isEmpty()) {
                    reason = waiting;
                } else if (state.has("terminated")) {
                    reason = ended(state.object("terminated"));
                } else if (container.flag("ready") && state.has("running")) {
                    running = true;
                    ready++;
                }
            }
            if (reason.equals("Completed") && running) {
                reason = pod.conditionIsTrue("Ready") ? "Running" : "NotReady";
            }
        }

        private void ending() {
            if (!pod.metadata().has("deletionTimestamp")) {
                return;
            }
            String phase = status.text("phase");
            if (status.text("reason").equals("NodeLost")) {
                reason = "Unknown";
            } else if (!phase.equals("Succeeded") && !phase.equals("Failed")) {
                reason = "Terminating";
            }
        }

        private void countRestarts(JsonObject container) {
            restarts += container.number("restartCount").orElse(0);
            KubeObject.time(container.object("lastState", "terminated"), "finishedAt")
                    .filter(ended -> lastRestart.isEmpty() || ended.isAfter(lastRestart.get()))
                    .ifPresent(ended -> lastRestart = Optional.of(ended));
        }

        private static String ended(JsonObject terminated) {
            if (!terminated.text("reason").isEmpty()) {
                return terminated.text("reason");
            }
            long signal = terminated.number("signal").orElse(0);
            return signal != 0
                    ? "Signal:" + signal
                    : "ExitCode:" + terminated.number("exitCode").orElse(0);
        }
    }
}
