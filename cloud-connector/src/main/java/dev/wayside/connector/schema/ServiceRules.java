// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Defaults and rules of a Service's spec. */
final class ServiceRules {
    static final String CLUSTER_IP = "ClusterIP";
    static final String NODE_PORT = "NodePort";
    static final String LOAD_BALANCER = "LoadBalancer";
    static final String EXTERNAL_NAME = "ExternalName";

    /** What stands for an address in a Service that has none. */
    static final String NONE = "None";

    private static final List<String> TYPES =
            List.of(CLUSTER_IP, EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT);
    private static final List<String> PROTOCOLS = List.of("SCTP", "TCP", "UDP");
    private static final List<String> AFFINITIES = List.of("ClientIP", "None");
    private static final List<String> POLICIES = List.of("Cluster", "Local");
    private static final long AFFINITY_SECONDS = 10_800;

    private ServiceRules() {}

    static String type(JsonObject spec) {
        return spec.string("type").filter(type -> !type.isEmpty()).orElse(CLUSTER_IP);
    }

    static boolean hasAddress(JsonObject spec) {
        return !type(spec).equals(EXTERNAL_NAME) && !spec.text("clusterIP").equals(NONE);
    }

    static boolean hasNodePorts(JsonObject spec) {
        String type = type(spec);
        return type.equals(NODE_PORT)
                || (type.equals(LOAD_BALANCER)
                        && spec.get("allocateLoadBalancerNodePorts")
                                .map(value -> !value.equals(Json.of(false)))
                                .orElse(true));
    }

    static JsonObject defaulted(JsonObject given) {
        JsonObject spec = PodDefaults.absent(given, "type", Json.of(CLUSTER_IP));
        spec = PodDefaults.absent(spec, "sessionAffinity", Json.of("None"));
        if (spec.text("sessionAffinity").equals("ClientIP")
                && spec.number("timeoutSeconds").isEmpty()
                && spec.object("sessionAffinityConfig", "clientIP")
                        .number("timeoutSeconds")
                        .isEmpty()) {
            spec =
                    spec.with(
                            "sessionAffinityConfig",
                            JsonObject.of(
                                    "clientIP",
                                    JsonObject.EMPTY.with("timeoutSeconds", AFFINITY_SECONDS)));
        }
        spec = PodDefaults.each(spec, "ports", ServiceRules::port);
        String type = type(spec);
        if (type.equals(EXTERNAL_NAME)) {
            return spec;
        }
        spec = PodDefaults.absent(spec, "internalTrafficPolicy", Json.of("Cluster"));
        spec = PodDefaults.absent(spec, "ipFamilies", JsonArray.ofStrings(List.of("IPv4")));
        spec = PodDefaults.absent(spec, "ipFamilyPolicy", Json.of("SingleStack"));
        if (!type.equals(CLUSTER_IP)) {
            spec = PodDefaults.absent(spec, "externalTrafficPolicy", Json.of("Cluster"));
        }
        if (type.equals(LOAD_BALANCER)) {
            spec = PodDefaults.absent(spec, "allocateLoadBalancerNodePorts", Json.of(true));
        }
        return withAddress(spec);
    }

    /** The one address stands in two fields, of which a client may give either. */
    private static JsonObject withAddress(JsonObject spec) {
        String address = spec.text("clusterIP");
        List<String> addresses = spec.array("clusterIPs").strings();
        if (address.isEmpty() && !addresses.isEmpty()) {
            return spec.with("clusterIP", addresses.get(0));
        }
        return !address.isEmpty() && addresses.isEmpty()
                ? spec.with("clusterIPs", JsonArray.ofStrings(List.of(address)))
                : spec;
    }

    private static JsonObject port(JsonObject given) {
        JsonObject port = PodDefaults.absent(given, "protocol", Json.of("TCP"));
        boolean unset =
                port.get("targetPort")
                        .map(value -> value.equals(Json.of(0)) || value.equals(Json.of("")))
                        .orElse(true);
        return unset && port.has("port")
                ? port.with("targetPort", port.get("port").orElseThrow())
                : port;
    }

    /** The rules; defaults must be filled in. */
    static void check(JsonObject spec, String path, Errors errors) {
        String type = type(spec);
        if (!TYPES.contains(type)) {
            errors.notSupported(path + ".type", type, TYPES);
        }
        oneOf(spec, path, "sessionAffinity", AFFINITIES, errors);
        oneOf(spec, path, "internalTrafficPolicy", POLICIES, errors);
        oneOf(spec, path, "externalTrafficPolicy", POLICIES, errors);
        spec.object("selector")
                .strings()
                .forEach(
                        (key, value) -> {
                            errors.invalid(path + ".selector", key, NameRules.qualified(key));
                            errors.invalid(path + ".selector", value, NameRules.labelValue(value));
                        });
        if (type.equals(EXTERNAL_NAME)) {
            String name = spec.text("externalName").replaceFirst("\\.$", "");
            if (name.isEmpty()) {
                errors.required(path + ".externalName");
            } else {
                errors.invalid(path + ".externalName", name, NameRules.subdomain(name));
            }
            if (spec.text("clusterIP").equals(NONE)) {
                errors.forbidden(
                        path + ".clusterIPs[0]", "may not be set for ExternalName services");
            }
        } else if (spec.array("ports").isEmpty() && hasAddress(spec)) {
            errors.required(path + ".ports");
        }
        if (!type.equals(CLUSTER_IP)
                && !type.equals(EXTERNAL_NAME)
                && spec.text("clusterIP").equals(NONE)) {
            errors.invalid(
                    path + ".clusterIPs[0]",
                    NONE,
                    "may not be set to 'None' for " + type + " services");
        }
        List<String> addresses = spec.array("clusterIPs").strings();
        if (addresses.size() > 1) {
            errors.invalid(
                    path + ".clusterIPs",
                    spec.array("clusterIPs"),
                    "may only hold one value: addresses are IPv4");
        }
        if (!addresses.isEmpty() && !addresses.get(0).equals(spec.text("clusterIP"))) {
            errors.invalid(
                    path + ".clusterIPs",
                    spec.array("clusterIPs"),
                    "first value must match `clusterIP`");
        }
        ports(spec, path, type, errors);
    }

    private static void oneOf(
            JsonObject spec, String path, String field, List<String> allowed, Errors errors) {
        String value = spec.text(field);
        if (!value.isEmpty() && !allowed.contains(value)) {
            errors.notSupported(path + "." + field, value, allowed);
        }
    }

    private static void ports(JsonObject spec, String parent, String type, Errors errors) {
        JsonArray ports = spec.array("ports");
        Set<String> names = new HashSet<>();
        Set<String> numbers = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            if (!(ports.get(i) instanceof JsonObject port)) {
                continue;
            }
            String path = parent + ".ports[" + i + "]";
            String name = port.text("name");
            if (name.isEmpty()) {
                if (ports.size() > 1) {
                    errors.required(path + ".name");
                }
            } else {
                errors.invalid(path + ".name", name, NameRules.label(name));
                if (!names.add(name)) {
                    errors.duplicate(path + ".name", name);
                }
            }
            long number = port.number("port").orElse(0);
            errors.invalid(path + ".port", Long.toString(number), NameRules.portNumber(number));
            String protocol = port.text("protocol");
            if (!PROTOCOLS.contains(protocol)) {
                errors.notSupported(path + ".protocol", protocol, PROTOCOLS);
            }
            if (!numbers.add(number + "/" + protocol)) {
                errors.duplicate(path, port);
            }
            target(port, path + ".targetPort", errors);
            long nodePort = port.number("nodePort").orElse(0);
            if (nodePort != 0 && (type.equals(CLUSTER_IP) || type.equals(EXTERNAL_NAME))) {
                errors.forbidden(
                        path + ".nodePort", "may not be used when `type` is '" + type + "'");
            }
        }
    }

    private static void target(JsonObject port, String path, Errors errors) {
        Json target = port.get("targetPort").orElse(Json.of(0));
        if (target instanceof JsonString name) {
            errors.invalid(path, name.value(), NameRules.portName(name.value()));
        } else {
            long number = port.number("targetPort").orElse(0);
            errors.invalid(path, Long.toString(number), NameRules.portNumber(number));
        }
    }

    static void checkUpdate(JsonObject before, JsonObject after, Errors errors) {
        boolean both = !type(before).equals(EXTERNAL_NAME) && !type(after).equals(EXTERNAL_NAME);
        String old = before.text("clusterIP");
        if (both && !old.isEmpty() && !old.equals(after.text("clusterIP"))) {
            errors.invalid(
                    "spec.clusterIPs[0]", after.array("clusterIPs"), "may not change once set");
        }
    }
}
