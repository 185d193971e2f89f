// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

/** The DeploymentGrid's controller on the embedded store. */
final class DeploymentGridOnEmbeddedStoreTest extends DeploymentGridContract {
    DeploymentGridOnEmbeddedStoreTest() {
        super(World.Kind.EMBEDDED);
    }
}
