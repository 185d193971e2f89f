// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.PodRequests;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is kept of one pod across restarts, by UID, from its admission until nothing of it is left.
 *
 * @param rejection {@code ""} if the pod was admitted, else the reason
 * @param message why it was rejected, {@code ""} if it was not
 * @param decided when the answer was given
 * @param requests what it takes from the Node
 * @param graceSeconds how long its containers get to end, should the Pod vanish
 * @param driver the driver that holds its containers, {@code ""} while nothing was made
 * @param sandboxId of the surroundings in which its init containers run or ran; {@code ""} if there
 *     are none
 * @param former by container: the newest attempt in surroundings that are gone; init containers up
 *     to it do not count
 */
record PodRecord(
        ObjectKey key,
        String uid,
        String rejection,
        String message,
        Instant decided,
        PodRequests requests,
        long graceSeconds,
        String driver,
        String sandboxId,
        Map<String, Integer> former) {

    PodRecord {
        former = Map.copyOf(former);
    }

    boolean admitted() {
        return rejection.isEmpty();
    }

    PodRecord withDriver(String name) {
        return new PodRecord(
                key,
                uid,
                rejection,
                message,
                decided,
                requests,
                graceSeconds,
                name,
                sandboxId,
                former);
    }

    PodRecord withSandbox(String id, Map<String, Integer> attempts) {
        return new PodRecord(
                key,
                uid,
                rejection,
                message,
                decided,
                requests,
                graceSeconds,
                driver,
                id,
                attempts);
    }

    JsonObject toJson() {
        List<Json> ports = new ArrayList<>();
        for (PodRequests.HostPort port : requests.hostPorts()) {
            ports.add(
                    JsonObject.builder()
                            .put("hostIP", port.hostIp())
                            .put("protocol", port.protocol())
                            .put("port", port.port())
                            .build());
        }
        JsonObject.Builder attempts = JsonObject.builder();
        former.forEach((name, attempt) -> attempts.put(name, attempt));
        return JsonObject.builder()
                .put("namespace", key.namespace())
                .put("name", key.name())
                .put("rejection", rejection)
                .put("message", message)
                .put("decided", decided.toString())
                .put("milliCpu", requests.milliCpu())
                .put("memoryBytes", requests.memoryBytes())
                .put("hostPorts", new JsonArray(ports))
                .put("graceSeconds", graceSeconds)
                .put("driver", driver)
                .putUnlessEmpty("sandbox", sandboxId)
                .putUnlessEmpty("former", attempts.build())
                .build();
    }

    /**
     * @throws IllegalArgumentException if it is no record of ours
     */
    static PodRecord of(String uid, JsonObject json) {
        Set<PodRequests.HostPort> ports = new LinkedHashSet<>();
        for (JsonObject port : json.array("hostPorts").objects()) {
            ports.add(
                    new PodRequests.HostPort(
                            port.text("hostIP"),
                            port.text("protocol"),
                            (int) port.number("port").orElse(0)));
        }
        String name = json.text("name");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("the record of pod " + uid + " names no pod");
        }
        return new PodRecord(
                ResourceType.PODS.key(json.text("namespace"), name),
                uid,
                json.text("rejection"),
                json.text("message"),
                dev.wayside.model.KubeObject.time(json, "decided").orElse(Instant.EPOCH),
                new PodRequests(
                        json.number("milliCpu").orElse(0),
                        json.number("memoryBytes").orElse(0),
                        ports),
                json.number("graceSeconds").orElse(30),
                json.text("driver"),
                json.text("sandbox"),
                former(json.object("former")));
    }

    private static Map<String, Integer> former(JsonObject json) {
        Map<String, Integer> former = new HashMap<>();
        for (String name : json.members().keySet()) {
            json.number(name).ifPresent(attempt -> former.put(name, (int) attempt));
        }
        return former;
    }
}
