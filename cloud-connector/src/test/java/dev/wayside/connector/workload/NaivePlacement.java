// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.Quantity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Whether a pod may run on a node, by looking at everything, rule by rule as Kubernetes' reference
 * states them. Slow and plain: what the scheduler does is measured against it.
 */
record NaivePlacement(
        Collection<KubeObject> nodes,
        Collection<KubeObject> placed,
        Map<String, Map<String, String>> namespaces) {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

    boolean fits(KubeObject pod, KubeObject node) {
        return selected(pod, node)
                && tolerated(pod, node)
                && hasRoom(pod, node)
                && isSpread(pod, node)
                && isNear(pod, node)
                && isApart(pod, node)
                && isWelcome(pod, node);
    }

    private static boolean selected(KubeObject pod, KubeObject node) {
        return node.labels()
                .entrySet()
                .containsAll(pod.spec().object("nodeSelector").strings().entrySet());
    }

    private static boolean tolerated(KubeObject pod, KubeObject node) {
        return node.spec().array("taints").isEmpty() || !pod.spec().array("tolerations").isEmpty();
    }

    private boolean hasRoom(KubeObject pod, KubeObject node) {
        Map<String, Long> used = new HashMap<>();
        for (KubeObject other : on(node)) {
            asked(other).forEach((name, amount) -> used.merge(name, amount, Long::sum));
        }
        JsonObject has = node.status().object("allocatable");
        return asked(pod).entrySet().stream()
                .allMatch(
                        ask ->
                                used.getOrDefault(ask.getKey(), 0L) + ask.getValue()
                                        <= Quantity.of(has, ask.getKey()).milli());
    }

    private static Map<String, Long> asked(KubeObject pod) {
        Map<String, Long> asked = new HashMap<>(Map.of("pods", 1000L));
        for (JsonObject container : pod.spec().array("containers").objects()) {
            JsonObject requests = container.object("resources", "requests");
            requests.members()
                    .keySet()
                    .forEach(
                            name ->
                                    asked.merge(
                                            name, Quantity.of(requests, name).milli(), Long::sum));
        }
        return asked;
    }

    private List<KubeObject> on(KubeObject node) {
        return placed.stream().filter(pod -> PodFacts.node(pod).equals(node.name())).toList();
    }

    private KubeObject nodeOf(KubeObject pod) {
        return nodes.stream()
                .filter(node -> node.name().equals(PodFacts.node(pod)))
                .findFirst()
                .orElseThrow();
    }

    private boolean means(KubeObject owner, JsonObject term, KubeObject other) {
        Set<String> names = new HashSet<>(term.array("namespaces").strings());
        if (term.has("namespaceSelector")) {
            LabelSelector selector = LabelSelector.of(term.object("namespaceSelector"));
            namespaces.forEach(
                    (name, labels) -> {
                        if (selector.matches(labels)) {
                            names.add(name);
                        }
                    });
        } else if (names.isEmpty()) {
            names.add(owner.namespace());
        }
        if (!names.contains(other.namespace()) || !term.has("labelSelector")) {
            return false;
        }
        for (String key : term.array("matchLabelKeys").strings()) {
            if (owner.labels().containsKey(key)
                    && !owner.labels().get(key).equals(other.labels().get(key))) {
                return false;
            }
        }
        return LabelSelector.of(term.object("labelSelector")).matches(other.labels());
    }

    private static List<JsonObject> terms(KubeObject pod, String kind) {
        return pod.spec().array("affinity", kind, REQUIRED).objects();
    }

    private static boolean samePlace(JsonObject term, KubeObject one, KubeObject other) {
        String key = term.text("topologyKey");
        return one.labels().containsKey(key)
                && Objects.equals(one.labels().get(key), other.labels().get(key));
    }

    private boolean isNear(KubeObject pod, KubeObject node) {
        List<JsonObject> terms = terms(pod, "podAffinity");
        List<KubeObject> meant =
                placed.stream()
                        .filter(other -> terms.stream().allMatch(term -> means(pod, term, other)))
                        .toList();
        if (terms.stream()
                .allMatch(
                        term ->
                                meant.stream()
                                        .anyMatch(other -> samePlace(term, node, nodeOf(other))))) {
            return true;
        }
        boolean anywhere =
                meant.stream()
                        .anyMatch(
                                other ->
                                        terms.stream()
                                                .anyMatch(
                                                        term ->
                                                                samePlace(
                                                                        term,
                                                                        nodeOf(other),
                                                                        nodeOf(other))));
        return !anywhere
                && terms.stream()
                        .allMatch(term -> samePlace(term, node, node) && means(pod, term, pod));
    }

    private boolean isApart(KubeObject pod, KubeObject node) {
        return terms(pod, "podAntiAffinity").stream()
                .noneMatch(
                        term ->
                                placed.stream()
                                        .anyMatch(
                                                other ->
                                                        means(pod, term, other)
                                                                && samePlace(
                                                                        term,
                                                                        node,
                                                                        nodeOf(other))));
    }

    private boolean isWelcome(KubeObject pod, KubeObject node) {
        return placed.stream()
                .noneMatch(
                        other ->
                                terms(other, "podAntiAffinity").stream()
                                        .anyMatch(
                                                term ->
                                                        means(other, term, pod)
                                                                && samePlace(
                                                                        term,
                                                                        node,
                                                                        nodeOf(other))));
    }

    private boolean isSpread(KubeObject pod, KubeObject node) {
        List<JsonObject> hard =
                pod.spec().array("topologySpreadConstraints").objects().stream()
                        .filter(each -> each.text("whenUnsatisfiable").equals("DoNotSchedule"))
                        .toList();
        List<String> keys = hard.stream().map(each -> each.text("topologyKey")).toList();
        for (JsonObject constraint : hard) {
            String key = constraint.text("topologyKey");
            Map<String, Integer> counts = new HashMap<>();
            List<KubeObject> counting = new ArrayList<>();
            for (KubeObject each : nodes) {
                boolean counts1 =
                        each.labels().keySet().containsAll(keys)
                                && (constraint.text("nodeAffinityPolicy").equals("Ignore")
                                        || selected(pod, each))
                                && (!constraint.text("nodeTaintsPolicy").equals("Honor")
                                        || tolerated(pod, each));
                if (counts1) {
                    counting.add(each);
                    counts.putIfAbsent(each.labels().get(key), 0);
                }
            }
            for (KubeObject each : counting) {
                for (KubeObject other : on(each)) {
                    if (other.deleted().isEmpty() && means(pod, constraint, other)) {
                        counts.merge(each.labels().get(key), 1, Integer::sum);
                    }
                }
            }
            int least =
                    counts.size() < constraint.number("minDomains").orElse(1)
                            ? 0
                            : counts.values().stream().mapToInt(count -> count).min().orElse(0);
            int here = counts.getOrDefault(node.labels().getOrDefault(key, ""), 0);
            int itself = means(pod, constraint, pod) ? 1 : 0;
            if (!node.labels().containsKey(key)
                    || here + itself - least > constraint.number("maxSkew").orElse(1)) {
                return false;
            }
        }
        return true;
    }
}
