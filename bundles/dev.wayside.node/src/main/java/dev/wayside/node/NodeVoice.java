// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.link.LinkException;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Says to the connector what it should hear of us: the Lease, the Node's status, its three labels.
 * Each is said now or not at all. Blocks, for 20 s at the most.
 */
final class NodeVoice {
    static final int LEASE_SECONDS = 40;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final DateTimeFormatter MICRO_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final CloudLink link;
    private final GatewayIdentity identity;

    NodeVoice(CloudLink link, GatewayIdentity identity) {
        this.link = link;
        this.identity = identity;
    }

    /** Renews the Lease, and makes it if there is none. */
    void renewLease(Instant now) throws LinkException, InterruptedException {
        String namespace = "kube-node-lease";
        JsonObject spec =
                JsonObject.of("holderIdentity", identity.nodeName())
                        .with("leaseDurationSeconds", LEASE_SECONDS)
                        .with("renewTime", MICRO_TIME.format(now));
        String path = ResourceType.LEASES.path(namespace, identity.nodeName());
        try {
            await(link.send("PATCH", path, JsonObject.of("spec", spec)));
        } catch (LinkException e) {
            if (e.status() != 404) {
                throw e;
            }
            JsonObject owner =
                    JsonObject.of("apiVersion", "v1")
                            .with("kind", "Node")
                            .with("name", identity.nodeName())
                            .with("uid", identity.gatewayUid());
            KubeObject lease =
                    KubeObject.of(ResourceType.LEASES, namespace, identity.nodeName())
                            .withMetadata("ownerReferences", JsonArray.of(owner))
                            .withSpec(spec);
            await(link.send("POST", ResourceType.LEASES.path(namespace), lease.json()));
        }
    }

    /** Patches the status; only if the Node is still the one that we joined as. */
    void status(JsonObject status) throws LinkException, InterruptedException {
        await(
                link.send(
                        "PATCH",
                        ResourceType.NODES.path("", identity.nodeName()) + "/status",
                        JsonObject.of("metadata", JsonObject.of("uid", identity.gatewayUid()))
                                .with("status", status)));
    }

    /** Sets the labels that are ours to set. */
    void labels(Map<String, String> labels) throws LinkException, InterruptedException {
        Json set = JsonObject.ofStrings(labels);
        await(
                link.send(
                        "PATCH",
                        ResourceType.NODES.path("", identity.nodeName()),
                        JsonObject.of(
                                "metadata",
                                JsonObject.of("uid", identity.gatewayUid()).with("labels", set))));
    }

    private static void await(CompletableFuture<JsonObject> answer)
            throws LinkException, InterruptedException {
        try {
            answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinkException link) {
                throw link;
            }
            throw new LinkException(0, "the request failed", e.getCause());
        } catch (TimeoutException e) {
            throw new LinkException(0, "no answer in time", e);
        }
    }
}
