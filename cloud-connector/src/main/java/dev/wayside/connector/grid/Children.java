// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * Makes and repairs the objects of one kind that grids are made into. Writes only what is a change:
 * defaults that the store fills in are no drift. Safe for any thread.
 */
final class Children {
    /** A child was found to be as the grid asks when both had these generations. */
    private record Verified(String gridUid, long gridGeneration, Object child) {}

    private final Cluster cluster;
    private final ResourceType type;
    private final Informer informer;
    private final String by;

    /** By the UID of the child. */
    private final Map<String, Verified> verified = new ConcurrentHashMap<>();

    /**
     * @param by the name of the controller
     */
    Children(Cluster cluster, ResourceType type, String by) {
        this.cluster = cluster;
        this.type = type;
        this.informer = cluster.informer(type);
        this.by = by;
    }

    /** To be called when the child is gone. */
    void forget(KubeObject child) {
        verified.remove(child.uid());
    }

    /**
     * Makes it, or repairs what took its name meanwhile if it is the grid's.
     *
     * @param repaired the child that is there, as it should be
     * @throws SiteFailure if the name is taken by somebody else's
     */
    KubeObject create(KubeObject grid, KubeObject child, UnaryOperator<KubeObject> repaired)
            throws SiteFailure {
        try {
            KubeObject made =
                    informer.write(() -> cluster.store().create(type, child, WriteOptions.by(by)));
            verify(grid, made);
            cluster.normal(
                    grid, "SuccessfulCreate", "Created " + type.kind() + " " + made.name(), by);
            return made;
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                throw e;
            }
            // Not seen here yet: it is repaired when it is.
            KubeObject there =
                    cluster.store()
                            .get(child.key(type))
                            .orElseThrow(
                                    () ->
                                            ApiException.conflict(
                                                    child.key(type), "it was just deleted"));
            return repair(grid, there, repaired);
        }
    }

    /**
     * @param repaired the live child as it should be
     * @return the child as it is now
     * @throws SiteFailure if it is somebody else's
     */
    KubeObject repair(KubeObject grid, KubeObject live, UnaryOperator<KubeObject> repaired)
            throws SiteFailure {
        Optional<OwnerReference> owner = live.controller();
        if (owner.isPresent() ? !GridChild.isOf(grid, live) : !GridChild.claims(grid, live)) {
            throw new SiteFailure(
                    "NameTaken",
                    type.kind()
                            + " \""
                            + live.name()
                            + "\" is there already and not this grid's; rename or delete it");
        }
        if (live.deleted().isPresent()) {
            // It is made again when it is gone.
            return live;
        }
        KubeObject wanted = repaired.apply(live);
        boolean sameMetadata = wanted.metadata().equals(live.metadata());
        if (sameMetadata && isAsAsked(grid, live)) {
            return live;
        }
        if (sameMetadata && !isChange(live, wanted)) {
            verify(grid, live);
            return live;
        }
        KubeObject written =
                informer.write(() -> cluster.store().update(type, wanted, "", WriteOptions.by(by)));
        verify(grid, written);
        return written;
    }

    /** Whether writing would change it. */
    private boolean isChange(KubeObject live, KubeObject wanted) {
        KubeObject would =
                cluster.store().update(type, wanted, "", new WriteOptions(by, true, false));
        return !would.spec().equals(live.spec());
    }

    /** Whether it was found to be as the grid asks, and neither has changed since. */
    boolean isAsAsked(KubeObject grid, KubeObject child) {
        return verified(grid, child).equals(verified.get(child.uid()));
    }

    private static Verified verified(KubeObject grid, KubeObject child) {
        // Services count no generations.
        Object state = child.generation() == 0 ? child.spec() : child.generation();
        return new Verified(grid.uid(), grid.generation(), state);
    }

    private void verify(KubeObject grid, KubeObject child) {
        verified.put(child.uid(), verified(grid, child));
    }
}
