// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Words what this gateway says of itself in {@code status} of its Node. Pure. */
final class NodeStatus {
    /** How long the agent may make no progress. */
    static final Duration STUCK = Duration.ofSeconds(30);

    private static final int MAX_PODS = 110;
    // For the system and the gateway itself: at most a quarter.
    private static final long RESERVED_BYTES = 128L << 20;
    private static final long LOW_MEMORY_BYTES = 50L << 20;
    private static final long LOW_DISK_BYTES = 100L << 20;

    /**
     * What is looked at.
     *
     * @param address ours towards the connector; empty if none is known
     * @param agent empty if there is no agent
     * @param progress the agent's, meaningless without one
     */
    record Facts(
            Machine.Resources resources,
            JsonObject nodeInfo,
            Optional<String> address,
            String hostName,
            Optional<AgentProgress.RuntimeState> agent,
            Duration progress,
            Optional<CacheHealth.Doubt> doubt) {}

    private NodeStatus() {}

    /**
     * The whole status.
     *
     * @param before the conditions said last, for their times of transition
     */
    static JsonObject of(Facts facts, JsonArray before, Instant now) {
        return JsonObject.builder()
                .put("capacity", amounts(facts.resources(), false))
                .put("allocatable", amounts(facts.resources(), true))
                .put("addresses", addresses(facts))
                .put("nodeInfo", nodeInfo(facts))
                .put("conditions", conditions(facts, before, now))
                .build();
    }

    /** The status without the times at which it was said: what is compared for a change. */
    static JsonObject timeless(JsonObject status) {
        List<Json> conditions = new ArrayList<>();
        for (JsonObject condition : status.array("conditions").objects()) {
            conditions.add(condition.without("lastHeartbeatTime"));
        }
        return status.with("conditions", new JsonArray(conditions));
    }

    private static JsonObject amounts(Machine.Resources resources, boolean allocatable) {
        long reserved = allocatable ? Math.min(RESERVED_BYTES, resources.memoryBytes() / 4) : 0;
        long disk = allocatable ? resources.diskBytes() / 10 * 9 : resources.diskBytes();
        return JsonObject.of("cpu", Integer.toString(resources.processors()))
                .with("memory", (resources.memoryBytes() - reserved) / 1024 + "Ki")
                .with("pods", Integer.toString(MAX_PODS))
                .with("ephemeral-storage", disk / 1024 + "Ki");
    }

    private static JsonArray addresses(Facts facts) {
        JsonArray addresses = JsonArray.EMPTY;
        if (facts.address().isPresent()) {
            addresses =
                    addresses.plus(
                            JsonObject.of("type", "InternalIP")
                                    .with("address", facts.address().get()));
        }
        return addresses.plus(JsonObject.of("type", "Hostname").with("address", facts.hostName()));
    }

    private static JsonObject nodeInfo(Facts facts) {
        return facts.nodeInfo()
                .with(
                        "containerRuntimeVersion",
                        facts.agent().map(AgentProgress.RuntimeState::version).orElse(""));
    }

    private static JsonArray conditions(Facts facts, JsonArray before, Instant now) {
        Machine.Resources resources = facts.resources();
        boolean memory =
                resources.freeMemoryBytes()
                        < Math.min(LOW_MEMORY_BYTES, resources.memoryBytes() / 20);
        boolean disk =
                resources.freeDiskBytes() < Math.min(LOW_DISK_BYTES, resources.diskBytes() / 20)
                        || resources.diskBytes() == 0;
        boolean tasks =
                resources.maxTasks() > 0 && resources.tasks() > resources.maxTasks() / 10 * 9;
        List<Json> conditions = new ArrayList<>();
        conditions.add(pressure("MemoryPressure", memory, "Memory", before, now));
        conditions.add(pressure("DiskPressure", disk, "Disk", before, now));
        conditions.add(pressure("PIDPressure", tasks, "PID", before, now));
        conditions.add(
                facts.doubt()
                        .map(
                                doubt ->
                                        condition(
                                                "CacheSuspect",
                                                "True",
                                                doubt.reason(),
                                                doubt.message(),
                                                before,
                                                now))
                        .orElseGet(
                                () ->
                                        condition(
                                                "CacheSuspect",
                                                "False",
                                                "CacheSound",
                                                "what is cached is not in doubt",
                                                before,
                                                now)));
        conditions.add(ready(facts, before, now));
        return new JsonArray(conditions);
    }

    private static JsonObject pressure(
            String type, boolean pressed, String what, JsonArray before, Instant now) {
        return pressed
                ? condition(
                        type,
                        "True",
                        "GatewayHasInsufficient" + what,
                        "the gateway runs out of it",
                        before,
                        now)
                : condition(
                        type,
                        "False",
                        "GatewayHasSufficient" + what,
                        "the gateway has enough of it",
                        before,
                        now);
    }

    private static JsonObject ready(Facts facts, JsonArray before, Instant now) {
        if (facts.agent().isEmpty()) {
            return condition(
                    "Ready", "False", "AgentNotReady", "no workload agent runs", before, now);
        }
        if (facts.progress().compareTo(STUCK) >= 0) {
            return condition(
                    "Ready",
                    "False",
                    "AgentNotReady",
                    "the workload agent makes no progress",
                    before,
                    now);
        }
        AgentProgress.RuntimeState runtime = facts.agent().get();
        return runtime.up()
                ? condition("Ready", "True", "GatewayReady", "the gateway runs pods", before, now)
                : condition("Ready", "False", "RuntimeDown", runtime.message(), before, now);
    }

    private static JsonObject condition(
            String type,
            String status,
            String reason,
            String message,
            JsonArray before,
            Instant now) {
        String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        String since =
                before.objects().stream()
                        .filter(old -> old.text("type").equals(type))
                        .filter(old -> old.text("status").equals(status))
                        .map(old -> old.text("lastTransitionTime"))
                        .filter(old -> !old.isEmpty())
                        .findFirst()
                        .orElse(time);
        return JsonObject.of("type", type)
                .with("status", status)
                .with("reason", reason)
                .with("message", message)
                .with("lastHeartbeatTime", time)
                .with("lastTransitionTime", since);
    }
}
