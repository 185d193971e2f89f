// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Which children of one kind have lost their site, and how long they stay. The one place that says
 * so: what is deleted, and what is foretold to be, follow from it. Safe for any thread.
 */
final class SiteLoss {
    /**
     * The sites that nodes carry under a grid's key, as they are or as they would be.
     *
     * @param names all of them; asked for only where a child does not say which it is of
     */
    record Present(Predicate<String> contains, Supplier<Set<String>> names) {
        static Present of(Set<String> sites) {
            return new Present(sites::contains, () -> sites);
        }
    }

    /**
     * A child whose site is gone.
     *
     * @param left how long it stays; empty for as long as sites are protected
     */
    record Lost(KubeObject child, String site, Optional<Duration> left) {}

    private final Cluster cluster;
    private final GridKind kind;
    private final Informer children;
    private final Informer.Index bySite;
    private final RemovalGrace grace = new RemovalGrace();

    SiteLoss(Cluster cluster, GridKind kind) {
        this.cluster = cluster;
        this.kind = kind;
        this.children = cluster.informer(kind.child());
        this.bySite =
                children.addIndex(
                        child ->
                                child.controller()
                                        .map(owner -> List.of(owner.uid() + "/" + siteOf(child)))
                                        .orElse(List.of()));
    }

    /** A child that does not say which site it is of is told apart by its name. */
    static String siteOf(KubeObject child) {
        return GridTranslation.site(child).orElse(child.name());
    }

    List<KubeObject> children(KubeObject grid) {
        return children.ownedBy(grid.uid());
    }

    List<KubeObject> children(KubeObject grid, String site) {
        return bySite.get(grid.uid() + "/" + site);
    }

    /** Whether it is the child of no site that there is. */
    boolean isLost(KubeObject grid, KubeObject child, Present present) {
        String site = siteOf(child);
        if (child.name().equals(kind.childName(grid, site))) {
            return !present.contains().test(site);
        }
        // Somebody changed the label that says which site it is of.
        return present.names().get().stream()
                .noneMatch(each -> child.name().equals(kind.childName(grid, each)));
    }

    /** Those of the children that are not on their way out already, by site. */
    List<Lost> lost(KubeObject grid, Collection<KubeObject> of, Present present) {
        List<Lost> lost = new ArrayList<>();
        for (KubeObject child : of) {
            if (child.deleted().isEmpty() && isLost(grid, child, present)) {
                lost.add(new Lost(child, siteOf(child), left(grid, child)));
            }
        }
        lost.sort(Comparator.comparing(Lost::site));
        return lost;
    }

    /** How long a child that is lost stays; empty for as long as sites are protected. */
    Optional<Duration> left(KubeObject grid, KubeObject child) {
        return grace.left(grid, child, cluster.clock().instant(), cluster.nanoTime());
    }

    /** To be called when a child is not lost any more, or is gone. */
    void forget(KubeObject child) {
        grace.forget(child);
    }
}
