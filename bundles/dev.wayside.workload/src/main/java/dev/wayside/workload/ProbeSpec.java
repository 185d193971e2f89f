// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A probe as core/v1 defines it.
 *
 * @param successes how many in succession it takes to be well
 * @param failures how many in succession it takes to be not
 * @param grace how long a container gets to end for its sake; null for as long as the pod says
 */
record ProbeSpec(
        Kind kind,
        Handler handler,
        Duration initialDelay,
        Duration period,
        Duration timeout,
        int successes,
        int failures,
        @Nullable Duration grace) {

    enum Kind {
        STARTUP("startupProbe", "Startup", "startup"),
        READINESS("readinessProbe", "Readiness", "readiness"),
        LIVENESS("livenessProbe", "Liveness", "liveness");

        final String field;
        final String title;
        final String word;

        Kind(String field, String title, String word) {
            this.field = field;
            this.title = title;
            this.word = word;
        }
    }

    /** Empty if the container has no such probe, or the pod not yet the address that it takes. */
    static Optional<ProbeSpec> of(Kind kind, JsonObject container, String address) {
        JsonObject probe = container.object(kind.field);
        if (probe.isEmpty()) {
            return Optional.empty();
        }
        return Handler.of(probe, container, address)
                .map(
                        handler ->
                                new ProbeSpec(
                                        kind,
                                        handler,
                                        seconds(probe, "initialDelaySeconds", 0, 0),
                                        seconds(probe, "periodSeconds", 10, 1),
                                        seconds(probe, "timeoutSeconds", 1, 1),
                                        count(probe, "successThreshold", 1),
                                        count(probe, "failureThreshold", 3),
                                        probe.has("terminationGracePeriodSeconds")
                                                ? seconds(
                                                        probe,
                                                        "terminationGracePeriodSeconds",
                                                        1,
                                                        1)
                                                : null));
    }

    private static Duration seconds(JsonObject probe, String field, long usual, long least) {
        long asked = probe.number(field).orElse(usual);
        // Zero means the default where zero makes no sense.
        return Duration.ofSeconds(asked < least ? usual : Math.min(asked, Integer.MAX_VALUE));
    }

    private static int count(JsonObject probe, String field, int usual) {
        long asked = probe.number(field).orElse(usual);
        return asked < 1 ? usual : (int) Math.min(asked, Integer.MAX_VALUE);
    }
}
