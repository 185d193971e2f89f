// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import org.jspecify.annotations.Nullable;

/** The driver's exceptions, by what the caller should do. */
final class Failures {
    private static final int MAX_MESSAGE = 1000;

    private Failures() {}

    static DriverException refused(String reason, String message) {
        return new DriverException(DriverException.Kind.REFUSED, reason, bounded(message), null);
    }

    static DriverException unavailable(String reason, String message, @Nullable Throwable cause) {
        return new DriverException(
                DriverException.Kind.UNAVAILABLE, reason, bounded(message), cause);
    }

    static DriverException unavailable(String reason, String message) {
        return unavailable(reason, message, null);
    }

    private static String bounded(String message) {
        return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
    }
}
