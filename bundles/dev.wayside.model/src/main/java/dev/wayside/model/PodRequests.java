// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a pod asks of a node; the scheduler and the gateway's admission count with the same numbers.
 * A request that is absent where a limit is given equals the limit, as Kubernetes' defaulting has
 * it.
 *
 * @param milliCpu thousandths of a core
 * @param memoryBytes bytes
 * @param hostPorts ports that the pod takes on the node itself
 */
public record PodRequests(long milliCpu, long memoryBytes, Set<HostPort> hostPorts) {

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
                effective(pod, "cpu").milli(), effective(pod, "memory").whole(), ports);
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
