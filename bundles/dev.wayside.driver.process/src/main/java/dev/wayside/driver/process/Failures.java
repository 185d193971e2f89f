// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.DriverException;
import java.io.IOException;

/** The driver's exceptions, by what the caller should do. */
final class Failures {
    private Failures() {}

    static DriverException refused(String reason, String message) {
        return new DriverException(DriverException.Kind.REFUSED, reason, message, null);
    }

    static DriverException unavailable(String reason, String message) {
        return new DriverException(DriverException.Kind.UNAVAILABLE, reason, message, null);
    }

    /** The disk would not; it may later. */
    static DriverException disk(String what, IOException cause) {
        return new DriverException(
                DriverException.Kind.UNAVAILABLE,
                "ProcessDriverDisk",
                "cannot " + what + ": " + cause,
                cause);
    }

    static DriverException interrupted(String what) {
        Thread.currentThread().interrupt();
        return unavailable("Interrupted", "interrupted while " + what);
    }
}
