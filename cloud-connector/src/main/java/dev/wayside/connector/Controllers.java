// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.store.ObjectStore;
import java.time.Clock;
import java.util.List;

/** What acts upon the objects: started when the store is open, closed in reverse before it. */
@FunctionalInterface
public interface Controllers {
    Controllers NONE = (store, clock) -> List.of();

    /** Starts them all; each is closed within a second. */
    List<AutoCloseable> start(ObjectStore store, Clock clock);
}
