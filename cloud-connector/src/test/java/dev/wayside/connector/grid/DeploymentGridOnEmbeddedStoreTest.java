// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import static dev.wayside.connector.grid.World.await;
import static dev.wayside.connector.grid.World.spec;

import org.junit.jupiter.api.Test;

/** The DeploymentGrid's controller on the embedded store. */
final class DeploymentGridOnEmbeddedStoreTest extends SiteGridContract {
    DeploymentGridOnEmbeddedStoreTest() {
        super(World.Kind.EMBEDDED, GridKind.DEPLOYMENTS);
    }

    @Test
    void theStateOfASiteHasTheChildsConditions() {
        twoSites();
        world.start();
        create(gridSpec(spec("web", "v1", "")));
        await("conditions", () -> !state("site-1").array("conditions").isEmpty());
    }
}
