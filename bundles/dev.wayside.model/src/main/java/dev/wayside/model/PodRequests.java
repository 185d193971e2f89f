// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a pod asks of a node; the scheduler and the gateway's admission count with the same numbers.
 * A request that is absent where a limit is given equals the limit, as Kubernetes' defaulting has
 * it.
 *
 * @param milliCpu thousandths of a core
 * @param memoryBytes bytes
 * @param hostPorts ports that the pod takes on the node itself
 * @param others what is asked for beside, by resource, in whole units; nothing that is 0
 */
public record PodRequests(
        long milliCpu, long memoryBytes, Set<HostPort> hostPorts, Map<String, Long> others) {

    /** A port on the node. {@code hostIp} is {@code ""} for every address. */
    public record HostPort(String hostIp, String protocol, int port) {
        /** Whether both cannot be had on one node. */
        public boolean clashesWith(HostPort other) {
            return port == other.port
                    && protocol.equals(other.protocol)
                    && (hostIp.isEmpty() || other.hostIp.isEmpty() || hostIp.equals(other.hostIp));
        }
    }

    public PodRequests {
        hostPorts = Set.copyOf(hostPorts);
        others = Map.copyOf(others);
    }

    /** Of cpu, memory and ports alone. */
    public PodRequests(long milliCpu, long memoryBytes, Set<HostPort> hostPorts) {
        this(milliCpu, memoryBytes, hostPorts, Map.of());
    }

    /**
     * @throws IllegalArgumentException if a quantity is malformed
     */
    public static PodRequests of(KubeObject pod) {
        Set<HostPort> ports = new LinkedHashSet<>();
        boolean hostNetwork = pod.spec().flag("hostNetwork");
        for (JsonObject container : PodContainers.lasting(pod)) {
            ports(container, hostNetwork, ports);
        }
        return new PodRequests(
                effective(pod, "cpu").milli(),
                effective(pod, "memory").whole(),
                ports,
                others(pod));
    }

    private static Map<String, Long> others(KubeObject pod) {
        Set<String> names = new LinkedHashSet<>();
        for (JsonObject container : PodContainers.init(pod)) {
            names(container, names);
        }
        for (JsonObject container : PodContainers.regular(pod)) {
            names(container, names);
        }
        names.remove("cpu");
        names.remove("memory");
        Map<String, Long> others = new TreeMap<>();
        for (String name : names) {
            long amount = effective(pod, name).whole();
            if (amount > 0) {
                others.put(name, amount);
            }
        }
        return others;
    }

    private static void names(JsonObject container, Set<String> names) {
        names.addAll(container.object("resources", "requests").members().keySet());
        names.addAll(container.object("resources", "limits").members().keySet());
    }

    /**
     * What the pod needs at its hungriest: when all is started, or while one of the init containers
     * runs beside the sidecars that were started before it.
     */
    private static Quantity effective(KubeObject pod, String resource) {
        Quantity sidecars = Quantity.ZERO;
        Quantity most = Quantity.ZERO;
        for (JsonObject container : PodContainers.init(pod)) {
            Quantity beside = sidecars.plus(request(container, resource));
            if (PodContainers.isSidecar(container)) {
                sidecars = beside;
            }
            most = larger(most, beside);
        }
        Quantity started = sidecars;
        for (JsonObject container : PodContainers.regular(pod)) {
            started = started.plus(request(container, resource));
        }
        return larger(most, started);
    }

    private static Quantity larger(Quantity one, Quantity other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    private static void ports(JsonObject container, boolean hostNetwork, Set<HostPort> ports) {
        for (JsonObject port : container.array("ports").objects()) {
            int hostPort =
                    (int)
                            port.number("hostPort")
                                    .orElse(
                                            hostNetwork
                                                    ? port.number("containerPort").orElse(0)
                                                    : 0);
            if (hostPort > 0) {
                String hostIp = port.text("hostIP").equals("0.0.0.0") ? "" : port.text("hostIP");
                ports.add(new HostPort(hostIp, port.string("protocol").orElse("TCP"), hostPort));
            }
        }
    }

    public boolean clashesWith(PodRequests other) {
        return hostPorts.stream()
                .anyMatch(mine -> other.hostPorts.stream().anyMatch(mine::clashesWith));
    }

    private static Quantity request(JsonObject container, String resource) {
        JsonObject requests = container.object("resources", "requests");
        return requests.has(resource)
                ? Quantity.of(requests, resource)
                : Quantity.of(container.object("resources", "limits"), resource);
    }
}
