// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.TreeSet;

/** A group's finalizer and status. A group that is deleted goes when no unit bears its label. */
final class GroupStep extends SiteStep {
    static final String FINALIZER = "site.superedge.io/finalizer";

    GroupStep(Cluster cluster, Membership membership) {
        super(cluster, membership);
    }

    @Override
    void look(KubeObject group) {
        if (group.deleted().isEmpty()) {
            tell(write(ResourceType.NODE_GROUPS, group, Finalizers.with(group, FINALIZER)));
        } else if (membership.labelledFor(group).isEmpty()) {
            write(ResourceType.NODE_GROUPS, group, Finalizers.without(group, FINALIZER));
        }
    }

    private void tell(KubeObject group) {
        List<String> names = membership.unitsIn(group).stream().map(KubeObject::name).toList();
        TreeSet<String> missing = new TreeSet<>(group.spec().array("nodeUnits").strings());
        names.forEach(missing::remove);
        tell(
                ResourceType.NODE_GROUPS,
                group,
                group.status().toBuilder()
                        .put("unitNumber", names.size())
                        .put("nodeUnits", JsonArray.ofStrings(names)),
                "UnitsFound",
                "NodeUnit",
                missing);
    }
}
