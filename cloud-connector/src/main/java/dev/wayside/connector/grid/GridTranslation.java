// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a grid means for one site. Pure, and nothing is shared between sites: trees are immutable.
 *
 * <p>Beside what {@link GridChild} says, a child has the label {@value #SITE_LABEL} and the site's
 * template with {@code nodeSelector[gridUniqKey] = site}. Its spec is the template's alone, with
 * two exceptions: a template without {@code replicas} leaves that number to whoever scales the
 * child, and a child that was told to restart ({@code kubectl rollout restart}) stays so.
 */
final class GridTranslation {
    static final String SITE_LABEL = "wayside.dev/site";
    static final String GONE_SINCE = "wayside.dev/site-gone-since";

    /** What {@code kubectl rollout restart} leaves in a child's template; it is the operator's. */
    private static final String RESTARTED = "kubectl.kubernetes.io/restartedAt";

    private GridTranslation() {}

    /**
     * The object that the site should have.
     *
     * @param kind of the grid
     */
    static KubeObject child(KubeObject grid, GridKind kind, String site) throws SiteFailure {
        JsonObject template = template(grid, site);
        JsonObject spec =
                template.withAt(
                        List.of("template", "spec", "nodeSelector", GridChild.key(grid)),
                        Json.of(site));
        return GridChild.of(
                        grid,
                        kind.child(),
                        kind.childName(grid, site),
                        Map.of(SITE_LABEL, site),
                        Map.of())
                .withSpec(spec);
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
        JsonObject spec = child.spec();
        Optional<Json> scaled = live.spec().get("replicas");
        if (!spec.has("replicas") && scaled.isPresent()) {
            spec = spec.with("replicas", scaled.get());
        }
        Optional<Json> restarted =
                live.spec().object("template", "metadata", "annotations").get(RESTARTED);
        if (restarted.isPresent()
                && !spec.object("template", "metadata", "annotations").has(RESTARTED)) {
            spec =
                    spec.withAt(
                            List.of("template", "metadata", "annotations", RESTARTED),
                            restarted.get());
        }
        KubeObject repaired = GridChild.repaired(live, child).withSpec(spec);
        if (gone || repaired.annotation(GONE_SINCE).isEmpty()) {
            return repaired;
        }
        Map<String, String> annotations = new LinkedHashMap<>(repaired.annotations());
        annotations.remove(GONE_SINCE);
        return repaired.withAnnotations(annotations);
    }

    /** The site that a child is of; empty if nothing says so. */
    static Optional<String> site(KubeObject child) {
        JsonObject selector = child.spec().object("template", "spec", "nodeSelector");
        return child.metadata()
                .object("labels")
                .string(SITE_LABEL)
                .or(() -> selector.string(child.labels().getOrDefault(GridChild.KEY_LABEL, "")));
    }
}
