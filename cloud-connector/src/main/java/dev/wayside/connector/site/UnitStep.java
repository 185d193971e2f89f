// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A unit's finalizer, the labels that say in which groups it is, and its status. A unit that is
 * deleted goes when its nodes bear nothing of it any more.
 */
final class UnitStep extends SiteStep {
    static final String FINALIZER = "site.superedge.io/nodeunit";

    UnitStep(Cluster cluster, Membership membership) {
        super(cluster, membership);
    }

    static boolean isReady(@Nullable KubeObject node) {
        return node != null && node.conditionIsTrue("Ready");
    }

    @Override
    void look(KubeObject unit) {
        if (unit.deleted().isEmpty()) {
            tell(kept(unit));
        } else if (membership.bearing(unit).isEmpty()) {
            write(ResourceType.NODE_UNITS, unit, Finalizers.without(unit, FINALIZER));
        }
    }

    private KubeObject kept(KubeObject unit) {
        return write(
                ResourceType.NODE_UNITS,
                unit,
                Finalizers.with(labelled(unit, membership), FINALIZER));
    }

    /** The unit with the labels of the groups that it is in; the same if it has them. */
    static KubeObject labelled(KubeObject unit, Membership membership) {
        Map<String, String> labels = new TreeMap<>(unit.labels());
        labels.values().removeIf(Membership.OF_GROUP::equals);
        membership.groupsOf(unit).forEach(group -> labels.put(group.name(), Membership.OF_GROUP));
        return labels.equals(unit.labels()) ? unit : unit.withLabels(labels);
    }

    private void tell(KubeObject unit) {
        TreeSet<String> missing = new TreeSet<>(unit.spec().array("nodes").strings());
        List<String> ready = new ArrayList<>();
        TreeSet<String> notReady = new TreeSet<>();
        for (KubeObject node : membership.nodesOf(unit)) {
            missing.remove(node.name());
            if (isReady(node)) {
                ready.add(node.name());
            } else {
                notReady.add(node.name());
            }
        }
        notReady.addAll(missing);
        tell(
                ResourceType.NODE_UNITS,
                unit,
                unit.status().toBuilder()
                        .put("readyRate", ready.size() + "/" + (ready.size() + notReady.size()))
                        .put("readyNodes", JsonArray.ofStrings(ready))
                        .put("notReadyNodes", JsonArray.ofStrings(notReady)),
                "NodesFound",
                "node",
                missing);
    }
}
