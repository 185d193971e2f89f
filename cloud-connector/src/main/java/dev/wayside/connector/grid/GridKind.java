// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;

/**
 * A kind of grid whose sites have a child each.
 *
 * @param controller who writes, as field managers and events name it
 * @param failed the reason of the event that tells that sites failed
 * @param longestName of a child
 * @param immutable fields of the spec that no child can change once it is there
 */
record GridKind(
        ResourceType grid,
        ResourceType child,
        String controller,
        String failed,
        int longestName,
        List<String> immutable) {
    static final GridKind DEPLOYMENTS =
            new GridKind(
                    ResourceType.DEPLOYMENT_GRIDS,
                    ResourceType.DEPLOYMENTS,
                    "deploymentgrid-controller",
                    "SyncDeploymentGridFailed",
                    SiteNames.LONGEST,
                    List.of("selector"));

    /** Their pods, called after them, are hosts: room for {@code -<ordinal>} in 63 characters. */
    static final GridKind STATEFUL_SETS =
            new GridKind(
                    ResourceType.STATEFUL_SET_GRIDS,
                    ResourceType.STATEFUL_SETS,
                    "statefulsetgrid-controller",
                    "SyncStatefulSetGridFailed",
                    52,
                    List.of(
                            "serviceName",
                            "selector",
                            "volumeClaimTemplates",
                            "podManagementPolicy"));

    static final List<GridKind> ALL = List.of(DEPLOYMENTS, STATEFUL_SETS);

    String childName(KubeObject grid, String site) {
        return SiteNames.child(grid.name(), site, longestName);
    }

    /** Whether a child, of whatever kind, has all the pods that it should have. */
    static boolean isAvailable(KubeObject child) {
        return child.kind().equals(ResourceType.STATEFUL_SETS.kind())
                ? child.status().number("observedGeneration").orElse(0) >= child.generation()
                        && child.status().number("availableReplicas").orElse(0)
                                >= child.spec().number("replicas").orElse(1)
                : child.conditionIsTrue("Available");
    }
}
