// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.Tracking;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes templates that nothing names out of the pools of grids that ask for it ({@code
 * autoDeleteUnusedTemplate}). The only write into a user's spec that there is: tracked like
 * anybody's, over the very revision that was looked at, so that a concurrent edit wins; and not
 * before every child is as the grid asks, so that no site is still on what is taken away.
 */
final class UnusedTemplates {
    private final Cluster cluster;
    private final GridKind kind;
    private final GridSites sites;

    UnusedTemplates(Cluster cluster, GridKind kind, GridSites sites) {
        this.cluster = cluster;
        this.kind = kind;
        this.sites = sites;
    }

    /** The names of what would be taken, in order; none if the grid does not ask for it. */
    static List<String> of(KubeObject grid) {
        JsonObject spec = grid.spec();
        if (!spec.flag("autoDeleteUnusedTemplate")) {
            return List.of();
        }
        Set<String> named = new HashSet<>(spec.object("templates").strings().values());
        named.add(spec.text("defaultTemplateName"));
        return spec.object("templatePool").members().keySet().stream()
                .filter(name -> !named.contains(name))
                .sorted()
                .toList();
    }

    void takeFrom(KubeObject grid) {
        List<String> unused = of(grid);
        if (unused.isEmpty() || !sites.areAsAsked(grid)) {
            return;
        }
        JsonObject pool = grid.spec().object("templatePool");
        for (String name : unused) {
            pool = pool.without(name);
        }
        KubeObject lean =
                grid.withSpec(
                        pool.isEmpty()
                                ? grid.spec().without("templatePool")
                                : grid.spec().with("templatePool", pool));
        try {
            cluster.informer(kind.grid())
                    .write(
                            () ->
                                    cluster.store()
                                            .update(
                                                    kind.grid(),
                                                    lean,
                                                    "",
                                                    WriteOptions.by(kind.controller())
                                                            .tracking(Tracking.UPDATE)));
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT || e.reason() == Reason.NOT_FOUND) {
                // Somebody else wrote: that is looked at next.
                return;
            }
            throw e;
        }
        cluster.normal(
                grid,
                "TemplatesDeleted",
                "Deleted from spec.templatePool, since nothing names them: "
                        + String.join(", ", unused),
                kind.controller());
    }
}
