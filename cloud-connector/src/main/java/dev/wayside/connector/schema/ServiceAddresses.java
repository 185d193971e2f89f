// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.Allotted;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives each Service an address of its own, and node ports to those that ask for them. What is
 * taken is read off the other Services, so that nothing has to be given back.
 */
final class ServiceAddresses {
    private static final int FIRST_NODE_PORT = 30_000;
    private static final int LAST_NODE_PORT = 32_767;

    private ServiceAddresses() {}

    /**
     * @param before what the Service was; null for a new one. It keeps its address whatever the
     *     range is now
     */
    static Allotted allotted(
            ServiceRange range,
            @Nullable KubeObject before,
            KubeObject service,
            Collection<KubeObject> others) {
        JsonObject spec = service.spec();
        Errors errors = new Errors();
        String kept = before == null ? "" : before.spec().text("clusterIP");
        if (ServiceRules.hasAddress(spec)
                && (kept.isEmpty() || !kept.equals(spec.text("clusterIP")))) {
            spec = addressed(range, service, spec, others, errors);
        }
        if (ServiceRules.hasNodePorts(spec)) {
            spec = ported(service, spec, others, errors);
        }
        return new Allotted(
                spec.equals(service.spec()) ? service : service.withSpec(spec), errors.list());
    }

    private static JsonObject addressed(
            ServiceRange range,
            KubeObject service,
            JsonObject spec,
            Collection<KubeObject> others,
            Errors errors) {
        Set<String> taken = new HashSet<>();
        others.forEach(other -> taken.add(other.spec().text("clusterIP")));
        String address = spec.text("clusterIP");
        if (!address.isEmpty()) {
            if (!range.holds(address)) {
                errors.invalid(
                        "spec.clusterIPs",
                        spec.array("clusterIPs"),
                        "failed to allocate IP "
                                + address
                                + ": the provided IP is not in the valid range. The range of valid"
                                + " IPs is "
                                + range);
            } else if (taken.contains(address)) {
                errors.invalid(
                        "spec.clusterIPs",
                        spec.array("clusterIPs"),
                        "failed to allocate IP " + address + ": provided IP is already allocated");
            }
            return spec;
        }
        // By its name: what was deleted and made again most often has its old address.
        OptionalInt free =
                range.free((service.namespace() + "/" + service.name()).hashCode(), taken);
        if (free.isEmpty()) {
            errors.invalid(
                    "spec.clusterIPs",
                    spec.array("clusterIPs"),
                    "failed to allocate a serviceIP: the range " + range + " is full");
            return spec;
        }
        String given = ServiceRange.text(free.getAsInt());
        return spec.with("clusterIP", given)
                .with("clusterIPs", JsonArray.ofStrings(List.of(given)));
    }

    private static JsonObject ported(
            KubeObject service, JsonObject spec, Collection<KubeObject> others, Errors errors) {
        Set<String> taken = new HashSet<>();
        for (KubeObject other : others) {
            for (JsonObject port : other.spec().array("ports").objects()) {
                taken.add(key(port));
            }
        }
        List<JsonObject> ports = spec.array("ports").objects();
        for (int i = 0; i < ports.size(); i++) {
            long wanted = nodePort(ports.get(i));
            if (wanted == 0) {
                continue;
            }
            String path = "spec.ports[" + i + "].nodePort";
            if (wanted < FIRST_NODE_PORT || wanted > LAST_NODE_PORT) {
                errors.invalid(
                        path,
                        wanted,
                        "provided port is not in the valid range. The range of valid ports is "
                                + FIRST_NODE_PORT
                                + "-"
                                + LAST_NODE_PORT);
            } else if (!taken.add(key(ports.get(i)))) {
                errors.invalid(path, wanted, "provided port is already allocated");
            }
        }
        List<Json> result = new ArrayList<>();
        for (JsonObject port : ports) {
            JsonObject given = port;
            if (nodePort(port) == 0) {
                int start = (service.namespace() + "/" + service.name()).hashCode();
                given = free(port, start, taken, errors);
            }
            result.add(given);
        }
        return spec.with("ports", new JsonArray(result));
    }

    private static JsonObject free(JsonObject port, int start, Set<String> taken, Errors errors) {
        int count = LAST_NODE_PORT - FIRST_NODE_PORT + 1;
        for (int i = 0; i < count; i++) {
            JsonObject candidate =
                    port.with("nodePort", FIRST_NODE_PORT + Math.floorMod(start + i, count));
            if (taken.add(key(candidate))) {
                return candidate;
            }
        }
        errors.invalid("spec.ports", 0, "failed to allocate a nodePort: range is full");
        return port;
    }

    private static long nodePort(JsonObject port) {
        return port.number("nodePort").orElse(0);
    }

    private static String key(JsonObject port) {
        return nodePort(port) + "/" + port.text("protocol");
    }
}
