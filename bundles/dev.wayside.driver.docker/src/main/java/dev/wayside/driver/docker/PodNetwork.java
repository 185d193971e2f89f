// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.time.Duration;

/** The bridge network of this gateway's pods. */
final class PodNetwork {
    /** Docker's own, for Nodes without a podCIDR. */
    static final String DEFAULT = "bridge";

    private static final Duration CREATE = Duration.ofSeconds(20);
    private static final String REASON = "PodNetworkError";

    private final DockerApi api;
    private final Labels labels;
    private final String name;
    private final String bridge;

    PodNetwork(DockerApi api, Labels labels, String gatewayUid) {
        this.api = api;
        this.labels = labels;
        this.name = "wayside-" + gatewayUid;
        // The kernel takes 15 characters.
        this.bridge = String.format("wsd%08x", gatewayUid.hashCode());
    }

    /** Makes the network unless it is there; its name. One at a time, so that it is made once. */
    synchronized String ensure(String podCidr) throws DriverException {
        if (podCidr.isEmpty()) {
            return DEFAULT;
        }
        DockerApi.Reply found = api.get("/networks/" + name);
        if (found.status() == 404) {
            create(podCidr);
            return name;
        }
        if (!found.good()) {
            throw DockerApi.unexpected("looking for network " + name, found);
        }
        String subnet =
                found.object().array("IPAM", "Config").objects().stream()
                        .findFirst()
                        .map(config -> config.text("Subnet"))
                        .orElse("");
        if (!subnet.equals(podCidr)) {
            throw Failures.unavailable(
                    REASON,
                    "the network "
                            + name
                            + " has the subnet "
                            + subnet
                            + ", the Node's podCIDR is "
                            + podCidr
                            + ": remove the network when no pod uses it any more");
        }
        return name;
    }

    /**
     * Removes the network if nobody is on it, so that it is in nobody's way when this gateway is
     * gone or gets another podCIDR. The engine refuses to remove one that is in use.
     */
    synchronized void removeIfUnused() throws DriverException {
        DockerApi.Reply reply = api.delete("/networks/" + name, CREATE);
        if (!reply.good() && reply.status() != 404 && reply.status() != 403) {
            throw DockerApi.unexpected("removing network " + name, reply);
        }
    }

    private void create(String podCidr) throws DriverException {
        DockerApi.Reply reply =
                api.post(
                        "/networks/create",
                        JsonObject.builder()
                                .put("Name", name)
                                .put("CheckDuplicate", true)
                                .put("Driver", "bridge")
                                .put("Labels", labels.ofGateway())
                                .put(
                                        "Options",
                                        JsonObject.of("com.docker.network.bridge.name", bridge))
                                .put(
                                        "IPAM",
                                        JsonObject.of(
                                                "Config",
                                                JsonArray.of(JsonObject.of("Subnet", podCidr))))
                                .build(),
                        CREATE);
        if (reply.good() || (reply.status() == 409 && reply.message().contains("already exists"))) {
            return;
        }
        throw Failures.unavailable(
                REASON,
                "the pod network "
                        + podCidr
                        + " cannot be made: "
                        + reply.message()
                        + (reply.message().contains("overlaps")
                                ? "; another network on this device uses these addresses: give the"
                                        + " Node another podCIDR or remove that network"
                                : ""));
    }
}
