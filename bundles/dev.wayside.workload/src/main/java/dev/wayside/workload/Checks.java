// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.time.Duration;
import java.util.function.Consumer;

/** Runs handlers. */
interface Checks {
    /** The container that a handler is about. */
    record Where(String driver, String podUid, String containerId) {}

    /**
     * Returns at once.
     *
     * @param timeout after which it has failed
     * @param then is told the outcome, once, on whatever thread; it does not block
     */
    void run(Where where, Handler handler, Duration timeout, Consumer<Outcome> then);
}
