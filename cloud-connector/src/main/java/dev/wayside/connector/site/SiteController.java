// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Controller;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps NodeUnits and NodeGroups, and what nodes get from them. Says which object is to be looked
 * at when another changes; {@link NodeStep}, {@link UnitStep} and {@link GroupStep} do the looking.
 */
public final class SiteController implements AutoCloseable {
    static final String NAME = "site-controller";

    /** Changes of nodes are gathered for so long before their unit's status is made anew. */
    private static final Duration GATHER = Duration.ofMillis(50);

    private final Informer nodes;
    private final Informer units;
    private final Informer groups;
    private final Membership membership;
    private final NodeStep nodeStep;
    private final UnitStep unitStep;
    private final GroupStep groupStep;
    private final Controller<ObjectKey> controller;

    public SiteController(Cluster cluster, int workers) {
        nodes = cluster.nodes();
        units = cluster.informer(ResourceType.NODE_UNITS);
        groups = cluster.informer(ResourceType.NODE_GROUPS);
        membership = new Membership(cluster);
        nodeStep = new NodeStep(cluster, membership);
        unitStep = new UnitStep(cluster, membership);
        groupStep = new GroupStep(cluster, membership);
        controller =
                new Controller<>("site", workers, cluster.backoff(), this::reconcile, this::addAll);
        nodes.addListener(this::nodeChanged);
        units.addListener(this::unitChanged);
        groups.addListener(this::groupChanged);
    }

    /** What would become of nodes. */
    public SiteForecast forecast(Cluster cluster) {
        return new SiteForecast(cluster, membership);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        if (key.resource().equals(ResourceType.NODES.qualified())) {
            return nodes.get(key).flatMap(nodeStep::run);
        }
        if (key.resource().equals(ResourceType.NODE_UNITS.qualified())) {
            return units.get(key).flatMap(unitStep::run);
        }
        return groups.get(key).flatMap(groupStep::run);
    }

    private void addAll() {
        nodes.all().forEach(this::addNode);
        units.all().forEach(unit -> controller.add(unit.key(ResourceType.NODE_UNITS)));
        groups.all().forEach(this::addGroup);
    }

    private void addNode(KubeObject node) {
        controller.add(node.key(ResourceType.NODES));
    }

    private void addUnit(String name) {
        controller.addAfter(ResourceType.NODE_UNITS.key("", name), GATHER);
    }

    private void addGroup(KubeObject group) {
        // A look at a group is a look at all units: once for many of them that change.
        controller.addAfter(group.key(ResourceType.NODE_GROUPS), GATHER);
    }

    private void nodeChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        boolean settings = !Objects.equals(settings(before), settings(after));
        if (settings && after != null) {
            addNode(after);
        }
        if (settings || UnitStep.isReady(before) != UnitStep.isReady(after)) {
            unitsOf(before).forEach(this::addUnit);
            unitsOf(after).forEach(this::addUnit);
        }
    }

    /** What of a node units look at or change. */
    private static @Nullable List<Object> settings(@Nullable KubeObject node) {
        return node == null
                ? null
                : List.of(
                        node.uid(), node.labels(), node.annotations(), node.spec().array("taints"));
    }

    private List<String> unitsOf(@Nullable KubeObject node) {
        if (node == null) {
            return List.of();
        }
        List<String> names = new ArrayList<>(Applied.to(node).units());
        membership.unitsOf(node).forEach(unit -> names.add(unit.name()));
        return names;
    }

    private void unitChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null && after != null && isOnlyStatus(before, after)) {
            return;
        }
        for (KubeObject unit : present(before, after)) {
            controller.add(unit.key(ResourceType.NODE_UNITS));
            // Also when it is gone for good: a group may find it anew in them.
            membership.nodesOf(unit.withoutMetadata("deletionTimestamp")).forEach(this::addNode);
            membership.bearing(unit).forEach(this::addNode);
            membership.groupsOf(unit).forEach(this::addGroup);
            for (String label : unit.labels().keySet()) {
                groups.get("", label).ifPresent(this::addGroup);
            }
        }
    }

    private void groupChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null && after != null && isOnlyStatus(before, after)) {
            return;
        }
        for (KubeObject group : present(before, after)) {
            addGroup(group);
            List<KubeObject> touched = new ArrayList<>(membership.unitsIn(group));
            touched.addAll(membership.labelledFor(group));
            for (KubeObject unit : touched) {
                controller.add(unit.key(ResourceType.NODE_UNITS));
                membership.nodesOf(unit).forEach(this::addNode);
            }
            // Those that carry one of the keys; whether they have all is seen there.
            group.spec().array("autoFindNodeKeys").strings().stream()
                    .findFirst()
                    .ifPresent(key -> membership.nodesWith(key).forEach(this::addNode));
        }
    }

    private static boolean isOnlyStatus(KubeObject before, KubeObject after) {
        return before.uid().equals(after.uid())
                && before.spec().equals(after.spec())
                && before.labels().equals(after.labels())
                && before.annotations().equals(after.annotations())
                && before.finalizers().equals(after.finalizers())
                && before.owners().equals(after.owners())
                && before.deleted().equals(after.deleted());
    }

    private static List<KubeObject> present(
            @Nullable KubeObject before, @Nullable KubeObject after) {
        List<KubeObject> present = new ArrayList<>();
        if (before != null) {
            present.add(before);
        }
        if (after != null) {
            present.add(after);
        }
        return present;
    }
}
