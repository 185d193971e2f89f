// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Finds the units of a node that has none yet, and gives the node what its units say. */
final class NodeStep {
    private static final WriteOptions AS_ME = WriteOptions.by(SiteController.NAME);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);

    private final Cluster cluster;
    private final Membership membership;
    private final Informer units;
    private final Informer groups;

    NodeStep(Cluster cluster, Membership membership) {
        this.cluster = cluster;
        this.membership = membership;
        this.units = cluster.informer(ResourceType.NODE_UNITS);
        this.groups = cluster.informer(ResourceType.NODE_GROUPS);
    }

    Optional<Duration> run(KubeObject node) {
        if (node.deleted().isPresent()) {
            return Optional.empty();
        }
        try {
            Map<String, String> own = Applied.ownLabels(node);
            for (KubeObject group : groups.all()) {
                if (group.deleted().isEmpty()) {
                    AutoFound.unit(group, own).ifPresent(unit -> ensure(group, unit));
                }
            }
            NodeSettings settings = NodeSettings.of(membership.unitsOf(node), membership::groupsOf);
            KubeObject wanted = settings.on(node);
            if (!wanted.equals(node)) {
                cluster.nodes()
                        .write(() -> cluster.store().update(ResourceType.NODES, wanted, "", AS_ME));
                for (NodeSettings.Conflict conflict : settings.conflicts()) {
                    cluster.warn(
                            conflict.unit(),
                            "SetNodeConflict",
                            conflict.message(),
                            SiteController.NAME);
                }
            }
            return Optional.empty();
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                // Somebody wrote in between.
                return Optional.of(AFTER_CONFLICT);
            }
            throw e;
        }
    }

    private void ensure(KubeObject group, KubeObject found) {
        Optional<KubeObject> there = units.get("", found.name());
        if (there.isEmpty()) {
            units.write(() -> cluster.store().create(ResourceType.NODE_UNITS, found, AS_ME));
            cluster.normal(
                    group, "UnitFound", "Created NodeUnit " + found.name(), SiteController.NAME);
        } else if (!AutoFound.isOf(group, there.get())) {
            cluster.warn(
                    group,
                    "UnitNameTaken",
                    "NodeUnit "
                            + found.name()
                            + " is there already and was not found by this group's"
                            + " autoFindNodeKeys; name it in spec.nodeUnits if it is meant",
                    SiteController.NAME);
        } else if (there.get().deleted().isEmpty()) {
            KubeObject owned = AutoFound.ownedBy(group, there.get());
            if (!owned.equals(there.get())) {
                units.write(
                        () -> cluster.store().update(ResourceType.NODE_UNITS, owned, "", AS_ME));
            }
        }
    }
}
