// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;

/** Finds the units of a node that has none yet, and gives the node what its units say. */
final class NodeStep extends SiteStep {
    private final Informer units;

    NodeStep(Cluster cluster, Membership membership) {
        super(cluster, membership);
        this.units = cluster.informer(ResourceType.NODE_UNITS);
    }

    @Override
    void look(KubeObject node) {
        if (node.deleted().isPresent()) {
            return;
        }
        Map<String, String> own = Applied.ownLabels(node);
        for (KubeObject group : membership.allGroups()) {
            if (group.deleted().isEmpty()) {
                AutoFound.unit(group, own).ifPresent(unit -> ensure(group, unit));
            }
        }
        NodeSettings settings = settings(node, membership);
        KubeObject wanted = settings.on(node);
        if (!wanted.equals(node)) {
            write(ResourceType.NODES, node, wanted);
            for (NodeSettings.Conflict conflict : settings.conflicts()) {
                cluster.warn(
                        conflict.unit(),
                        "SetNodeConflict",
                        conflict.message(),
                        SiteController.NAME);
            }
        }
    }

    static NodeSettings settings(KubeObject node, Membership membership) {
        return NodeSettings.of(membership.unitsOf(node), membership::groupsOf);
    }

    private void ensure(KubeObject group, KubeObject found) {
        Optional<KubeObject> there = units.get("", found.name());
        if (there.isEmpty()) {
            create(ResourceType.NODE_UNITS, found);
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
            write(ResourceType.NODE_UNITS, there.get(), AutoFound.ownedBy(group, there.get()));
        }
    }
}
