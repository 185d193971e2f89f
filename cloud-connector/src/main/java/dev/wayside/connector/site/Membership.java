// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which nodes are in which units, and which units in which groups: those that are named, and those
 * that a selector selects; an empty selector selects nothing. Selectors see the labels that people
 * and gateways gave a node, never those that units gave it, so that no unit can change its own
 * members. Objects that are being deleted are in nothing and have nothing.
 *
 * <p>By indexes, so that a question about one node reads only the units that may have it.
 */
final class Membership {
    /** The value of the label that a unit gets from its groups. */
    static final String OF_GROUP = "nodegroups.superedge.io";

    private static final String NAMED = "node/";
    private static final String PAIR = "pair/";

    /** For units whose selector names no label with its value. */
    private static final String BROAD = "broad";

    private final Informer nodes;
    private final Informer units;
    private final Informer groups;
    private final Informer.Index unitsByClue;
    private final Informer.Index unitsByGroup;
    private final Informer.Index nodesByPair;
    private final Informer.Index nodesByUnit;
    private final Informer.Index nodesByKey;
    private final Supposition supposed;

    /**
     * Objects that are taken to be other than they are.
     *
     * @param objects by key; empty for one that is taken to be gone
     */
    record Supposition(Map<ObjectKey, Optional<KubeObject>> objects) {
        static final Supposition NONE = new Supposition(Map.of());

        Optional<KubeObject> get(Informer informer, String name) {
            Optional<KubeObject> other = objects.get(informer.type().key("", name));
            return other != null ? other : informer.get("", name);
        }

        /** What was found of a kind, and all that is supposed of it, whether it fits or not. */
        private Collection<KubeObject> over(ResourceType type, Collection<KubeObject> found) {
            if (objects.isEmpty()) {
                return found;
            }
            List<KubeObject> all = new ArrayList<>();
            found.stream().filter(each -> !objects.containsKey(each.key(type))).forEach(all::add);
            objects.forEach(
                    (key, object) -> {
                        if (key.resource().equals(type.qualified())) {
                            object.ifPresent(all::add);
                        }
                    });
            return all;
        }
    }

    Membership(Cluster cluster) {
        supposed = Supposition.NONE;
        nodes = cluster.nodes();
        units = cluster.informer(ResourceType.NODE_UNITS);
        groups = cluster.informer(ResourceType.NODE_GROUPS);
        unitsByClue = units.addIndex(Membership::clues);
        unitsByGroup =
                units.addIndex(
                        unit ->
                                unit.labels().entrySet().stream()
                                        .filter(label -> label.getValue().equals(OF_GROUP))
                                        .map(Map.Entry::getKey)
                                        .toList());
        nodesByPair = nodes.addIndex(node -> pairs(node.labels()));
        nodesByKey = nodes.addIndex(node -> node.labels().keySet());
        nodesByUnit = nodes.addIndex(node -> Applied.to(node).units());
    }

    private Membership(Membership is, Supposition supposed) {
        this.supposed = supposed;
        this.nodes = is.nodes;
        this.units = is.units;
        this.groups = is.groups;
        this.unitsByClue = is.unitsByClue;
        this.unitsByGroup = is.unitsByGroup;
        this.nodesByPair = is.nodesByPair;
        this.nodesByUnit = is.nodesByUnit;
        this.nodesByKey = is.nodesByKey;
    }

    /** As it would be; follows what becomes of the supposition. */
    Membership supposing(Supposition supposition) {
        return new Membership(this, supposition);
    }

    private Collection<KubeObject> allUnits() {
        return supposed.over(ResourceType.NODE_UNITS, units.all());
    }

    private static List<String> clues(KubeObject unit) {
        List<String> clues = new ArrayList<>();
        unit.spec().array("nodes").strings().forEach(node -> clues.add(NAMED + node));
        JsonObject selector = unit.spec().object("selector");
        Map<String, String> labels = new TreeMap<>(selector.object("matchLabels").strings());
        if (!labels.isEmpty()) {
            clues.add(pairs(labels).get(0));
        } else if (!isEmpty(selector)) {
            clues.add(BROAD);
        }
        return clues;
    }

    private static List<String> pairs(Map<String, String> labels) {
        return labels.entrySet().stream()
                .map(label -> PAIR + label.getKey() + "=" + label.getValue())
                .toList();
    }

    private static boolean isEmpty(JsonObject selector) {
        return selector.object("matchLabels").isEmpty()
                && selector.array("matchExpressions").isEmpty()
                && selector.object("annotations").isEmpty();
    }

    private static boolean selects(
            JsonObject selector, Map<String, String> labels, Map<String, String> annotations) {
        return !isEmpty(selector)
                && LabelSelector.of(selector).matches(labels)
                && annotations
                        .entrySet()
                        .containsAll(selector.object("annotations").strings().entrySet());
    }

    private static boolean has(KubeObject unit, KubeObject node) {
        return unit.spec().array("nodes").strings().contains(node.name())
                || selects(
                        unit.spec().object("selector"),
                        Applied.ownLabels(node),
                        node.annotations());
    }

    /** The units that a node is in, by name. */
    List<KubeObject> unitsOf(KubeObject node) {
        Map<String, KubeObject> found = new TreeMap<>();
        List<String> clues = new ArrayList<>(pairs(node.labels()));
        clues.add(NAMED + node.name());
        clues.add(BROAD);
        for (String clue : clues) {
            for (KubeObject unit : supposed.over(ResourceType.NODE_UNITS, unitsByClue.get(clue))) {
                if (unit.deleted().isEmpty() && has(unit, node)) {
                    found.put(unit.name(), unit);
                }
            }
        }
        return List.copyOf(found.values());
    }

    /** The nodes that are in a unit, by name. */
    List<KubeObject> nodesOf(KubeObject unit) {
        Map<String, KubeObject> found = new TreeMap<>();
        if (unit.deleted().isPresent()) {
            return List.of();
        }
        unit.spec()
                .array("nodes")
                .strings()
                .forEach(
                        name -> supposed.get(nodes, name).ifPresent(node -> found.put(name, node)));
        for (String clue : clues(unit)) {
            Collection<KubeObject> candidates =
                    clue.equals(BROAD)
                            ? nodes.all()
                            : clue.startsWith(PAIR) ? nodesByPair.get(clue) : List.of();
            supposed.over(ResourceType.NODES, candidates).stream()
                    .filter(node -> has(unit, node))
                    .forEach(node -> found.put(node.name(), node));
        }
        return List.copyOf(found.values());
    }

    /** The nodes that bear something of the unit, whether they are in it or not. */
    List<KubeObject> bearing(KubeObject unit) {
        return nodesByUnit.get(unit.name());
    }

    List<KubeObject> nodesWith(String label) {
        return nodesByKey.get(label);
    }

    Collection<KubeObject> allGroups() {
        return supposed.over(ResourceType.NODE_GROUPS, groups.all());
    }

    /** The groups that a unit is in, by name. */
    List<KubeObject> groupsOf(KubeObject unit) {
        return allGroups().stream()
                .filter(group -> has(group, unit.name(), unit))
                .sorted(Comparator.comparing(KubeObject::name))
                .toList();
    }

    /** The units that are in a group, by name; such as there are. */
    List<KubeObject> unitsIn(KubeObject group) {
        Map<String, KubeObject> found = new TreeMap<>();
        allUnits().stream()
                .filter(unit -> has(group, unit.name(), unit))
                .forEach(unit -> found.put(unit.name(), unit));
        return List.copyOf(found.values());
    }

    /** The units that bear a group's label, whether they are in it or not. */
    List<KubeObject> labelledFor(KubeObject group) {
        return unitsByGroup.get(group.name());
    }

    private static boolean has(KubeObject group, String name, KubeObject unit) {
        return group.deleted().isEmpty()
                && unit.deleted().isEmpty()
                && (group.spec().array("nodeUnits").strings().contains(name)
                        || AutoFound.isOf(group, unit)
                        || selects(
                                group.spec().object("selector"),
                                unit.labels(),
                                unit.annotations()));
    }
}
