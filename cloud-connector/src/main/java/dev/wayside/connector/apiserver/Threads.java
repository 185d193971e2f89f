// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Names threads {@code wayside-connector-ROLE}, numbered from the second on. */
public final class Threads {
    private Threads() {}

    public static ThreadFactory named(String role) {
        AtomicInteger count = new AtomicInteger();
        return work -> {
            int number = count.incrementAndGet();
            Thread thread =
                    new Thread(
                            work, "wayside-connector-" + role + (number == 1 ? "" : "-" + number));
            thread.setDaemon(true);
            return thread;
        };
    }
}
