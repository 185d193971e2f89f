// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.LabelSelector.Operator;
import dev.wayside.model.LabelSelector.Requirement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which pods a term of pod affinity, of anti-affinity or of topology spread means, and what counts
 * as one place.
 *
 * @param namespaces by name; beside those that the selector takes
 * @param namespaceSelector empty for no further ones
 * @param selector empty for no pod at all
 * @param topologyKey the label of nodes whose value is the place
 * @param weight of a wish, negative for one to be apart; 0 of a demand
 */
record PodTerm(
        Set<String> namespaces,
        Optional<LabelSelector> namespaceSelector,
        Optional<LabelSelector> selector,
        String topologyKey,
        int weight) {
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
    private static final String PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

    static List<PodTerm> demandedNear(KubeObject pod) {
        return required(pod, "podAffinity", 0);
    }

    static List<PodTerm> demandedApart(KubeObject pod) {
        return required(pod, "podAntiAffinity", 0);
    }

    static List<PodTerm> wished(KubeObject pod) {
        List<PodTerm> wishes = new ArrayList<>(preferred(pod, "podAffinity", 1));
        wishes.addAll(preferred(pod, "podAntiAffinity", -1));
        return wishes;
    }

    /** What a pod that is placed says for and against others; a demand counts as a small wish. */
    static List<PodTerm> saidOfOthers(KubeObject pod) {
        List<PodTerm> wishes = wished(pod);
        wishes.addAll(required(pod, "podAffinity", 1));
        return wishes;
    }

    /** Of one topologySpreadConstraint. */
    static PodTerm spread(KubeObject pod, JsonObject constraint) {
        return new PodTerm(
                Set.of(pod.namespace()),
                Optional.empty(),
                selector(pod, constraint),
                key(constraint),
                0);
    }

    private static List<PodTerm> required(KubeObject pod, String kind, int weight) {
        return pod.spec().array("affinity", kind, REQUIRED).objects().stream()
                .map(term -> of(pod, term, weight))
                .toList();
    }

    private static List<PodTerm> preferred(KubeObject pod, String kind, int sign) {
        return pod.spec().array("affinity", kind, PREFERRED).objects().stream()
                .map(
                        wish ->
                                of(
                                        pod,
                                        wish.object("podAffinityTerm"),
                                        sign * (int) wish.number("weight").orElse(0)))
                .toList();
    }

    private static PodTerm of(KubeObject pod, JsonObject term, int weight) {
        Set<String> namespaces = Set.copyOf(term.array("namespaces").strings());
        boolean own = namespaces.isEmpty() && !term.has("namespaceSelector");
        return new PodTerm(
                own ? Set.of(pod.namespace()) : namespaces,
                term.has("namespaceSelector")
                        ? read(term.object("namespaceSelector"))
                        : Optional.empty(),
                selector(pod, term),
                key(term),
                weight);
    }

    private static String key(JsonObject term) {
        return term.text("topologyKey");
    }

    private static Optional<LabelSelector> selector(KubeObject pod, JsonObject term) {
        if (!term.has("labelSelector")) {
            return Optional.empty();
        }
        return read(term.object("labelSelector"))
                .map(
                        selector -> {
                            List<Requirement> all = new ArrayList<>(selector.requirements());
                            add(pod, term.array("matchLabelKeys").strings(), Operator.IN, all);
                            add(
                                    pod,
                                    term.array("mismatchLabelKeys").strings(),
                                    Operator.NOT_IN,
                                    all);
                            return new LabelSelector(all);
                        });
    }

    private static void add(
            KubeObject pod, List<String> keys, Operator operator, List<Requirement> all) {
        Map<String, String> labels = pod.labels();
        for (String key : keys) {
            String value = labels.get(key);
            if (value != null) {
                all.add(new Requirement(key, operator, Set.of(value)));
            }
        }
    }

    /** What nobody can read means nobody. */
    private static Optional<LabelSelector> read(JsonObject selector) {
        try {
            return Optional.of(LabelSelector.of(selector));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    boolean means(KubeObject pod, Fleet fleet) {
        return selector.isPresent()
                && selector.get().matches(pod.labels())
                && (namespaces.contains(pod.namespace())
                        || namespaceSelector
                                .filter(
                                        labels ->
                                                labels.matches(
                                                        fleet.namespaceLabels(pod.namespace())))
                                .isPresent());
    }

    Set<String> allNamespaces(Fleet fleet) {
        if (namespaceSelector.isEmpty()) {
            return namespaces;
        }
        Set<String> all = new HashSet<>(fleet.namespacesWith(namespaceSelector.get()));
        all.addAll(namespaces);
        return all;
    }
}
