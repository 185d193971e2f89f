// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes {@code status} of a Pod as core/v1 defines it. Pure: the same facts give an equal status,
 * so that comparing with the last one tells whether there is anything to report.
 */
final class StatusView {
    /** Conditions that the node agent writes; others in the Pod are other people's and stay. */

    /** Why a container does not run (yet). */
    record Waiting(String reason, String message) {}

    private final PodFacts facts;
    private final KubeObject pod;
    private final List<Json> conditions = new ArrayList<>();

    private StatusView(PodFacts facts, KubeObject pod) {
        this.facts = facts;
        this.pod = pod;
    }

    /** The status of a pod that was admitted. */
    static JsonObject running(PodFacts facts, KubeObject pod, Map<String, Waiting> waiting) {
        StatusView view = new StatusView(facts, pod);
        Statuses statuses = view.statuses(waiting);
        String phase = statuses.phase().of(pod.spec().string("restartPolicy").orElse("Always"));
        return view.build(phase, statuses);
    }

    /** The last status of a pod that was deleted: all has ended, nothing will start again. */
    static JsonObject ended(PodFacts facts, KubeObject pod) {
        StatusView view = new StatusView(facts, pod);
        Statuses statuses = view.statuses(Map.of());
        return view.build(statuses.phase().of("Never"), statuses);
    }

    /** The status of a pod that this node does not take. */
    static JsonObject rejected(PodFacts facts, KubeObject pod, PodRecord record) {
        return JsonObject.builder()
                .put("phase", "Failed")
                .put("reason", record.rejection())
                .put("message", record.message())
                .put("startTime", time(record.decided()))
                .put("qosClass", Qos.of(pod))
                .put("conditions", new JsonArray(List.of(new StatusView(facts, pod).scheduled())))
                .build();
    }

    /** The status of a pod that cannot be run as it asks to be: it stays Pending. */
    static JsonObject held(PodFacts facts, KubeObject pod, String reason, String message) {
        StatusView view = new StatusView(facts, pod);
        List<Json> containers = new ArrayList<>();
        for (JsonObject container : pod.spec().array("containers").objects()) {
            containers.add(
                    base(container.text("name"), container.text("image"), "", 0)
                            .put("ready", false)
                            .put("started", false)
                            .put("state", waitingState(new Waiting(reason, message)))
                            .put("lastState", JsonObject.EMPTY)
                            .build());
        }
        view.condition("Ready", false, reason, message);
        view.condition("ContainersReady", false, reason, message);
        return JsonObject.builder()
                .put("phase", "Pending")
                .put("reason", reason)
                .put("message", message)
                .put("conditions", view.allConditions())
                .put("qosClass", Qos.of(pod))
                .put("containerStatuses", new JsonArray(containers))
                .build();
    }

    /** What the container ended with, by its last reported status; 137 if nobody knows. */
    static int lastExitCode(JsonObject status) {
        return (int)
                status.object("state", "terminated")
                        .number("exitCode")
                        .orElse(
                                status.object("state").has("waiting")
                                        ? status.object("lastState", "terminated")
                                                .number("exitCode")
                                                .orElse(137)
                                        : 137);
    }

    /** The containers' statuses, in the order of the spec. */
    private record Statuses(
            Initialization initialization,
            List<JsonObject> init,
            List<JsonObject> regular,
            List<JsonObject> sidecars) {

        Phase phase() {
            List<JsonObject> others = new ArrayList<>(init);
            others.removeAll(sidecars);
            return new Phase(others, sidecars, regular, initialization.complete());
        }

        /** Those that run while the pod does. */
        List<JsonObject> lasting() {
            List<JsonObject> lasting = new ArrayList<>(sidecars);
            lasting.addAll(regular);
            return lasting;
        }
    }

    private Statuses statuses(Map<String, Waiting> waiting) {
        List<JsonObject> init = new ArrayList<>();
        List<JsonObject> sidecars = new ArrayList<>();
        for (JsonObject container : PodContainers.init(pod)) {
            boolean sidecar = PodContainers.isSidecar(container);
            JsonObject status = status(container, !sidecar, waiting);
            init.add(status);
            if (sidecar) {
                sidecars.add(status);
            }
        }
        List<JsonObject> regular = new ArrayList<>();
        for (JsonObject container : PodContainers.regular(pod)) {
            regular.add(status(container, false, waiting));
        }
        return new Statuses(new Initialization(facts, pod), init, regular, sidecars);
    }

    private JsonObject status(JsonObject container, boolean init, Map<String, Waiting> waiting) {
        return new ContainerStatus(
                        facts, container, init, creating(pod), waiting.get(container.text("name")))
                .json();
    }

    /** Why a container waits that is just being made, or whose turn has not come. */
    static String creating(KubeObject pod) {
        return PodContainers.init(pod).isEmpty() ? "ContainerCreating" : "PodInitializing";
    }

    static JsonObject.Builder base(String name, String image, String imageId, long restarts) {
        return JsonObject.builder()
                .put("name", name)
                .put("image", image)
                .put("imageID", imageId)
                .put("restartCount", restarts);
    }

    static JsonObject waitingState(Waiting waiting) {
        return JsonObject.of(
                "waiting",
                JsonObject.builder()
                        .put("reason", waiting.reason())
                        .putUnlessEmpty("message", waiting.message())
                        .build());
    }

    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private JsonObject build(String phase, Statuses statuses) {
        conditionsFor(phase, statuses);
        String podIp = facts.podIp().isEmpty() ? facts.lastStatus().text("podIP") : facts.podIp();
        boolean addressed =
                facts.reality() != null || phase.equals("Succeeded") || phase.equals("Failed");
        String hostIp =
                facts.hostIp().isEmpty() ? facts.lastStatus().text("hostIP") : facts.hostIp();
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("phase", phase)
                        .put("conditions", allConditions())
                        .putUnlessEmpty("hostIP", hostIp)
                        .putUnlessEmpty("hostIPs", ips(hostIp));
        if (addressed) {
            status.putUnlessEmpty("podIP", podIp).putUnlessEmpty("podIPs", ips(podIp));
        }
        PodRecord record = facts.record();
        String started =
                facts.lastStatus()
                        .string("startTime")
                        .orElse(record == null ? "" : time(record.decided()));
        return status.putUnlessEmpty("startTime", started)
                .putUnlessEmpty(
                        "initContainerStatuses", new JsonArray(List.copyOf(statuses.init())))
                .put("containerStatuses", new JsonArray(List.copyOf(statuses.regular())))
                .put("qosClass", Qos.of(pod))
                .build();
    }

    private static JsonArray ips(String ip) {
        return ip.isEmpty() ? JsonArray.EMPTY : JsonArray.of(JsonObject.of("ip", ip));
    }

    private void conditionsFor(String phase, Statuses statuses) {
        boolean completed = phase.equals("Succeeded");
        List<String> unready =
                statuses.lasting().stream()
                        .filter(container -> !container.flag("ready"))
                        .map(container -> container.text("name"))
                        .toList();
        boolean ready = unready.isEmpty() && phase.equals("Running");
        String reason =
                ready
                        ? ""
                        : completed
                                ? "PodCompleted"
                                : phase.equals("Failed") ? "PodFailed" : "ContainersNotReady";
        String message =
                reason.equals("ContainersNotReady")
                        ? "containers with unready status: [" + String.join(" ", unready) + "]"
                        : "";
        condition("PodReadyToStartContainers", facts.sandboxRunning(), "", "");
        if (completed || statuses.initialization().complete()) {
            condition("Initialized", true, completed ? "PodCompleted" : "", "");
        } else {
            condition(
                    "Initialized",
                    false,
                    "ContainersNotInitialized",
                    "containers with incomplete status: ["
                            + String.join(" ", statuses.initialization().incomplete())
                            + "]");
        }
        Optional<String> gate = ready ? closedGate() : Optional.empty();
        if (gate.isPresent()) {
            condition("Ready", false, "ReadinessGatesNotReady", gate.get());
        } else {
            condition("Ready", ready, reason, message);
        }
        condition("ContainersReady", ready, reason, message);
    }

    private Optional<String> closedGate() {
        return pod.spec().array("readinessGates").objects().stream()
                .map(gate -> gate.text("conditionType"))
                .filter(type -> !pod.conditionIsTrue(type))
                .findFirst()
                .map(
                        type ->
                                "corresponding condition of pod readiness gate \""
                                        + type
                                        + "\" is not True.");
    }

    private void condition(String type, boolean holds, String reason, String message) {
        String status = holds ? "True" : "False";
        conditions.add(
                JsonObject.builder()
                        .put("type", type)
                        .put("status", status)
                        .put("lastTransitionTime", since(type, status))
                        .putUnlessEmpty("reason", reason)
                        .putUnlessEmpty("message", message)
                        .build());
    }

    private String since(String type, String status) {
        return lastCondition(type)
                .filter(condition -> condition.text("status").equals(status))
                .flatMap(condition -> condition.string("lastTransitionTime"))
                .orElse(time(facts.now()));
    }

    private Optional<JsonObject> lastCondition(String type) {
        return facts.lastStatus().array("conditions").objects().stream()
                .filter(condition -> condition.text("type").equals(type))
                .findFirst();
    }

    private JsonArray allConditions() {
        List<Json> all = new ArrayList<>(conditions);
        all.add(scheduled());
        return new JsonArray(all);
    }

    /** What the scheduler wrote. A pod that is bound to a node was scheduled. */
    private JsonObject scheduled() {
        return pod.condition("PodScheduled")
                .or(() -> lastCondition("PodScheduled"))
                .orElseGet(
                        () ->
                                JsonObject.builder()
                                        .put("type", "PodScheduled")
                                        .put("status", "True")
                                        .put("lastTransitionTime", since("PodScheduled", "True"))
                                        .build());
    }
}
