// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

final class ServicesOnFakeStoreTest extends ServicesContract {
    ServicesOnFakeStoreTest() {
        super(World.Kind.FAKE);
    }
}
