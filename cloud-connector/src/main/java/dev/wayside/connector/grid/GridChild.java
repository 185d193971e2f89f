// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a grid hands on to each object made of it, whatever its kind. Pure.
 *
 * <p>A child has the grid's labels and annotations (those that tools keep for themselves apart),
 * the labels {@value #GRID_LABEL} and {@value #KEY_LABEL}, and the grid as controlling owner. What
 * others add to a child's labels and annotations stays; what the grid set once and no longer has is
 * taken away, for which {@value #APPLIED} keeps the names.
 */
final class GridChild {
    static final String GRID_LABEL = "superedge.io/grid-selector";
    static final String KEY_LABEL = "superedge.io/grid-uniq-key";
    static final String APPLIED = "wayside.dev/applied-keys";

    /** Annotations that belong to tools or to this system, and not to what is made of the grid. */
    private static final List<String> NOT_PASSED_ON =
            List.of(
                    "kubectl.kubernetes.io/",
                    "meta.helm.sh/",
                    "deployment.kubernetes.io/",
                    "wayside.dev/");

    private GridChild() {}

    static String key(KubeObject grid) {
        return grid.spec().text("gridUniqKey");
    }

    /**
     * @param ownLabels beside those that every child has
     * @param ownAnnotations weaker than the grid's
     */
    static KubeObject of(
            KubeObject grid,
            ResourceType type,
            String name,
            Map<String, String> ownLabels,
            Map<String, String> ownAnnotations) {
        Map<String, String> labels = new LinkedHashMap<>(grid.labels());
        labels.put(GRID_LABEL, SiteNames.label(grid.name()));
        labels.put(KEY_LABEL, SiteNames.keyLabel(key(grid)));
        labels.putAll(ownLabels);
        Map<String, String> annotations = new LinkedHashMap<>(ownAnnotations);
        grid.annotations()
                .forEach(
                        (annotation, value) -> {
                            if (NOT_PASSED_ON.stream().noneMatch(annotation::startsWith)) {
                                annotations.put(annotation, value);
                            }
                        });
        annotations.put(
                APPLIED,
                JsonObject.builder()
                        .put("labels", names(labels.keySet()))
                        .put("annotations", names(annotations.keySet()))
                        .build()
                        .toJson());
        return KubeObject.of(type, grid.namespace(), name)
                .withLabels(labels)
                .withAnnotations(annotations)
                .withMetadata(
                        "ownerReferences",
                        JsonArray.of(OwnerReference.controllerOf(grid).toJson()));
    }

    private static JsonArray names(Set<String> names) {
        return JsonArray.ofStrings(new TreeSet<>(names));
    }

    /** The live child with its labels, annotations and owner as the child should have them. */
    static KubeObject repaired(KubeObject live, KubeObject child) {
        JsonObject applied = applied(live);
        KubeObject repaired =
                live.withLabels(
                                merged(
                                        live.labels(),
                                        applied.array("labels").strings(),
                                        child.labels()))
                        .withAnnotations(
                                merged(
                                        live.annotations(),
                                        applied.array("annotations").strings(),
                                        child.annotations()));
        return live.controller().isPresent()
                ? repaired
                : repaired.withMetadata(
                        "ownerReferences",
                        new JsonArray(
                                concat(
                                        live.metadata().array("ownerReferences"),
                                        child.metadata().array("ownerReferences"))));
    }

    private static List<Json> concat(JsonArray one, JsonArray other) {
        List<Json> all = new ArrayList<>(one.items());
        all.addAll(other.items());
        return all;
    }

    private static Map<String, String> merged(
            Map<String, String> live, List<String> applied, Map<String, String> wanted) {
        Map<String, String> merged = new LinkedHashMap<>(live);
        applied.forEach(merged::remove);
        merged.putAll(wanted);
        return merged;
    }

    private static JsonObject applied(KubeObject live) {
        try {
            return Json.parse(live.annotation(APPLIED).orElse("{}")) instanceof JsonObject object
                    ? object
                    : JsonObject.EMPTY;
        } catch (JsonException e) {
            // Somebody wrote into it. What the grid had set stays as if others had.
            return JsonObject.EMPTY;
        }
    }

    /** Whether it was made for the key that the grid has now. */
    static boolean isOfKey(KubeObject grid, KubeObject child) {
        return SiteNames.keyLabel(key(grid)).equals(child.labels().get(KEY_LABEL));
    }

    static boolean isOf(KubeObject grid, KubeObject child) {
        return child.controller().filter(owner -> owner.uid().equals(grid.uid())).isPresent();
    }

    /** Whether a child without a controller says that it is this grid's. */
    static boolean claims(KubeObject grid, KubeObject child) {
        return SiteNames.label(grid.name()).equals(child.labels().get(GRID_LABEL));
    }
}
