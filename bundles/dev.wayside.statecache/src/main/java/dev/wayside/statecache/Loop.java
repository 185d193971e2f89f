// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import java.time.Duration;
import java.util.concurrent.Executor;

/** The cache's own thread: everything about the connector happens on it, one thing at a time. */
interface Loop extends Executor {
    /** Runs the action later; there is no need to cancel it, it asks whether it still applies. */
    void after(Duration delay, Runnable action);

    /** Monotonic. */
    Duration now();
}
