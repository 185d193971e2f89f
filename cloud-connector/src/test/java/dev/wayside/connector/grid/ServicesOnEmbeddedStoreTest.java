// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

final class ServicesOnEmbeddedStoreTest extends ServicesContract {
    ServicesOnEmbeddedStoreTest() {
        super(World.Kind.EMBEDDED);
    }
}
