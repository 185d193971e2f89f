// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Who serves a Service, as EndpointSlices and as the older Endpoints. Pure: the same Service and
 * pods give the same objects.
 *
 * <p>A pod counts as ready by its own word, also while its gateway is not heard of: those who would
 * use it are at its site, where it is reached.
 */
final class ServiceEndpoints {
    static final String SERVICE_NAME = "kubernetes.io/service-name";
    static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    static final String MANAGER = "endpointslice-controller.k8s.io";

    private static final String HEADLESS = "service.kubernetes.io/headless";
    private static final int MOST_IN_SLICE = 100;

    /** Beyond this, Endpoints leave the rest out, as Kubernetes does. */
    private static final int MOST_IN_ENDPOINTS = 1_000;

    private final KubeObject service;
    private final JsonArray ports;
    private final Map<JsonArray, List<KubeObject>> podsByPorts = new LinkedHashMap<>();

    ServiceEndpoints(KubeObject service, List<KubeObject> pods) {
        this.service = service;
        this.ports = service.spec().array("ports");
        pods.stream()
                .filter(ServiceEndpoints::hasAddress)
                .sorted(Comparator.comparing(KubeObject::name))
                .forEach(
                        pod ->
                                podsByPorts
                                        .computeIfAbsent(targets(pod), key -> new ArrayList<>())
                                        .add(pod));
    }

    /** Whether the Service says itself which pods serve it; else others write its Endpoints. */
    static boolean selects(KubeObject service) {
        return !service.spec().object("selector").isEmpty()
                && !service.spec().text("type").equals("ExternalName");
    }

    private static boolean hasAddress(KubeObject pod) {
        return !pod.status().text("podIP").isEmpty() && !PodFacts.isFinished(pod);
    }

    List<KubeObject> slices() {
        List<KubeObject> slices = new ArrayList<>();
        podsByPorts.forEach(
                (targets, pods) -> {
                    for (int from = 0; from < pods.size(); from += MOST_IN_SLICE) {
                        int to = Math.min(pods.size(), from + MOST_IN_SLICE);
                        slices.add(slice(targets, pods.subList(from, to), from / MOST_IN_SLICE));
                    }
                });
        if (slices.isEmpty()) {
            slices.add(slice(JsonArray.EMPTY, List.of(), 0));
        }
        return slices;
    }

    private KubeObject slice(JsonArray targets, List<KubeObject> pods, int number) {
        Map<String, String> labels = new TreeMap<>(service.labels());
        labels.put(SERVICE_NAME, service.name());
        labels.put(MANAGED_BY, MANAGER);
        if (service.spec().text("clusterIP").equals("None")) {
            labels.put(HEADLESS, "");
        }
        // By what it holds: made twice it would be the same object.
        String suffix =
                PodTemplates.hash(
                        JsonObject.EMPTY.with("ports", targets).with("number", number), 0);
        return KubeObject.of(
                        ResourceType.ENDPOINT_SLICES,
                        service.namespace(),
                        service.name() + "-" + suffix)
                .withLabels(labels)
                .withMetadata("ownerReferences", owner())
                .with("addressType", Json.of("IPv4"))
                .with("endpoints", new JsonArray(pods.stream().map(this::endpoint).toList()))
                .with("ports", targets);
    }

    private JsonArray owner() {
        return JsonArray.of(OwnerReference.controllerOf(service).toJson());
    }

    private Json endpoint(KubeObject pod) {
        boolean serving = PodFacts.isReady(pod);
        boolean terminating = pod.deleted().isPresent();
        boolean ready =
                (serving && !terminating) || service.spec().flag("publishNotReadyAddresses");
        return JsonObject.builder()
                .put("addresses", JsonArray.ofStrings(List.of(pod.status().text("podIP"))))
                .put(
                        "conditions",
                        JsonObject.builder()
                                .put("ready", ready)
                                .put("serving", serving)
                                .put("terminating", terminating)
                                .build())
                .putUnlessEmpty("hostname", hostname(pod))
                .put("targetRef", reference(pod))
                .putUnlessEmpty("nodeName", PodFacts.node(pod))
                .build();
    }

    /** Of a pod that has a name of its own in this Service's domain. */
    private String hostname(KubeObject pod) {
        return pod.spec().text("subdomain").equals(service.name())
                ? pod.spec().text("hostname")
                : "";
    }

    private static JsonObject reference(KubeObject pod) {
        return JsonObject.of("kind", "Pod")
                .with("namespace", pod.namespace())
                .with("name", pod.name())
                .with("uid", pod.uid());
    }

    KubeObject endpoints() {
        List<Json> subsets = new ArrayList<>();
        int left = MOST_IN_ENDPOINTS;
        for (Map.Entry<JsonArray, List<KubeObject>> group : podsByPorts.entrySet()) {
            List<Json> ready = new ArrayList<>();
            List<Json> others = new ArrayList<>();
            for (KubeObject pod : group.getValue()) {
                boolean isReady =
                        PodFacts.isReady(pod) || service.spec().flag("publishNotReadyAddresses");
                if (pod.deleted().isEmpty() && left > 0) {
                    (isReady ? ready : others).add(address(pod));
                    left--;
                }
            }
            if (!ready.isEmpty() || !others.isEmpty()) {
                subsets.add(
                        JsonObject.builder()
                                .putUnlessEmpty("addresses", new JsonArray(ready))
                                .putUnlessEmpty("notReadyAddresses", new JsonArray(others))
                                .putUnlessEmpty("ports", unnamed(group.getKey()))
                                .build());
            }
        }
        KubeObject endpoints =
                KubeObject.of(ResourceType.ENDPOINTS, service.namespace(), service.name())
                        .withLabels(service.labels())
                        .withMetadata("ownerReferences", owner());
        return subsets.isEmpty() ? endpoints : endpoints.with("subsets", new JsonArray(subsets));
    }

    private static JsonArray unnamed(JsonArray targets) {
        return new JsonArray(
                targets.objects().stream()
                        .map(port -> port.text("name").isEmpty() ? port.without("name") : port)
                        .map(port -> (Json) port)
                        .toList());
    }

    private Json address(KubeObject pod) {
        return JsonObject.builder()
                .put("ip", pod.status().text("podIP"))
                .putUnlessEmpty("hostname", hostname(pod))
                .putUnlessEmpty("nodeName", PodFacts.node(pod))
                .put("targetRef", reference(pod))
                .build();
    }

    /** The Service's ports as this pod has them; those that it has not are left out. */
    private JsonArray targets(KubeObject pod) {
        List<Json> targets = new ArrayList<>();
        for (JsonObject port : ports.objects()) {
            OptionalLong number = target(port, pod);
            if (number.isPresent()) {
                targets.add(
                        JsonObject.builder()
                                .put("name", port.text("name"))
                                .put("protocol", port.text("protocol"))
                                .put("port", number.getAsLong())
                                .putUnlessEmpty("appProtocol", port.text("appProtocol"))
                                .build());
            }
        }
        return new JsonArray(targets);
    }

    private static OptionalLong target(JsonObject port, KubeObject pod) {
        Optional<Json> target = port.get("targetPort");
        if (target.filter(JsonNumber.class::isInstance).isPresent()) {
            return port.number("targetPort");
        }
        if (target.filter(JsonString.class::isInstance).isEmpty()) {
            return port.number("port");
        }
        String name = port.text("targetPort");
        for (JsonObject container : pod.spec().array("containers").objects()) {
            for (JsonObject candidate : container.array("ports").objects()) {
                if (candidate.text("name").equals(name)
                        && candidate.text("protocol").equals(port.text("protocol"))) {
                    return candidate.number("containerPort");
                }
            }
        }
        return OptionalLong.empty();
    }
}
