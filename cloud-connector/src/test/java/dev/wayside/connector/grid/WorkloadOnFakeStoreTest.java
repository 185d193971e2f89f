// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

/**
 * The Deployment, ReplicaSet and Pod controllers on a store in memory that lags and fails on
 * demand.
 */
final class WorkloadOnFakeStoreTest extends WorkloadContract {
    WorkloadOnFakeStoreTest() {
        super(World.Kind.FAKE);
    }
}
