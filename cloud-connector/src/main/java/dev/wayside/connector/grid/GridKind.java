// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.model.ResourceType;
import java.util.List;

/**
 * A kind of grid whose sites have a child each.
 *
 * @param controller who writes, as field managers and events name it
 * @param failed the reason of the event that tells that sites failed
 */
record GridKind(ResourceType grid, ResourceType child, String controller, String failed) {
    static final GridKind DEPLOYMENTS =
            new GridKind(
                    ResourceType.DEPLOYMENT_GRIDS,
                    ResourceType.DEPLOYMENTS,
                    "deploymentgrid-controller",
                    "SyncDeploymentGridFailed");

    static final List<GridKind> ALL = List.of(DEPLOYMENTS);
}
