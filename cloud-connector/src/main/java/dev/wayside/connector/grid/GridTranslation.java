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
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a grid means for one site. Pure, and nothing is shared between sites: trees are immutable.
 *
 * <p>A child has the grid's labels and annotations (those that tools keep for themselves apart),
 * the labels {@value #GRID_LABEL}, {@value #KEY_LABEL} and {@value #SITE_LABEL}, the grid as
 * controlling owner, and the site's template with {@code nodeSelector[gridUniqKey] = site}. What
 * others add to a child's labels and annotations stays; what the grid set once and no longer has is
 * taken away, for which {@value #APPLIED} keeps the names. Its spec is the template's alone, with
 * one exception: a template without {@code replicas} leaves that number to whoever scales the
 * child.
 *
 * <p>{@code autoDeleteUnusedTemplate} asks the system to edit the user's spec. It is accepted and
 * does nothing: a template that no site names is simply not used.
 */
final class GridTranslation {
    static final String GRID_LABEL = "superedge.io/grid-selector";
    static final String KEY_LABEL = "superedge.io/grid-uniq-key";
    static final String SITE_LABEL = "wayside.dev/site";
    static final String GONE_SINCE = "wayside.dev/site-gone-since";
    static final String APPLIED = "wayside.dev/applied-keys";

    /** Annotations that belong to tools or to this system, and not to what is made of the grid. */
    private static final List<String> NOT_PASSED_ON =
            List.of(
                    "kubectl.kubernetes.io/",
                    "meta.helm.sh/",
                    "deployment.kubernetes.io/",
                    "wayside.dev/");

    private GridTranslation() {}

    static String key(KubeObject grid) {
        return grid.spec().text("gridUniqKey");
    }

    /** The Deployment that the site should have. */
    static KubeObject child(KubeObject grid, String site) throws SiteFailure {
        JsonObject template = template(grid, site);
        JsonObject spec =
                template.withAt(
                        List.of("template", "spec", "nodeSelector", key(grid)), Json.of(site));
        Map<String, String> labels = new LinkedHashMap<>(grid.labels());
        labels.put(GRID_LABEL, SiteNames.label(grid.name()));
        labels.put(KEY_LABEL, SiteNames.keyLabel(key(grid)));
        labels.put(SITE_LABEL, site);
        Map<String, String> annotations = new LinkedHashMap<>();
        grid.annotations()
                .forEach(
                        (name, value) -> {
                            if (NOT_PASSED_ON.stream().noneMatch(name::startsWith)) {
                                annotations.put(name, value);
                            }
                        });
        annotations.put(
                APPLIED,
                JsonObject.builder()
                        .put("labels", names(labels.keySet()))
                        .put("annotations", names(annotations.keySet()))
                        .build()
                        .toJson());
        return KubeObject.of(
                        ResourceType.DEPLOYMENTS,
                        grid.namespace(),
                        SiteNames.child(grid.name(), site))
                .withLabels(labels)
                .withAnnotations(annotations)
                .withMetadata(
                        "ownerReferences", JsonArray.of(OwnerReference.controllerOf(grid).toJson()))
                .withSpec(spec);
    }

    private static JsonArray names(Set<String> names) {
        return JsonArray.ofStrings(new TreeSet<>(names));
    }

    /**
     * {@code templates[site]}, else the default; both name an entry of the pool or the template.
     */
    static JsonObject template(KubeObject grid, String site) throws SiteFailure {
        JsonObject spec = grid.spec();
        String name =
                spec.object("templates")
                        .string(site)
                        .or(() -> spec.string("defaultTemplateName"))
                        .orElse("");
        if (name.isEmpty() || name.equals("default")) {
            return spec.object("template");
        }
        if (spec.object("templatePool").get(name).isEmpty()) {
            throw new SiteFailure(
                    "TemplateMissing",
                    "site \""
                            + site
                            + "\" uses template \""
                            + name
                            + "\", which spec.templatePool does not have");
        }
        return spec.object("templatePool", name);
    }

    /**
     * The live child with everything repaired that the grid has a say in.
     *
     * @param gone whether its site is gone, and since when is to stay noted
     */
    static KubeObject repaired(KubeObject live, KubeObject child, boolean gone) {
        JsonObject applied = applied(live);
        JsonObject spec = child.spec();
        Optional<Json> scaled = live.spec().get("replicas");
        if (!spec.has("replicas") && scaled.isPresent()) {
            spec = spec.with("replicas", scaled.get());
        }
        Map<String, String> annotations =
                merged(
                        live.annotations(),
                        applied.array("annotations").strings(),
                        child.annotations());
        if (!gone) {
            annotations.remove(GONE_SINCE);
        }
        KubeObject repaired =
                live.withLabels(
                                merged(
                                        live.labels(),
                                        applied.array("labels").strings(),
                                        child.labels()))
                        .withAnnotations(annotations)
                        .withSpec(spec);
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

    /** The site that a child is of; empty if nothing says so. */
    static Optional<String> site(KubeObject child) {
        JsonObject selector = child.spec().object("template", "spec", "nodeSelector");
        return child.metadata()
                .object("labels")
                .string(SITE_LABEL)
                .or(() -> selector.string(child.labels().getOrDefault(KEY_LABEL, "")));
    }
}
