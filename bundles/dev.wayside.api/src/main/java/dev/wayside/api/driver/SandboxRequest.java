// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

import java.util.List;

/**
 * The shared surroundings of a pod.
 *
 * @param podCidr the Node's {@code spec.podCIDR}, for instance {@code 10.244.3.0/24}; {@code ""} if
 *     the Node has none
 * @param hostNetwork whether the pod uses the host's network
 * @param hostname inside the pod
 * @param ports those that the containers publish on the host
 */
public record SandboxRequest(
        String podUid,
        String namespace,
        String name,
        String podCidr,
        boolean hostNetwork,
        String hostname,
        List<HostPort> ports) {

    /**
     * @param hostIp {@code ""} for every address
     * @param protocol {@code TCP}, {@code UDP} or {@code SCTP}
     */
    public record HostPort(String hostIp, int hostPort, int containerPort, String protocol) {}

    public SandboxRequest {
        ports = List.copyOf(ports);
    }
}
