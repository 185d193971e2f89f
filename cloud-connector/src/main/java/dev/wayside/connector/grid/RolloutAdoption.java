// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Takes a grid that was without a rollout under one: finds out which revision each child has, and
 * notes it in the child. A child that is not as the grid asks now, since the grid changed as it
 * came under the rollout, is a revision of its own: what it is now, is what it can go back to.
 */
final class RolloutAdoption {
    private final Cluster cluster;
    private final GridRevisions revisions;

    RolloutAdoption(Cluster cluster, GridRevisions revisions) {
        this.cluster = cluster;
        this.revisions = revisions;
    }

    /** Can be repeated. Returns the revision that all children have, if it is one. */
    RolloutEntry adopt(GridKind kind, KubeObject grid) {
        Informer informer = cluster.informer(kind.child());
        Set<String> found = new HashSet<>();
        for (KubeObject child : informer.ownedBy(grid.uid())) {
            String site = SiteLoss.siteOf(child);
            if (child.deleted().isPresent() || !child.name().equals(kind.childName(grid, site))) {
                continue;
            }
            String revision = RolloutMarks.of(child).revision();
            if (revision.isEmpty() || revisions.at(grid, revision).isEmpty()) {
                revision = revisions.keep(grid, spec(kind, grid, site, child));
                mark(informer, child, revision);
            }
            found.add(revision);
        }
        String target = revisions.keep(grid, grid.spec());
        return new RolloutEntry(
                grid.kind(),
                grid.name(),
                grid.uid(),
                target,
                found.size() == 1 ? found.iterator().next() : "");
    }

    /** The grid's if the child is as it asks; else one that says what the child is. */
    private JsonObject spec(GridKind kind, KubeObject grid, String site, KubeObject child) {
        try {
            KubeObject wanted =
                    GridTranslation.repaired(child, GridTranslation.child(grid, kind, site), true);
            JsonObject would =
                    cluster.store()
                            .update(
                                    kind.child(),
                                    wanted,
                                    "",
                                    new WriteOptions(kind.controller(), true, false))
                            .spec();
            if (would.equals(child.spec())) {
                return grid.spec();
            }
        } catch (SiteFailure e) {
            // The grid says nothing for this site: then the child alone does.
        }
        List<String> path = List.of("template", "spec", "nodeSelector");
        JsonObject selector =
                child.spec().object(path.toArray(String[]::new)).without(GridChild.key(grid));
        JsonObject template =
                selector.isEmpty()
                        ? child.spec().withoutAt(path)
                        : child.spec().withAt(path, selector);
        return JsonObject.builder()
                .put("gridUniqKey", GridChild.key(grid))
                .put("template", template)
                .build();
    }

    private void mark(Informer informer, KubeObject child, String revision) {
        KubeObject marked = new RolloutMarks(revision, 0, "").on(child);
        Optional<Json> annotations = marked.metadata().get("annotations");
        JsonObject body =
                JsonObject.of(
                        "metadata", JsonObject.builder().put("annotations", annotations).build());
        informer.write(
                () ->
                        cluster.store()
                                .patch(
                                        informer.type(),
                                        child.key(informer.type()),
                                        Patch.merge(body),
                                        "",
                                        WriteOptions.by(GridRevisions.BY)));
    }
}
