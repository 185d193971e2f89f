// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import java.util.ArrayList;
import java.util.List;

/** The labels on everything that a gateway makes, and the filters that show it nothing else. */
final class Labels {
    /** Events after which something is different; a command run in a container is none. */
    private static final List<String> CHANGES =
            List.of("create", "start", "restart", "die", "destroy", "oom", "pause", "unpause");

    static final String GATEWAY = "wayside.dev/gateway-uid";
    static final String POD = "wayside.dev/pod-uid";
    static final String SPEC_HASH = "wayside.dev/spec-hash";
    static final String ATTEMPT = "wayside.dev/attempt";
    static final String POD_NAME = "io.kubernetes.pod.name";
    static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    static final String CONTAINER_NAME = "io.kubernetes.container.name";

    /** Kubernetes' own name for the container that holds a pod's namespaces. */
    static final String INFRA = "POD";

    private final String gatewayUid;

    Labels(String gatewayUid) {
        this.gatewayUid = gatewayUid;
    }

    JsonObject.Builder of(String podUid, String namespace, String podName, String container) {
        return JsonObject.builder()
                .put(GATEWAY, gatewayUid)
                .put(POD, podUid)
                .put(POD_NAMESPACE, namespace)
                .put(POD_NAME, podName)
                .put(CONTAINER_NAME, container);
    }

    /** For a network. */
    JsonObject ofGateway() {
        return JsonObject.of(GATEWAY, gatewayUid);
    }

    /** Whether these labels are this gateway's, and this pod's. */
    boolean match(JsonObject labels, String podUid) {
        return labels.text(GATEWAY).equals(gatewayUid) && labels.text(POD).equals(podUid);
    }

    /** A {@code filters} parameter's value, encoded. */
    String filter(String... more) {
        List<String> labels = new ArrayList<>();
        labels.add(GATEWAY + "=" + gatewayUid);
        labels.addAll(List.of(more));
        return DockerApi.encode(JsonObject.of("label", JsonArray.ofStrings(labels)).toJson());
    }

    /** As {@link #filter}, of containers' events only. */
    String eventFilter() {
        return DockerApi.encode(
                JsonObject.builder()
                        .put("type", JsonArray.of(new JsonString("container")))
                        .put("event", JsonArray.ofStrings(CHANGES))
                        .put("label", JsonArray.of(new JsonString(GATEWAY + "=" + gatewayUid)))
                        .build()
                        .toJson());
    }
}
