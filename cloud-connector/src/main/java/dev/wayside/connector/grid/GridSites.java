// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.grid.GridStatus.Site;
import dev.wayside.connector.grid.SiteLoss.Present;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings the children of one kind to what their grids ask, one site at a time; looks at that site
 * alone. Safe for any thread, for one thread at a time per site of a grid.
 */
final class GridSites {
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);
    private static final String IMMUTABLE = "ImmutableField";
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(10);
    private static final Duration LATEST = Duration.ofDays(1);

    /**
     * What became of a site.
     *
     * @param site null if nothing is left of it
     * @param done whether it was brought to the grid's present generation, or failed for good
     * @param again when to look at it again even if nothing happens
     */
    record Result(@Nullable Site site, boolean done, Optional<Duration> again) {}

    private final Cluster cluster;
    private final GridKind kind;
    private final ResourceType type;
    private final Informer informer;
    private final SiteIndex sites;
    private final SiteLoss loss;
    private final Children children;
    private final RolloutGate gate;

    GridSites(Cluster cluster, GridKind kind, SiteIndex sites, RolloutGate gate) {
        this.gate = gate;
        this.cluster = cluster;
        this.kind = kind;
        this.type = kind.child();
        this.informer = cluster.informer(type);
        this.sites = sites;
        this.children = new Children(cluster, type, kind.controller());
        this.loss = new SiteLoss(cluster, kind);
    }

    SiteLoss loss() {
        return loss;
    }

    /** The sites that there are, and those of which something is left. */
    Set<String> of(KubeObject grid) {
        Set<String> all = new HashSet<>(present(grid));
        loss.children(grid).forEach(child -> all.add(SiteLoss.siteOf(child)));
        return all;
    }

    private Set<String> present(KubeObject grid) {
        return cluster.nodes().read(() -> sites.values(GridChild.key(grid)));
    }

    /** Whether each child that there is was brought to what the grid asks now. */
    boolean areAsAsked(KubeObject grid) {
        return gate.isCompleted(grid)
                && loss.children(grid).stream().allMatch(child -> children.isAsAsked(grid, child));
    }

    /** To be called when the child is gone. */
    void forget(KubeObject child) {
        children.forget(child);
        loss.forget(child);
    }

    Result bring(KubeObject grid, String site) {
        return new Step(grid, site).run();
    }

    /** One step of one site. */
    private final class Step {
        private final KubeObject grid;
        private final String site;
        private final String name;
        private final Instant now = cluster.clock().instant();
        private boolean done = true;
        private @Nullable Duration again;

        Step(KubeObject grid, String site) {
            this.grid = grid;
            this.site = site;
            this.name = kind.childName(grid, site);
        }

        Result run() {
            boolean present = cluster.nodes().read(() -> sites.contains(GridChild.key(grid), site));
            Site state = present ? sync() : null;
            Present here = new Present(each -> present, () -> present(grid));
            for (KubeObject child : loss.children(grid, site)) {
                if (loss.isLost(grid, child, here)) {
                    Site left = gone(child);
                    state = state == null ? left : state;
                }
            }
            return new Result(state, done, Optional.ofNullable(again));
        }

        private Site sync() {
            Optional<KubeObject> live = informer.get(grid.namespace(), name);
            try {
                if (!(gate.choose(grid, site, live) instanceof RolloutGate.As chosen)) {
                    return new Site(live.filter(this::isOurs).orElse(null), null, null);
                }
                KubeObject child = GridTranslation.child(chosen.grid(), kind, site);
                return new Site(
                        live.isPresent()
                                ? repair(live.get(), child, chosen.marks(), false)
                                : children.create(
                                        grid,
                                        chosen.marks().on(child),
                                        each -> repaired(each, child, chosen.marks(), false)),
                        null,
                        null);
            } catch (SiteFailure e) {
                // What cannot be changed stays so until somebody changes grid or child.
                if (!e.reason().equals(IMMUTABLE)) {
                    lookAgain(AFTER_FAILURE);
                }
                return new Site(live.filter(this::isOurs).orElse(null), e, null);
            } catch (ApiException e) {
                return new Site(live.filter(this::isOurs).orElse(null), failure(e), null);
            }
        }

        /** Null if somebody wrote in between: what is known is good enough until the next look. */
        private @Nullable SiteFailure failure(ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                done = false;
                lookAgain(AFTER_CONFLICT);
                return null;
            }
            lookAgain(AFTER_FAILURE);
            return new SiteFailure(
                    e.reason().word(), Objects.requireNonNullElse(e.getMessage(), ""));
        }

        private boolean isOurs(KubeObject child) {
            return GridChild.isOf(grid, child);
        }

        private static KubeObject repaired(
                KubeObject live, KubeObject child, RolloutMarks marks, boolean gone) {
            return marks.on(GridTranslation.repaired(live, child, gone));
        }

        private KubeObject repair(
                KubeObject live, KubeObject child, RolloutMarks marks, boolean gone)
                throws SiteFailure {
            if (!gone && isOurs(live)) {
                loss.forget(live);
            }
            try {
                return children.repair(grid, live, each -> repaired(each, child, marks, gone));
            } catch (ApiException e) {
                if (e.reason() == Reason.INVALID) {
                    throw refused(live, child, e);
                }
                throw e;
            }
        }

        /** Names the fields that the child cannot change, if it is that. */
        private SiteFailure refused(KubeObject live, KubeObject child, ApiException refusal) {
            List<String> fields =
                    kind.immutable().stream()
                            .filter(
                                    field ->
                                            !live.spec().get(field).equals(child.spec().get(field)))
                            .filter(field -> isRefused(live, child, field))
                            .map(field -> "spec." + field)
                            .toList();
            if (fields.isEmpty()) {
                throw refusal;
            }
            return new SiteFailure(
                    IMMUTABLE,
                    described(live)
                            + " cannot change "
                            + String.join(", ", fields)
                            + " once it is there, and stays as it is; take the change back, or"
                            + " `kubectl delete "
                            + kind.child().plural()
                            + " "
                            + live.name()
                            + (fields.contains("spec.selector")
                                    ? "`: it is then made anew, with new pods"
                                    : " --cascade=orphan`: it is then made anew around its pods"));
        }

        private boolean isRefused(KubeObject live, KubeObject child, String field) {
            Optional<Json> value = child.spec().get(field);
            JsonObject spec =
                    value.isPresent()
                            ? live.spec().with(field, value.get())
                            : live.spec().without(field);
            try {
                cluster.store()
                        .update(
                                type,
                                live.withSpec(spec),
                                "",
                                new WriteOptions(kind.controller(), true, false));
                return false;
            } catch (ApiException e) {
                return e.reason() == Reason.INVALID;
            }
        }

        /** A child whose site no node carries any more; null once it is removed. */
        private @Nullable Site gone(KubeObject child) {
            if (child.deleted().isPresent()) {
                return new Site(child, null, null);
            }
            KubeObject kept = child;
            SiteFailure failure = null;
            try {
                kept = mark(keepAsAsked(child));
                Optional<Duration> left = loss.left(grid, kept);
                if (left.isPresent()) {
                    if (left.get().isZero() || left.get().isNegative()) {
                        remove(kept);
                        return null;
                    }
                    lookAgain(left.get().plusMillis(10));
                }
            } catch (ApiException e) {
                if (e.reason() == Reason.NOT_FOUND) {
                    return null;
                }
                failure = failure(e);
            }
            return new Site(kept, failure, what(kept));
        }

        /**
         * While it stays, it follows the grid like any other; what cannot be, stays as it is. So
         * does what was made for another key: there is no node for its site under the new one, and
         * its pods would go and find none.
         */
        private KubeObject keepAsAsked(KubeObject child) {
            if (!child.name().equals(name) || !GridChild.isOfKey(grid, child)) {
                return child;
            }
            try {
                if (!(gate.choose(grid, site, Optional.of(child))
                        instanceof RolloutGate.As chosen)) {
                    return child;
                }
                return repair(
                        child,
                        GridTranslation.child(chosen.grid(), kind, site),
                        chosen.marks(),
                        true);
            } catch (SiteFailure e) {
                return child;
            }
        }

        /** Notes since when; not while protected, so that the grace begins when that ends. */
        private KubeObject mark(KubeObject child) {
            boolean marked = child.annotation(GridTranslation.GONE_SINCE).isPresent();
            boolean wanted = !RemovalGrace.isProtected(grid);
            if (marked == wanted) {
                return child;
            }
            loss.forget(child);
            Json value = wanted ? Json.of(RemovalGrace.stamp(now)) : JsonNull.INSTANCE;
            JsonObject body =
                    JsonObject.of(
                            "metadata",
                            JsonObject.of(
                                    "annotations",
                                    JsonObject.of(GridTranslation.GONE_SINCE, value)));
            return informer.write(
                    () ->
                            cluster.store()
                                    .patch(
                                            type,
                                            child.key(type),
                                            Patch.merge(body),
                                            "",
                                            WriteOptions.by(kind.controller())));
        }

        private void remove(KubeObject child) {
            informer.delete(
                    () ->
                            cluster.store()
                                    .delete(
                                            type,
                                            child.key(type),
                                            new DeleteOptions(
                                                    OptionalLong.empty(),
                                                    child.uid(),
                                                    null,
                                                    Propagation.BACKGROUND,
                                                    false)));
            cluster.warn(
                    grid,
                    "SiteRemoved",
                    "Deleted "
                            + described(child)
                            + ": no node has carried "
                            + GridChild.key(grid)
                            + "="
                            + site
                            + " for "
                            + RemovalGrace.of(grid).toSeconds()
                            + " s",
                    kind.controller());
        }

        private String described(KubeObject child) {
            return type.kind() + " " + child.name();
        }

        private String what(KubeObject child) {
            String gone = "No node carries " + GridChild.key(grid) + "=" + site + " any more; ";
            if (RemovalGrace.isProtected(grid)) {
                return gone + described(child) + " stays, sites are protected.";
            }
            return gone
                    + described(child)
                    + " will be deleted "
                    + RemovalGrace.of(grid).toSeconds()
                    + " s after "
                    + child.annotation(GridTranslation.GONE_SINCE).orElse(RemovalGrace.stamp(now))
                    + ".";
        }

        private void lookAgain(Duration delay) {
            Duration soon = delay.compareTo(LATEST) < 0 ? delay : LATEST;
            if (again == null || soon.compareTo(again) < 0) {
                again = soon;
            }
        }
    }
}
