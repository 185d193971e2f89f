// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.apiserver.ChangePlans.Change;
import dev.wayside.connector.grid.SiteLoss.Lost;
import dev.wayside.connector.grid.SiteLoss.Present;
import dev.wayside.connector.site.SiteForecast.NodeChange;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Foretells what becomes of the children of one kind of grid. Which child is lost and how long it
 * stays is said by {@link SiteLoss}, what a site runs by {@link GridTranslation}: those that the
 * controller goes by. Safe for any thread.
 */
final class GridForecast {
    private final Cluster cluster;
    private final GridKind kind;
    private final SiteIndex sites;
    private final SiteLoss loss;
    private final Informer.Index gridsByKey;

    GridForecast(
            Cluster cluster,
            GridKind kind,
            SiteIndex sites,
            SiteLoss loss,
            Informer.Index gridsByKey) {
        this.cluster = cluster;
        this.kind = kind;
        this.sites = sites;
        this.loss = loss;
        this.gridsByKey = gridsByKey;
    }

    GridKind kind() {
        return kind;
    }

    /** When nodes change as said: one line for each grid that loses sites. */
    List<String> nodesChange(Map<String, NodeChange> nodes, Change change) {
        Wording words = new Wording(change.dryRun());
        List<String> told = new ArrayList<>();
        int hidden = 0;
        for (String key : keysOf(nodes)) {
            List<KubeObject> grids = gridsByKey.get(key);
            if (grids.isEmpty()) {
                continue;
            }
            Set<String> lost = new TreeSet<>();
            Set<String> present = new TreeSet<>();
            cluster.nodes().read(() -> split(key, nodes, present, lost));
            if (lost.isEmpty()) {
                continue;
            }
            for (KubeObject grid : grids) {
                if (change.late().getAsBoolean()) {
                    break;
                }
                List<Lost> children =
                        lost.stream()
                                .flatMap(
                                        site ->
                                                loss
                                                        .lost(
                                                                grid,
                                                                loss.children(grid, site),
                                                                Present.of(present))
                                                        .stream())
                                .toList();
                if (children.isEmpty() || grid.deleted().isPresent()) {
                    continue;
                }
                if (change.mayKnow().test(kind.grid(), grid.namespace())) {
                    told.add(
                            Wording.grid(kind, grid)
                                    + ": no node "
                                    + words.would()
                                    + " carry "
                                    + Wording.some(lost.stream().map(s -> key + "=" + s).toList())
                                    + "; "
                                    + fates(children, words));
                } else {
                    hidden++;
                }
            }
        }
        if (hidden > 0) {
            told.add(
                    Wording.count(hidden, kind.grid().kind())
                            + " that you may not list "
                            + words.would()
                            + " lose sites");
        }
        return told;
    }

    private static Set<String> keysOf(Map<String, NodeChange> nodes) {
        Set<String> keys = new TreeSet<>();
        for (NodeChange change : nodes.values()) {
            change.labelsBefore()
                    .forEach(
                            (key, value) -> {
                                if (!value.equals(change.labelsAfter().get(key))) {
                                    keys.add(key);
                                }
                            });
        }
        return keys;
    }

    /** Under the lock of the nodes. */
    private boolean split(
            String key, Map<String, NodeChange> nodes, Set<String> present, Set<String> lost) {
        Map<String, Integer> change = new HashMap<>();
        nodes.forEach(
                (name, node) -> {
                    cluster.nodes()
                            .get("", name)
                            .map(now -> now.labels().get(key))
                            .ifPresent(value -> change.merge(value, -1, Integer::sum));
                    Optional.ofNullable(node.labelsAfter().get(key))
                            .ifPresent(value -> change.merge(value, 1, Integer::sum));
                });
        Set<String> all = new TreeSet<>(sites.values(key));
        all.addAll(change.keySet());
        for (String site : all) {
            boolean stays = sites.count(key, site) + change.getOrDefault(site, 0) > 0;
            (stays ? present : lost).add(site);
        }
        return true;
    }

    private String fates(List<Lost> children, Wording words) {
        Map<Duration, List<String>> going = new TreeMap<>();
        List<String> kept = new ArrayList<>();
        for (Lost lost : children) {
            String child = Wording.child(kind, lost.child());
            if (lost.left().isEmpty()) {
                kept.add(child);
            } else {
                going.computeIfAbsent(lost.left().get(), any -> new ArrayList<>()).add(child);
            }
        }
        String gone =
                going.entrySet().stream()
                        .map(
                                each ->
                                        Wording.some(each.getValue())
                                                + " "
                                                + words.would()
                                                + " be deleted "
                                                + in(each.getKey()))
                        .collect(Collectors.joining("; "));
        if (kept.isEmpty()) {
            return gone;
        }
        return (gone.isEmpty() ? "" : gone + "; ")
                + Wording.some(kept)
                + " "
                + words.would()
                + " be kept: sites are protected";
    }

    private static String in(Duration left) {
        return left.isNegative() || left.isZero()
                ? "at once"
                : "after " + RemovalGrace.spoken(left);
    }

    /** When a grid is written. */
    List<String> written(Optional<KubeObject> before, KubeObject after, Change change) {
        Wording words = new Wording(change.dryRun());
        String name = Wording.grid(kind, after) + ": ";
        List<String> told = new ArrayList<>();
        RemovalGrace.complaint(after)
                .filter(text -> !before.flatMap(RemovalGrace::complaint).equals(Optional.of(text)))
                .ifPresent(text -> told.add(name + text));
        Set<String> unused = new TreeSet<>(UnusedTemplates.of(after));
        before.ifPresent(was -> unused.removeAll(UnusedTemplates.of(was)));
        if (!unused.isEmpty()) {
            told.add(
                    name
                            + "spec.templatePool "
                            + words.would()
                            + " lose what nothing names: "
                            + Wording.some(List.copyOf(unused)));
        }
        if (before.isPresent()) {
            losses(before.get(), after, words).forEach(text -> told.add(name + text));
            if (change.dryRun()) {
                restarts(before.get(), after).ifPresent(text -> told.add(name + text));
            }
        }
        return told;
    }

    private Present present(KubeObject grid) {
        return Present.of(cluster.nodes().read(() -> sites.values(GridChild.key(grid))));
    }

    /** What is lost by it, and what was lost already and goes sooner by it. */
    private List<String> losses(KubeObject before, KubeObject after, Wording words) {
        List<KubeObject> children = loss.children(before);
        Map<String, Lost> lostBefore =
                loss.lost(before, children, present(before)).stream()
                        .collect(Collectors.toMap(lost -> lost.child().uid(), Function.identity()));
        List<Lost> lost = new ArrayList<>();
        List<Lost> sooner = new ArrayList<>();
        for (Lost each : loss.lost(after, children, present(after))) {
            Lost was = lostBefore.get(each.child().uid());
            if (was == null) {
                lost.add(each);
            } else if (each.left().isPresent()
                    && (was.left().isEmpty()
                            || each.left().get().compareTo(was.left().get().minusSeconds(1)) < 0)) {
                sooner.add(each);
            }
        }
        List<String> told = new ArrayList<>();
        if (!lost.isEmpty()) {
            told.add(
                    "no node carries "
                            + GridChild.key(after)
                            + " with the sites "
                            + Wording.some(lost.stream().map(Lost::site).toList())
                            + "; "
                            + fates(lost, words));
        }
        if (!sooner.isEmpty()) {
            told.add("sites are gone already; " + fates(sooner, words));
        }
        return told;
    }

    private Optional<String> restarts(KubeObject before, KubeObject after) {
        boolean sameKey = GridChild.key(before).equals(GridChild.key(after));
        Present present = present(after);
        List<String> names = new ArrayList<>();
        for (KubeObject child : loss.children(before)) {
            String site = SiteLoss.siteOf(child);
            if (child.name().equals(kind.childName(after, site))
                    && (sameKey || present.contains().test(site))
                    && !Objects.equals(pods(before, site), pods(after, site))) {
                names.add(site);
            }
        }
        names.sort(null);
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "pods would be replaced at "
                                + Wording.count(names.size(), "site")
                                + ": "
                                + Wording.some(names));
    }

    /** The site's pods as they are asked for; empty if that cannot be. */
    private Optional<Json> pods(KubeObject grid, String site) {
        try {
            return GridTranslation.child(grid, kind, site).spec().get("template");
        } catch (SiteFailure e) {
            return Optional.empty();
        }
    }

    List<String> deleted(KubeObject grid, Change change) {
        Wording words = new Wording(change.dryRun());
        List<KubeObject> children = loss.children(grid);
        if (children.isEmpty()) {
            return List.of();
        }
        long pods = children.stream().mapToLong(Wording::pods).sum();
        List<String> names =
                children.stream().map(child -> Wording.child(kind, child)).sorted().toList();
        return List.of(
                Wording.grid(kind, grid)
                        + ": "
                        + Wording.count(children.size(), kind.child().kind())
                        + " with "
                        + Wording.count(pods, "pod")
                        + " "
                        + words.would()
                        + (change.orphaning() ? " be left alone: " : " be deleted with it: ")
                        + Wording.some(names)
                        + (RemovalGrace.isProtected(grid) && !change.orphaning()
                                ? "; the protection of sites is no protection from this"
                                : ""));
    }
}
