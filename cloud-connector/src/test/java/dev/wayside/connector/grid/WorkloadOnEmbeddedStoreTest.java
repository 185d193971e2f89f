// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

/** The Deployment, ReplicaSet and Pod controllers on the embedded store. */
final class WorkloadOnEmbeddedStoreTest extends WorkloadContract {
    WorkloadOnEmbeddedStoreTest() {
        super(World.Kind.EMBEDDED);
    }
}
