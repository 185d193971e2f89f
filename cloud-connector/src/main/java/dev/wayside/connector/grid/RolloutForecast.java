// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.apiserver.ChangePlans.Change;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Foretells what becomes of grids that a GridRollout no longer claims: what it held back goes to
 * all sites at once. Safe for any thread.
 */
final class RolloutForecast {
    private final Cluster cluster;
    private final SiteIndex sites;
    private final GridRevisions revisions;
    private final RolloutClaims claims;

    RolloutForecast(Cluster cluster, SiteIndex sites, GridRevisions revisions) {
        this.cluster = cluster;
        this.sites = sites;
        this.revisions = revisions;
        this.claims = new RolloutClaims(cluster.informer(ResourceType.GRID_ROLLOUTS));
    }

    /** When a GridRollout is deleted, or selects other grids: a line for each that it lets go. */
    List<String> rollout(KubeObject before, Optional<KubeObject> after, Change change) {
        List<String> told = new ArrayList<>();
        for (GridKind kind : GridKind.ALL) {
            int hidden = 0;
            boolean may = change.mayKnow().test(kind.grid(), before.namespace());
            for (KubeObject grid : cluster.informer(kind.grid()).inNamespace(before.namespace())) {
                if (change.late().getAsBoolean()) {
                    break;
                }
                if (grid.deleted().isPresent()
                        || !RolloutClaims.claims(before, grid)
                        || after.filter(is -> RolloutClaims.claims(is, grid)).isPresent()) {
                    continue;
                }
                boolean named = RolloutClaims.named(grid).equals(before.name());
                List<String> others = new ArrayList<>(claims.of(grid));
                others.remove(before.name());
                if (!named && !others.isEmpty()) {
                    continue; // another has it
                }
                if (!may) {
                    hidden++;
                } else if (named) {
                    told.add(waits(kind, grid, before.name(), change));
                } else {
                    told.add(letGo(kind, grid, grid, change));
                }
            }
            if (hidden > 0) {
                told.add(
                        Wording.count(hidden, kind.grid().kind())
                                + " that you may not list "
                                + new Wording(change.dryRun()).would()
                                + " be under it no more");
            }
        }
        return told;
    }

    /** When a grid changes so that none claims it any more. */
    Optional<String> grid(GridKind kind, KubeObject before, KubeObject after, Change change) {
        return claims.of(before).isEmpty() || !claims.of(after).isEmpty()
                ? Optional.empty()
                : Optional.of(letGo(kind, before, after, change));
    }

    private String letGo(GridKind kind, KubeObject before, KubeObject after, Change change) {
        Set<String> behind = behind(kind, before, after);
        String would = new Wording(change.dryRun()).would();
        return Wording.grid(kind, after)
                + ": no GridRollout "
                + would
                + " claim it; "
                + (behind.isEmpty()
                        ? "a further change " + would + " go to all sites at once"
                        : "what was held back "
                                + would
                                + " go to "
                                + Wording.count(behind.size(), "site")
                                + " at once: "
                                + Wording.some(List.copyOf(behind)));
    }

    private String waits(GridKind kind, KubeObject grid, String name, Change change) {
        Set<String> behind = behind(kind, grid, grid);
        return Wording.grid(kind, grid)
                + " names it: until there is a GridRollout "
                + name
                + " again, nothing "
                + new Wording(change.dryRun()).would()
                + " change at its sites"
                + (behind.isEmpty()
                        ? ""
                        : "; without its template: " + Wording.some(List.copyOf(behind)));
    }

    /**
     * The sites that have not what the grid asks after the change. A child of which nothing is
     * noted counts: it may be.
     *
     * @param now the grid as it is, of whose former specs some are kept
     */
    private Set<String> behind(GridKind kind, KubeObject now, KubeObject after) {
        Set<String> behind = new TreeSet<>();
        for (String site : cluster.nodes().read(() -> sites.values(GridChild.key(after)))) {
            String revision =
                    cluster.informer(kind.child())
                            .get(now.namespace(), kind.childName(now, site))
                            .filter(child -> GridChild.isOf(now, child))
                            .map(child -> RolloutMarks.of(child).revision())
                            .orElse("");
            if (!revisions.means(now, revision, site, after)) {
                behind.add(site);
            }
        }
        return behind;
    }
}
