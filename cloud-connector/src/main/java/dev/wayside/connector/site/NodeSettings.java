// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What a node gets from its units and their groups: {@code setNode} of each unit, the label {@code
 * <unit>=nodeunits.superedge.io}, and {@code <group>=<unit>} for each group. Pure.
 *
 * <p>Where two units want different things, the one whose name comes first has its way, and {@link
 * #conflicts} says so. What was on the node already, as wanted, is left to whoever put it there.
 */
final class NodeSettings {
    /** The value of the label that a unit gives its nodes. */
    static final String OF_UNIT = "nodeunits.superedge.io";

    /**
     * @param unit the one that does not have its way
     */
    record Conflict(KubeObject unit, String message) {}

    private final Set<String> units = new TreeSet<>();
    private final Map<String, String> membership = new TreeMap<>();
    private final Map<String, String> labels = new TreeMap<>();
    private final Map<String, String> annotations = new TreeMap<>();
    private final Map<String, JsonObject> taints = new TreeMap<>();
    private final Map<String, String> setBy = new TreeMap<>();
    private final List<Conflict> conflicts = new ArrayList<>();

    private NodeSettings() {}

    /**
     * @param units the node's, by name
     * @param groups of a unit, by name
     */
    static NodeSettings of(List<KubeObject> units, Function<KubeObject, List<KubeObject>> groups) {
        NodeSettings settings = new NodeSettings();
        for (KubeObject unit : units) {
            settings.units.add(unit.name());
            settings.set("label", settings.membership, unit, unit.name(), OF_UNIT);
            for (KubeObject group : groups.apply(unit)) {
                settings.set("label", settings.membership, unit, group.name(), unit.name());
            }
        }
        for (KubeObject unit : units) {
            JsonObject set = unit.spec().object("setNode");
            set.object("labels")
                    .strings()
                    .forEach(
                            (key, value) -> {
                                if (settings.membership.containsKey(key)) {
                                    settings.told("label", unit, key, value);
                                } else {
                                    settings.set("label", settings.labels, unit, key, value);
                                }
                            });
            set.object("annotations")
                    .strings()
                    .forEach(
                            (key, value) ->
                                    settings.set(
                                            "annotation", settings.annotations, unit, key, value));
            for (JsonObject taint : set.array("taints").objects()) {
                settings.set("taint", settings.taints, unit, key(taint), taint);
            }
        }
        return settings;
    }

    List<Conflict> conflicts() {
        return conflicts;
    }

    private <V> void set(String what, Map<String, V> into, KubeObject unit, String key, V value) {
        V before = into.putIfAbsent(key, value);
        if (before == null) {
            setBy.put(what + key, unit.name());
        } else if (!before.equals(value)) {
            told(what, unit, key, value);
        }
    }

    private void told(String what, KubeObject unit, String key, Object value) {
        String other = setBy.getOrDefault(what + key, "");
        if (what.equals("label") && value.equals(membership.get(key))) {
            return;
        }
        conflicts.add(
                new Conflict(
                        unit,
                        "NodeUnit "
                                + unit.name()
                                + " does not set the "
                                + what
                                + " "
                                + key
                                + " of nodes that are also in NodeUnit "
                                + other
                                + ", which sets another"));
    }

    private static String key(JsonObject taint) {
        return taint.text("key") + ":" + taint.text("effect");
    }

    /** The node as it should be; the same if it is. */
    KubeObject on(KubeObject node) {
        Applied before = Applied.to(node);
        Set<String> labelled = new TreeSet<>(membership.keySet());
        Map<String, String> allLabels = merged(node.labels(), before.labels(), labels, labelled);
        allLabels.putAll(membership);
        Set<String> annotated = new TreeSet<>();
        Map<String, String> allAnnotations =
                merged(node.annotations(), before.annotations(), annotations, annotated);
        Set<String> tainted = new TreeSet<>();
        JsonArray allTaints = taints(node.spec().array("taints"), before.taints(), tainted);
        Applied after = new Applied(new TreeSet<>(units), labelled, annotated, tainted);
        if (after.isEmpty()) {
            allAnnotations.remove(Applied.ANNOTATION);
        } else if (!after.equals(before)) {
            allAnnotations.put(Applied.ANNOTATION, after.text());
        }
        KubeObject result = node;
        if (!allLabels.equals(node.labels())) {
            result = result.withLabels(allLabels);
        }
        if (!allAnnotations.equals(node.annotations())) {
            result = result.withAnnotations(allAnnotations);
        }
        if (!allTaints.equals(node.spec().array("taints"))) {
            result =
                    result.withSpec(
                            allTaints.isEmpty()
                                    ? node.spec().without("taints")
                                    : node.spec().with("taints", allTaints));
        }
        return result;
    }

    /**
     * @param noted gets the names of what is ours
     */
    private static Map<String, String> merged(
            Map<String, String> live,
            Set<String> applied,
            Map<String, String> wanted,
            Set<String> noted) {
        Map<String, String> merged = new LinkedHashMap<>(live);
        applied.stream().filter(key -> !wanted.containsKey(key)).forEach(merged::remove);
        wanted.forEach(
                (key, value) -> {
                    if (applied.contains(key) || !value.equals(live.get(key))) {
                        noted.add(key);
                        merged.put(key, value);
                    }
                });
        return merged;
    }

    private JsonArray taints(JsonArray live, Set<String> applied, Set<String> noted) {
        List<Json> merged = new ArrayList<>();
        Set<String> there = new TreeSet<>();
        for (JsonObject taint : live.objects()) {
            String key = key(taint);
            JsonObject wanted = taints.get(key);
            if (wanted == null ? applied.contains(key) : !there.add(key)) {
                continue;
            }
            boolean same = wanted == null || taint.text("value").equals(wanted.text("value"));
            merged.add(same ? taint : wanted);
            if (wanted != null && (!same || applied.contains(key))) {
                noted.add(key);
            }
        }
        taints.forEach(
                (key, taint) -> {
                    if (!there.contains(key)) {
                        merged.add(taint);
                        noted.add(key);
                    }
                });
        return new JsonArray(merged);
    }
}
