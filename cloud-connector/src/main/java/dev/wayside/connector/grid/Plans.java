// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.apiserver.ChangePlans;
import dev.wayside.connector.site.SiteForecast;
import dev.wayside.connector.site.SiteForecast.NodeChange;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What would be deleted where: by a change of a grid, of nodes and what gives them their labels,
 * and of a namespace; and what goes to all sites at once as no GridRollout holds it any more. One
 * line for each object that something comes of, and no more than {@value #MOST} of them. Safe for
 * any thread.
 */
final class Plans implements ChangePlans {
    private static final int MOST = 12;

    private final Cluster cluster;
    private final SiteForecast sites;
    private final RolloutForecast rollouts;
    private final List<GridForecast> grids;

    Plans(Cluster cluster, SiteForecast sites, RolloutForecast rollouts, List<GridForecast> grids) {
        this.rollouts = rollouts;
        this.cluster = cluster;
        this.sites = sites;
        this.grids = List.copyOf(grids);
    }

    private static boolean is(ResourceType type, ResourceType other) {
        return type.qualified().equals(other.qualified());
    }

    private Optional<GridForecast> grid(ResourceType type) {
        return grids.stream().filter(each -> is(type, each.kind().grid())).findFirst();
    }

    @Override
    public boolean concerns(ResourceType type) {
        return SiteForecast.concerns(type)
                || is(type, ResourceType.SERVICE_GRIDS)
                || is(type, ResourceType.GRID_ROLLOUTS)
                || is(type, ResourceType.NAMESPACES)
                || grid(type).isPresent();
    }

    @Override
    public List<String> warnings(Change change) {
        List<String> told = told(change);
        List<String> first = new ArrayList<>(told.subList(0, Math.min(MOST, told.size())));
        if (told.size() > MOST) {
            first.add("and " + (told.size() - MOST) + " more grids");
        }
        if (change.late().getAsBoolean()) {
            first.add("there may be more: it could not all be worked out in time");
        }
        return first;
    }

    private List<String> told(Change change) {
        KubeObject before = change.before();
        KubeObject after = change.after();
        if (after != null && after.deleted().isPresent()) {
            return List.of();
        }
        if (SiteForecast.concerns(change.type())) {
            return sites(change);
        }
        Optional<GridForecast> grid = grid(change.type());
        if (grid.isPresent()) {
            return grid(grid.get(), change);
        }
        if (before == null) {
            return List.of();
        }
        if (is(change.type(), ResourceType.GRID_ROLLOUTS)) {
            return rollouts.rollout(before, Optional.ofNullable(after), change);
        }
        if (is(change.type(), ResourceType.SERVICE_GRIDS)) {
            return services(before, change);
        }
        return after == null ? namespace(before, change) : List.of();
    }

    private List<String> grid(GridForecast grid, Change change) {
        KubeObject before = change.before();
        KubeObject after = change.after();
        if (after == null) {
            return before == null ? List.of() : grid.deleted(before, change);
        }
        List<String> told = new ArrayList<>();
        if (before != null) {
            rollouts.grid(grid.kind(), before, after, change).ifPresent(told::add);
        }
        told.addAll(grid.written(Optional.ofNullable(before), after, change));
        return told;
    }

    private List<String> sites(Change change) {
        KubeObject before = change.before();
        KubeObject after = change.after();
        if (before != null && after != null && isIrrelevant(before, after)) {
            return List.of();
        }
        SiteForecast.Outcome outcome =
                sites.of(change.type(), before, after, change.orphaning(), change.late());
        List<String> told = new ArrayList<>();
        grids.forEach(grid -> told.addAll(grid.nodesChange(outcome.nodes(), change)));
        if (change.dryRun()) {
            if (!is(change.type(), ResourceType.NODES)) {
                told.addAll(nodes(outcome.nodes(), change));
            } else if (before != null && after == null) {
                told.addAll(pods(before));
            }
        }
        return told;
    }

    private static boolean isIrrelevant(KubeObject before, KubeObject after) {
        return before.labels().equals(after.labels())
                && before.annotations().equals(after.annotations())
                && before.spec().equals(after.spec());
    }

    private List<String> pods(KubeObject node) {
        int pods = cluster.podsOn(node.name()).size();
        return pods == 0
                ? List.of()
                : List.of(
                        "Node "
                                + node.name()
                                + ": "
                                + Wording.count(pods, "pod")
                                + " would be deleted with it");
    }

    /** What nodes lose. */
    private static List<String> nodes(Map<String, NodeChange> nodes, Change change) {
        if (!change.mayKnow().test(ResourceType.NODES, "")) {
            return List.of();
        }
        Map<String, List<String>> losers = new TreeMap<>();
        new TreeMap<>(nodes)
                .forEach(
                        (name, node) -> {
                            List<String> lost = lost(node);
                            if (!lost.isEmpty()) {
                                losers.computeIfAbsent(Wording.some(lost), any -> new ArrayList<>())
                                        .add(name);
                            }
                        });
        List<String> told = new ArrayList<>();
        losers.forEach(
                (what, names) ->
                        told.add(
                                Wording.count(names.size(), "node")
                                        + " would lose "
                                        + what
                                        + ": "
                                        + Wording.some(names)));
        return told;
    }

    private static List<String> lost(NodeChange node) {
        List<String> lost = new ArrayList<>();
        new TreeMap<>(node.labelsBefore())
                .forEach(
                        (key, value) -> {
                            if (!value.equals(node.labelsAfter().get(key))) {
                                lost.add("the label " + key + "=" + value);
                            }
                        });
        Set<String> taints = taints(node.before());
        taints.removeAll(taints(node.after()));
        taints.forEach(taint -> lost.add("the taint " + taint));
        return lost;
    }

    private static Set<String> taints(@Nullable KubeObject node) {
        Set<String> taints = new TreeSet<>();
        if (node != null) {
            for (JsonObject taint : node.spec().array("taints").objects()) {
                taints.add(taint.text("key") + ":" + taint.text("effect"));
            }
        }
        return taints;
    }

    private List<String> services(KubeObject before, Change change) {
        KubeObject after = change.after();
        String name = "ServiceGrid " + before.namespace() + "/" + before.name() + ": ";
        if (after == null) {
            return cluster.informer(ResourceType.SERVICES).ownedBy(before.uid()).stream()
                    .map(
                            service ->
                                    name
                                            + "Service "
                                            + service.name()
                                            + " "
                                            + new Wording(change.dryRun()).would()
                                            + (change.orphaning()
                                                    ? " be left alone"
                                                    : " be deleted with it"))
                    .toList();
        }
        String was = GridChild.key(before);
        String is = GridChild.key(after);
        return was.equals(is) || !change.dryRun()
                ? List.of()
                : List.of(
                        name
                                + "its traffic would stay among nodes with the same "
                                + is
                                + " instead of the same "
                                + was);
    }

    private List<String> namespace(KubeObject namespace, Change change) {
        Map<String, Integer> counts = new TreeMap<>();
        int hidden = 0;
        for (Informer informer : cluster.informers()) {
            if (informer.type().namespaced()) {
                int count = informer.countIn(namespace.name());
                if (count > 0 && change.mayKnow().test(informer.type(), namespace.name())) {
                    counts.merge(informer.type().kind(), count, Integer::sum);
                } else {
                    hidden += count;
                }
            }
        }
        List<String> parts = new ArrayList<>();
        counts.forEach((kind, count) -> parts.add(Wording.count(count, kind)));
        if (hidden > 0) {
            parts.add(Wording.count(hidden, "object") + " that you may not list");
        }
        return parts.isEmpty()
                ? List.of()
                : List.of(
                        "Namespace "
                                + namespace.name()
                                + ": "
                                + String.join(", ", parts)
                                + " "
                                + new Wording(change.dryRun()).would()
                                + " be deleted with it");
    }
}
