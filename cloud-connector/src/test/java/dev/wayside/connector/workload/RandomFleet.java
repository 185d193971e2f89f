// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Nodes and pods out of few names, so that constraints meet. */
final class RandomFleet {
    static final String HOST = "kubernetes.io/hostname";
    static final Map<String, Map<String, String>> NAMESPACES =
            Map.of("default", Map.of("team", "red"), "other", Map.of("team", "blue"));

    private final Random random;
    private int names;

    RandomFleet(long seed) {
        random = new Random(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean oneIn(int many) {
        return random.nextInt(many) == 0;
    }

    KubeObject node() {
        String name = "n" + names++;
        Map<String, String> labels = new LinkedHashMap<>(Map.of(HOST, name));
        if (!oneIn(6)) {
            labels.put("zone", "z" + below(3));
        }
        labels.put("site", "s" + below(2));
        KubeObject node = KubeObject.of(ResourceType.NODES, "", name).withLabels(labels);
        String taints = oneIn(5) ? "[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]" : "[]";
        return node.withSpec(parse("{\"taints\":" + taints + "}"))
                .withStatus(
                        parse(
                                """
                                {"allocatable":{"cpu":"%d","memory":"4Gi","pods":"%d",
                                                "example.com/gpu":"%d"},
                                 "conditions":[{"type":"Ready","status":"True"}]}
                                """
                                        .formatted(1 + below(3), 3 + below(6), below(3))));
    }

    KubeObject pod() {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, oneIn(4) ? "other" : "default", "p" + names++)
                        .withLabels(Map.of("app", app(), "tier", "t" + below(2)));
        List<String> parts = new ArrayList<>();
        String requests =
                oneIn(3) ? "\"cpu\":\"500m\"" : oneIn(4) ? "\"example.com/gpu\":\"1\"" : "";
        parts.add(
                "\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":{\"requests\":{"
                        + requests
                        + "},\"limits\":{"
                        + (requests.contains("gpu") ? requests : "")
                        + "}}}]");
        if (oneIn(3)) {
            parts.add("\"nodeSelector\":{\"site\":\"s" + below(2) + "\"}");
        }
        if (oneIn(2)) {
            parts.add("\"tolerations\":[{\"operator\":\"Exists\"}]");
        }
        List<String> affinity = new ArrayList<>();
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            if (oneIn(4)) {
                affinity.add(
                        "\""
                                + kind
                                + "\":{\"requiredDuringSchedulingIgnoredDuringExecution\":["
                                + term()
                                + (oneIn(4) ? "," + term() : "")
                                + "]}");
            }
        }
        if (!affinity.isEmpty()) {
            parts.add("\"affinity\":{" + String.join(",", affinity) + "}");
        }
        if (oneIn(3)) {
            parts.add(
                    "\"topologySpreadConstraints\":["
                            + spread("zone")
                            + (oneIn(3) ? "," + spread(HOST) : "")
                            + "]");
        }
        return pod.withSpec(parse("{" + String.join(",", parts) + "}"));
    }

    private String app() {
        return "a" + below(3);
    }

    private String selector() {
        return switch (below(4)) {
            case 0 ->
                    "\"labelSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\","
                            + "\"values\":[\"a0\",\"a1\"]}]}";
            case 1 ->
                    "\"labelSelector\":{\"matchExpressions\":[{\"key\":\"app\","
                            + "\"operator\":\"Exists\"}]},\"matchLabelKeys\":[\"tier\"]";
            case 2 ->
                    "\"labelSelector\":{\"matchLabels\":{\"app\":\""
                            + app()
                            + "\"},\"matchExpressions\":[{\"key\":\"tier\",\"operator\":\"NotIn\","
                            + "\"values\":[\"t0\"]}]}";
            default -> "\"labelSelector\":{\"matchLabels\":{\"app\":\"" + app() + "\"}}";
        };
    }

    private String term() {
        String where =
                switch (below(5)) {
                    case 0 -> ",\"namespaces\":[\"other\",\"default\"]";
                    case 1 -> ",\"namespaceSelector\":{\"matchLabels\":{\"team\":\"blue\"}}";
                    case 2 -> ",\"namespaceSelector\":{}";
                    default -> "";
                };
        return "{\"topologyKey\":\""
                + (oneIn(2) ? "zone" : HOST)
                + "\","
                + selector()
                + where
                + "}";
    }

    private String spread(String key) {
        return "{\"topologyKey\":\""
                + key
                + "\",\"maxSkew\":"
                + (1 + below(2))
                + ",\"whenUnsatisfiable\":\"DoNotSchedule\","
                + (oneIn(3) ? "\"minDomains\":" + (1 + below(4)) + "," : "")
                + (oneIn(3) ? "\"nodeAffinityPolicy\":\"Ignore\"," : "")
                + (oneIn(3) ? "\"nodeTaintsPolicy\":\"Honor\"," : "")
                + selector()
                + "}";
    }

    static JsonObject parse(String json) {
        try {
            return (JsonObject) Json.parse(json);
        } catch (JsonException e) {
            throw new AssertionError(json, e);
        }
    }
}
