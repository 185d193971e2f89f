// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.rollout.Progress;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Gives every site of a grid its child, and repairs it. A site is a value that some node carries
 * under the grid's {@code gridUniqKey}, whatever the node's state. Each site is a step of its own
 * (see {@link GridSites}): what fails at one is told in that site's status and stops no other, and
 * an event of a node or a child costs a look at its own site. The grid's status is written apart,
 * gathered over many sites.
 *
 * <p>A site whose last label is gone keeps its child for a while (see {@link RemovalGrace}), still
 * kept as the grid asks; with {@code wayside.dev/protect-sites: "true"} for good. An edit of {@code
 * gridUniqKey} is treated alike: a slip there is no less costly than one in a label. Only deleting
 * the grid takes the children at once, through the garbage collector.
 */
public final class SiteGridController implements AutoCloseable {
    /** Changes are gathered for so long before a status is written, and longer per site. */
    private static final Duration GATHER = Duration.ofMillis(20);

    /** A status is as dear as it has sites: so each costs a like share of the time. */
    private static final Duration GATHER_PER_SITE = Duration.ofMillis(3);

    private static final Duration MOST_GATHERED = Duration.ofSeconds(4);

    /** While sites are still to be brought to a new generation, their status waits so long. */
    private static final Duration POSTPONE = Duration.ofMillis(50);

    private static final int MOST_POSTPONED = 80;

    private enum What {
        GRID,
        SITE,
        STATUS
    }

    /** What is to be looked at; the site is empty but for a site's turn. */
    private record Turn(What what, ObjectKey grid, String site) {}

    private final Cluster cluster;
    private final GridKind kind;
    private final Informer grids;
    private final GridSites sites;
    private final GridForecast forecast;
    private final UnusedTemplates unused;
    private final Informer.Index gridsByKey;
    private final Controller<Turn> controller;
    private final Map<ObjectKey, GridView> views = new ConcurrentHashMap<>();

    SiteGridController(
            Cluster cluster, GridKind kind, SiteIndex index, GridRevisions revisions, int workers) {
        this.cluster = cluster;
        this.kind = kind;
        this.grids = cluster.informer(kind.grid());
        this.sites = new GridSites(cluster, kind, index, RolloutGate.of(cluster, revisions));
        this.gridsByKey = grids.addIndex(grid -> List.of(GridChild.key(grid)));
        this.forecast = new GridForecast(cluster, kind, index, sites.loss(), gridsByKey);
        this.unused = new UnusedTemplates(cluster, kind, sites);
        this.controller =
                new Controller<>(
                        kind.grid().plural(),
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> grids.all().forEach(this::add));
        grids.addListener(this::gridChanged);
        cluster.nodes().addListener(this::nodeChanged);
        cluster.informer(kind.child()).addListener(this::childChanged);
        cluster.informer(ResourceType.GRID_ROLLOUTS).addListener(this::rolloutChanged);
    }

    GridForecast forecast() {
        return forecast;
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject grid) {
        controller.add(new Turn(What.GRID, grid.key(kind.grid()), ""));
    }

    private void add(ObjectKey grid, String site) {
        controller.add(new Turn(What.SITE, grid, site));
    }

    private void addStatus(ObjectKey grid, GridView view) {
        Duration delay = GATHER.plus(GATHER_PER_SITE.multipliedBy(view.size()));
        controller.addAfter(
                new Turn(What.STATUS, grid, ""),
                delay.compareTo(MOST_GATHERED) > 0 ? MOST_GATHERED : delay);
    }

    private void gridChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null) {
            if (before != null) {
                views.remove(before.key(kind.grid()));
            }
        } else if (before == null || asksElse(before, after)) {
            add(after);
        } else {
            // The status: our own, or somebody's who wrote over it. Comparing it costs as much as
            // telling it, and is done then.
            ObjectKey key = after.key(kind.grid());
            GridView view = views.get(key);
            if (view != null) {
                addStatus(key, view);
            }
        }
    }

    private static boolean asksElse(KubeObject before, KubeObject after) {
        return !before.uid().equals(after.uid())
                || before.generation() != after.generation()
                || !before.labels().equals(after.labels())
                || !before.annotations().equals(after.annotations());
    }

    /** Where it only lets other sites change, only they have their turn. */
    private void rolloutChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        Set<String> turns = new HashSet<>();
        boolean all = true;
        if (before != null
                && after != null
                && RolloutStatus.gating(before).equals(RolloutStatus.gating(after))) {
            all = false;
            Set<String> was = Progress.of(before.status()).changing().keySet();
            Set<String> is = Progress.of(after.status()).changing().keySet();
            Stream.of(was, is).flatMap(Set::stream).forEach(turns::add);
            turns.removeIf(site -> was.contains(site) && is.contains(site));
            if (turns.isEmpty()) {
                return;
            }
        }
        KubeObject rollout = after == null ? before : after;
        if (rollout == null) {
            return;
        }
        for (KubeObject grid : grids.inNamespace(rollout.namespace())) {
            if ((before == null || !RolloutClaims.claims(before, grid))
                    && (after == null || !RolloutClaims.claims(after, grid))) {
                continue;
            }
            if (all) {
                add(grid);
            } else {
                turns.forEach(site -> add(grid.key(kind.grid()), site));
            }
        }
    }

    private void nodeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        Map<String, String> was = before == null ? Map.of() : before.labels();
        Map<String, String> is = after == null ? Map.of() : after.labels();
        if (was.equals(is)) {
            return;
        }
        Set<String> keys = new HashSet<>(was.keySet());
        keys.addAll(is.keySet());
        keys.removeIf(key -> Objects.equals(was.get(key), is.get(key)));
        for (String key : keys) {
            for (KubeObject grid : gridsByKey.get(key)) {
                Stream.of(was, is)
                        .filter(labels -> labels.containsKey(key))
                        .forEach(labels -> add(grid.key(kind.grid()), labels.get(key)));
            }
        }
    }

    private void childChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (after == null && before != null) {
            sites.forget(before);
        }
        Stream.of(Optional.ofNullable(before), Optional.ofNullable(after))
                .flatMap(Optional::stream)
                .forEach(this::addSiteOf);
    }

    private void addSiteOf(KubeObject child) {
        String site = SiteLoss.siteOf(child);
        if (child.controller().isPresent()) {
            child.controller()
                    .filter(owner -> owner.kind().equals(kind.grid().kind()))
                    .ifPresent(
                            owner -> add(kind.grid().key(child.namespace(), owner.name()), site));
        } else if (child.labels().containsKey(GridChild.GRID_LABEL)) {
            // Somebody took our reference off it: its grid takes it back.
            grids.inNamespace(child.namespace()).stream()
                    .filter(each -> GridChild.claims(each, child))
                    .forEach(each -> add(each.key(kind.grid()), site));
        }
    }

    private Optional<Duration> reconcile(Turn turn) {
        Optional<KubeObject> found =
                grids.get(turn.grid()).filter(grid -> grid.deleted().isEmpty());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        KubeObject grid = found.get();
        if (GridChild.key(grid).isEmpty()) {
            tellEmpty(grid);
            return Optional.empty();
        }
        GridView view =
                views.compute(
                        turn.grid(),
                        (key, known) ->
                                known != null && known.isOf(grid.uid())
                                        ? known
                                        : new GridView(grid.uid()));
        return switch (turn.what()) {
            case GRID -> {
                RemovalGrace.complaint(grid)
                        .ifPresent(
                                message ->
                                        cluster.warn(
                                                grid,
                                                "InvalidAnnotation",
                                                message,
                                                kind.controller()));
                view.expect(sites.of(grid)).forEach(site -> add(turn.grid(), site));
                addStatus(turn.grid(), view);
                yield Optional.empty();
            }
            case SITE -> bring(turn, grid, view);
            case STATUS -> tell(grid, view);
        };
    }

    private Optional<Duration> bring(Turn turn, KubeObject grid, GridView view) {
        GridSites.Result result = sites.bring(grid, turn.site());
        boolean news =
                result.site() == null
                        ? view.remove(turn.site())
                        : view.put(
                                turn.site(),
                                result.site(),
                                result.done() ? Optional.of(grid.generation()) : Optional.empty());
        if (news) {
            addStatus(turn.grid(), view);
        }
        return result.again();
    }

    private Optional<Duration> tell(KubeObject grid, GridView view) {
        boolean complete = view.isAt(grid.generation());
        if (view.postponed(!complete) % MOST_POSTPONED != 0) {
            return Optional.of(POSTPONE);
        }
        long observed =
                complete ? grid.generation() : grid.status().number("observedGeneration").orElse(0);
        SortedMap<String, GridStatus.Site> states = view.sites();
        Optional<RolloutGate.Held> held = sites.held(grid);
        GridStatus of =
                new GridStatus(
                        grid,
                        states,
                        sites.heldBack(grid, states),
                        held,
                        observed,
                        cluster.clock().instant());
        JsonObject status = of.json();
        tellChange(grid, status, GridStatus.DEGRADED, kind.failed());
        held.ifPresent(why -> tellChange(grid, status, GridStatus.HELD, why.reason()));
        if (view.tellsGone(of.sitesGone())) {
            tellChange(grid, status, GridStatus.SITES_GONE, "SiteGone");
        }
        cluster.writeStatus(kind.grid(), grid, status, kind.controller());
        if (complete) {
            unused.takeFrom(grids.get(grid.namespace(), grid.name()).orElse(grid));
        }
        return complete ? Optional.empty() : Optional.of(POSTPONE);
    }

    private void tellChange(KubeObject grid, JsonObject status, String type, String reason) {
        Optional<JsonObject> after = Conditions.find(status.array("conditions"), type);
        Optional<JsonObject> before = Conditions.find(grid.status().array("conditions"), type);
        if (after.isPresent()
                && after.get().text("status").equals("True")
                && !after.get()
                        .text("message")
                        .equals(before.map(old -> old.text("message")).orElse(""))) {
            cluster.warn(grid, reason, after.get().text("message"), kind.controller());
        }
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
            cluster.warn(grid, "Empty", message, kind.controller());
            cluster.writeStatus(
                    kind.grid(),
                    grid,
                    grid.status()
                            .with("observedGeneration", grid.generation())
                            .with("conditions", after),
                    kind.controller());
        }
    }
}
