// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** The defaults of pods and pod templates, as Kubernetes fills them in. */
final class PodDefaults {
    private static final long FILE_MODE = 0644;

    private static final JsonObject GATED =
            JsonObject.builder()
                    .put("type", "PodScheduled")
                    .put("status", "False")
                    .put("reason", "SchedulingGated")
                    .put("message", "Scheduling is blocked due to non-empty scheduling gates")
                    .build();

    private PodDefaults() {}

    static KubeObject pod(KubeObject pod) {
        JsonObject spec = spec(pod.spec());
        // Requests follow limits in pods alone; a template keeps what its author wrote.
        for (String list : List.of("containers", "initContainers")) {
            spec = each(spec, list, PodDefaults::requestsFromLimits);
        }
        spec = absent(spec, "enableServiceLinks", Json.of(true));
        JsonObject status = absent(pod.status(), "phase", Json.of("Pending"));
        if (!spec.array("schedulingGates").isEmpty()) {
            status = absent(status, "conditions", JsonArray.of(GATED));
        }
        status = absent(status, "qosClass", Json.of(PodQos.of(spec)));
        return pod.withSpec(spec).withStatus(status);
    }

    /** Of a Deployment's or ReplicaSet's {@code spec.template}. */
    static JsonObject template(JsonObject template) {
        return template.with("spec", spec(template.object("spec")));
    }

    private static JsonObject spec(JsonObject spec) {
        JsonObject result = spec;
        result = each(result, "volumes", PodDefaults::volume);
        boolean hostNetwork = result.flag("hostNetwork");
        for (String list : List.of("initContainers", "containers", "ephemeralContainers")) {
            result = each(result, list, container -> container(container, hostNetwork));
        }
        result = absent(result, "restartPolicy", Json.of("Always"));
        result = absent(result, "terminationGracePeriodSeconds", Json.of(30));
        result = absent(result, "dnsPolicy", Json.of("ClusterFirst"));
        result = absent(result, "securityContext", JsonObject.EMPTY);
        result = absent(result, "schedulerName", Json.of("default-scheduler"));
        // The deprecated spelling mirrors the new one.
        String account = result.string("serviceAccountName").orElse(result.text("serviceAccount"));
        return account.isEmpty()
                ? result
                : result.with("serviceAccountName", account).with("serviceAccount", account);
    }

    private static JsonObject container(JsonObject container, boolean hostNetwork) {
        JsonObject result = each(container, "ports", port -> port(port, hostNetwork));
        result = each(result, "env", PodDefaults::variable);
        for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
            result = ifThere(result, probe, PodDefaults::probe);
        }
        result =
                ifThere(
                        result,
                        "lifecycle",
                        lifecycle ->
                                ifThere(
                                        ifThere(lifecycle, "postStart", PodDefaults::handler),
                                        "preStop",
                                        PodDefaults::handler));
        result = absent(result, "terminationMessagePath", Json.of("/dev/termination-log"));
        result = absent(result, "terminationMessagePolicy", Json.of("File"));
        return absent(
                result,
                "imagePullPolicy",
                Json.of(isLatest(result.text("image")) ? "Always" : "IfNotPresent"));
    }

    /** Whether an image reference means the tag {@code latest}, named or not. */
    static boolean isLatest(String image) {
        if (image.isEmpty() || image.contains("@")) {
            return false;
        }
        // A colon before the last slash belongs to the registry's port.
        String last = image.substring(image.lastIndexOf('/') + 1);
        int colon = last.indexOf(':');
        return colon < 0 || last.substring(colon + 1).equals("latest");
    }

    private static JsonObject port(JsonObject port, boolean hostNetwork) {
        JsonObject result = absent(port, "protocol", Json.of("TCP"));
        return hostNetwork && port.number("hostPort").orElse(0) == 0 && port.has("containerPort")
                ? result.with("hostPort", port.get("containerPort").orElseThrow())
                : result;
    }

    private static JsonObject variable(JsonObject variable) {
        return ifThere(
                variable,
                "valueFrom",
                from -> ifThere(from, "fieldRef", ref -> absent(ref, "apiVersion", Json.of("v1"))));
    }

    private static JsonObject probe(JsonObject probe) {
        JsonObject result = handler(probe);
        result = ifThere(result, "grpc", grpc -> absent(grpc, "service", Json.of("")));
        result = absent(result, "timeoutSeconds", Json.of(1));
        result = absent(result, "periodSeconds", Json.of(10));
        result = absent(result, "successThreshold", Json.of(1));
        return absent(result, "failureThreshold", Json.of(3));
    }

    private static JsonObject handler(JsonObject handler) {
        return ifThere(
                handler,
                "httpGet",
                get -> absent(absent(get, "path", Json.of("/")), "scheme", Json.of("HTTP")));
    }

    private static JsonObject volume(JsonObject volume) {
        if (volume.members().size() == 1 && volume.has("name")) {
            return volume.with("emptyDir", JsonObject.EMPTY);
        }
        JsonObject result = volume;
        for (String source : List.of("secret", "configMap", "downwardAPI", "projected")) {
            result =
                    ifThere(
                            result,
                            source,
                            part -> absent(part, "defaultMode", Json.of(FILE_MODE)));
        }
        result = ifThere(result, "downwardAPI", PodDefaults::fieldItems);
        result = ifThere(result, "projected", PodDefaults::projected);
        return ifThere(result, "hostPath", path -> absent(path, "type", Json.of("")));
    }

    private static JsonObject projected(JsonObject projected) {
        return each(
                projected,
                "sources",
                source ->
                        ifThere(
                                ifThere(source, "downwardAPI", PodDefaults::fieldItems),
                                "serviceAccountToken",
                                token -> absent(token, "expirationSeconds", Json.of(3600))));
    }

    private static JsonObject fieldItems(JsonObject downward) {
        return each(
                downward,
                "items",
                item -> ifThere(item, "fieldRef", ref -> absent(ref, "apiVersion", Json.of("v1"))));
    }

    private static JsonObject requestsFromLimits(JsonObject container) {
        JsonObject limits = container.object("resources", "limits");
        if (limits.isEmpty()) {
            return container;
        }
        JsonObject.Builder requests = container.object("resources", "requests").toBuilder();
        limits.members()
                .forEach(
                        (name, quantity) -> {
                            if (!requests.has(name)) {
                                requests.put(name, quantity);
                            }
                        });
        return container.withAt(List.of("resources", "requests"), requests.build());
    }

    /** Sets a member that is not there. */
    static JsonObject absent(JsonObject object, String name, Json value) {
        return object.has(name) ? object : object.with(name, value);
    }

    /** Changes a member that is there and an object. */
    static JsonObject ifThere(JsonObject object, String name, UnaryOperator<JsonObject> change) {
        return object.get(name).orElse(null) instanceof JsonObject part
                ? object.with(name, change.apply(part))
                : object;
    }

    /** Changes each object in a list that is there. */
    static JsonObject each(JsonObject object, String name, UnaryOperator<JsonObject> change) {
        if (!(object.get(name).orElse(null) instanceof JsonArray array)) {
            return object;
        }
        List<Json> items = new ArrayList<>(array.size());
        for (Json item : array) {
            items.add(item instanceof JsonObject part ? change.apply(part) : item);
        }
        return object.with(name, new JsonArray(items));
    }
}
