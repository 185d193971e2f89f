// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.grid.GridStatus.Site;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Gives every site of a DeploymentGrid its Deployment, and repairs it. A site is a value that some
 * node carries under the grid's {@code gridUniqKey}, whatever the node's state. What fails at one
 * site is told in that site's status and stops no other.
 *
 * <p>A site whose last label is gone keeps its child for a while (see {@link RemovalGrace}), still
 * kept as the grid asks; with {@code wayside.dev/protect-sites: "true"} for good. An edit of {@code
 * gridUniqKey} is treated alike: a slip there is no less costly than one in a label. Only deleting
 * the grid takes the children at once, through the garbage collector.
 */
public final class DeploymentGridController implements AutoCloseable {
    private static final String NAME = "deploymentgrid-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    /** Changes of the children's status are gathered for so long, and 1 ms longer per site. */
    private static final Duration GATHER = Duration.ofMillis(20);

    private static final Duration MOST_GATHERED = Duration.ofSeconds(2);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final Informer grids;
    private final Informer deployments;
    private final SiteIndex sites;
    private final Informer.Index gridsByKey;
    private final Controller<ObjectKey> controller;
    private final RemovalGrace grace = new RemovalGrace();
    private final Children children;

    public DeploymentGridController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.grids = cluster.grids();
        this.deployments = cluster.deployments();
        this.children = new Children(cluster, ResourceType.DEPLOYMENTS, NAME);
        this.sites = cluster.nodes().addView(new SiteIndex());
        this.gridsByKey = grids.addIndex(grid -> List.of(GridChild.key(grid)));
        this.controller =
                new Controller<>(
                        "grid",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> grids.all().forEach(this::add));
        grids.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        cluster.nodes().addListener(this::nodeChanged);
        deployments.addListener(this::childChanged);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject grid) {
        controller.add(grid.key(ResourceType.DEPLOYMENT_GRIDS));
    }

    private void nodeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        Map<String, String> was = before == null ? Map.of() : before.labels();
        Map<String, String> is = after == null ? Map.of() : after.labels();
        if (was.equals(is)) {
            return;
        }
        Set<String> keys = new java.util.HashSet<>(was.keySet());
        keys.addAll(is.keySet());
        keys.removeIf(key -> Objects.equals(was.get(key), is.get(key)));
        keys.forEach(key -> gridsByKey.get(key).forEach(this::add));
    }

    private void childChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null && before != null) {
            children.forget(before);
            grace.forget(before);
        }
        KubeObject child = after == null ? before : after;
        if (child == null) {
            return;
        }
        boolean onlyStatus =
                before != null
                        && after != null
                        && before.generation() == after.generation()
                        && before.labels().equals(after.labels())
                        && before.annotations().equals(after.annotations())
                        && before.owners().equals(after.owners());
        Optional<ObjectKey> grid =
                child.controller()
                        .filter(owner -> owner.kind().equals(ResourceType.DEPLOYMENT_GRIDS.kind()))
                        .map(
                                owner ->
                                        ResourceType.DEPLOYMENT_GRIDS.key(
                                                child.namespace(), owner.name()));
        if (grid.isPresent() && onlyStatus) {
            controller.addAfter(grid.get(), gathering(child));
        } else if (grid.isPresent()) {
            controller.add(grid.get());
        } else if (child.labels().containsKey(GridChild.GRID_LABEL)) {
            // Somebody took our reference off it: its grid takes it back.
            grids.inNamespace(child.namespace()).stream()
                    .filter(each -> GridChild.claims(each, child))
                    .forEach(this::add);
        }
    }

    private Duration gathering(KubeObject child) {
        int siblings =
                child.controller().map(owner -> deployments.ownedBy(owner.uid()).size()).orElse(0);
        Duration delay = GATHER.plusMillis(siblings);
        return delay.compareTo(MOST_GATHERED) > 0 ? MOST_GATHERED : delay;
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = grids.get(key).filter(grid -> grid.deleted().isEmpty());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (GridChild.key(found.get()).isEmpty()) {
            tellEmpty(found.get());
            return Optional.empty();
        }
        return new Step(found.get()).run();
    }

    private void tellEmpty(KubeObject grid) {
        String message = "spec.gridUniqKey is empty: name the node label that tells sites apart.";
        JsonArray before = grid.status().array("conditions");
        JsonArray after =
                Conditions.with(
                        before,
                        Conditions.of(GridStatus.DEGRADED, "True", "Empty", message),
                        cluster.clock().instant());
        if (!after.equals(before)) {
            cluster.warn(grid, "Empty", message, NAME);
            writeStatus(
                    grid,
                    grid.status()
                            .with("observedGeneration", grid.generation())
                            .with("conditions", after));
        }
    }

    private void writeStatus(KubeObject grid, JsonObject status) {
        cluster.writeStatus(ResourceType.DEPLOYMENT_GRIDS, grid, status, NAME);
    }

    /** One step of one grid. */
    private final class Step {
        private final KubeObject grid;
        private final TreeMap<String, Site> states = new TreeMap<>();
        private final Instant now = cluster.clock().instant();
        private @Nullable Duration again;

        Step(KubeObject grid) {
            this.grid = grid;
        }

        Optional<Duration> run() {
            Set<String> present = cluster.nodes().read(() -> sites.values(GridChild.key(grid)));
            Map<String, String> siteByName = new HashMap<>();
            present.forEach(site -> siteByName.put(SiteNames.child(grid.name(), site), site));
            present.forEach(site -> states.put(site, sync(site)));
            for (KubeObject child : deployments.ownedBy(grid.uid())) {
                if (isOurs(child) && !siteByName.containsKey(child.name())) {
                    // A child that does not say which site it is of is told apart by its name.
                    String site = GridTranslation.site(child).orElse(child.name());
                    Optional<Site> gone = gone(child, site);
                    gone.ifPresent(state -> states.putIfAbsent(site, state));
                }
            }
            GridStatus status = new GridStatus(grid, states, now);
            tellChanges(status.json());
            writeStatus(grid, status.json());
            return Optional.ofNullable(again);
        }

        private boolean isOurs(KubeObject child) {
            return GridChild.isOf(grid, child);
        }

        private Site sync(String site) {
            Optional<KubeObject> live =
                    deployments.get(grid.namespace(), SiteNames.child(grid.name(), site));
            try {
                KubeObject child = GridTranslation.child(grid, site);
                return new Site(
                        live.isPresent()
                                ? repair(live.get(), child, false)
                                : children.create(
                                        grid,
                                        child,
                                        each -> GridTranslation.repaired(each, child, false)),
                        null,
                        null);
            } catch (SiteFailure e) {
                lookAgain(AFTER_FAILURE);
                return new Site(live.filter(this::isOurs).orElse(null), e, null);
            } catch (ApiException e) {
                KubeObject known = live.filter(this::isOurs).orElse(null);
                if (e.reason() == Reason.CONFLICT) {
                    // Somebody wrote in between; what is known is good enough for the status.
                    lookAgain(AFTER_CONFLICT);
                    return new Site(known, null, null);
                }
                lookAgain(AFTER_FAILURE);
                String message = Objects.requireNonNullElse(e.getMessage(), "");
                return new Site(known, new SiteFailure(e.reason().word(), message), null);
            }
        }

        private KubeObject repair(KubeObject live, KubeObject child, boolean gone)
                throws SiteFailure {
            if (!gone && isOurs(live)) {
                grace.forget(live);
            }
            return children.repair(grid, live, each -> GridTranslation.repaired(each, child, gone));
        }

        /** A child whose site no node carries any more; empty once it is removed. */
        private Optional<Site> gone(KubeObject child, String site) {
            if (child.deleted().isPresent()) {
                return Optional.of(new Site(child, null, null));
            }
            KubeObject kept = child;
            SiteFailure failure = null;
            try {
                kept = mark(keepAsAsked(child, site));
                if (!RemovalGrace.isProtected(grid)) {
                    Duration left =
                            RemovalGrace.of(grid)
                                    .minus(grace.elapsed(kept, now, cluster.nanoTime()));
                    if (left.isZero() || left.isNegative()) {
                        remove(kept, site);
                        return Optional.empty();
                    }
                    lookAgain(left.plusMillis(10));
                }
            } catch (ApiException e) {
                if (e.reason() == Reason.NOT_FOUND) {
                    return Optional.empty();
                }
                lookAgain(e.reason() == Reason.CONFLICT ? AFTER_CONFLICT : AFTER_FAILURE);
                failure =
                        e.reason() == Reason.CONFLICT
                                ? null
                                : new SiteFailure(
                                        e.reason().word(),
                                        Objects.requireNonNullElse(e.getMessage(), ""));
            }
            return Optional.of(new Site(kept, failure, what(kept, site)));
        }

        /** While it stays, it follows the grid like any other; what cannot be, stays as it is. */
        private KubeObject keepAsAsked(KubeObject child, String site) {
            if (!child.name().equals(SiteNames.child(grid.name(), site))) {
                return child;
            }
            try {
                return repair(child, GridTranslation.child(grid, site), true);
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
            grace.forget(child);
            Json value = wanted ? Json.of(RemovalGrace.stamp(now)) : JsonNull.INSTANCE;
            JsonObject body =
                    JsonObject.of(
                            "metadata",
                            JsonObject.of(
                                    "annotations",
                                    JsonObject.of(GridTranslation.GONE_SINCE, value)));
            return deployments.write(
                    () ->
                            cluster.store()
                                    .patch(
                                            ResourceType.DEPLOYMENTS,
                                            child.key(ResourceType.DEPLOYMENTS),
                                            Patch.merge(body),
                                            "",
                                            AS_ME));
        }

        private void remove(KubeObject child, String site) {
            deployments.delete(
                    () ->
                            cluster.store()
                                    .delete(
                                            ResourceType.DEPLOYMENTS,
                                            child.key(ResourceType.DEPLOYMENTS),
                                            new DeleteOptions(
                                                    OptionalLong.empty(),
                                                    child.uid(),
                                                    null,
                                                    Propagation.BACKGROUND,
                                                    false)));
            cluster.warn(
                    grid,
                    "SiteRemoved",
                    "Deleted Deployment "
                            + child.name()
                            + ": no node has carried "
                            + GridChild.key(grid)
                            + "="
                            + site
                            + " for "
                            + RemovalGrace.of(grid).toSeconds()
                            + " s",
                    NAME);
        }

        private String what(KubeObject child, String site) {
            String gone = "No node carries " + GridChild.key(grid) + "=" + site + " any more; ";
            if (RemovalGrace.isProtected(grid)) {
                return gone + "Deployment " + child.name() + " stays, sites are protected.";
            }
            return gone
                    + "Deployment "
                    + child.name()
                    + " will be deleted "
                    + RemovalGrace.of(grid).toSeconds()
                    + " s after "
                    + child.annotation(GridTranslation.GONE_SINCE).orElse(RemovalGrace.stamp(now))
                    + (RemovalGrace.isMalformed(grid)
                            ? " (the grid's annotation "
                                    + RemovalGrace.GRACE
                                    + " is no duration such as 90s, 10m or 2h)."
                            : ".");
        }

        private void tellChanges(JsonObject status) {
            tellChange(status, GridStatus.DEGRADED, "SyncDeploymentGridFailed");
            tellChange(status, GridStatus.SITES_GONE, "SiteGone");
        }

        private void tellChange(JsonObject status, String type, String reason) {
            Optional<JsonObject> after = Conditions.find(status.array("conditions"), type);
            Optional<JsonObject> before = Conditions.find(grid.status().array("conditions"), type);
            if (after.isPresent()
                    && after.get().text("status").equals("True")
                    && !after.get()
                            .text("message")
                            .equals(before.map(old -> old.text("message")).orElse(""))) {
                cluster.warn(grid, reason, after.get().text("message"), NAME);
            }
        }

        private void lookAgain(Duration delay) {
            if (again == null || delay.compareTo(again) < 0) {
                again = delay;
            }
        }
    }
}
