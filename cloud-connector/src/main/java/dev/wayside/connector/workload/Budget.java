// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import java.time.Instant;

/**
 * A PodDisruptionBudget's numbers, as Kubernetes works them out. Pure.
 *
 * @param expected how many pods there should be
 * @param desired how many of them must be healthy
 * @param healthy how many are
 */
record Budget(long expected, long desired, long healthy) {

    /** Whether the number of pods that there should be is asked of who controls them. */
    static boolean asksControllers(KubeObject budget) {
        JsonObject spec = budget.spec();
        return spec.has("maxUnavailable")
                || spec.get("minAvailable").filter(JsonString.class::isInstance).isPresent();
    }

    /**
     * @param pods how many there are
     * @param scale how many there should be by those who control them; counts if asked for
     * @param healthy how many are ready, and stay
     */
    static Budget of(KubeObject budget, long pods, long scale, long healthy) {
        JsonObject spec = budget.spec();
        long expected = asksControllers(budget) ? scale : pods;
        long desired = 0;
        if (spec.has("maxUnavailable")) {
            Json most = spec.get("maxUnavailable").orElseThrow();
            desired = Math.max(0, expected - RollingUpdate.scaled(most, expected, true));
        } else if (spec.has("minAvailable")) {
            Json least = spec.get("minAvailable").orElseThrow();
            desired = RollingUpdate.scaled(least, expected, true);
        }
        return new Budget(expected, desired, healthy);
    }

    long allowed() {
        return expected <= 0 ? 0 : Math.max(0, healthy - desired);
    }

    /**
     * @param disrupted pods whose removal was allowed and has not begun, with when
     */
    JsonObject status(KubeObject budget, JsonObject disrupted, Instant now) {
        JsonObject condition =
                allowed() > 0
                        ? Conditions.of("DisruptionAllowed", "True", "SufficientPods", "")
                        : Conditions.of("DisruptionAllowed", "False", "InsufficientPods", "");
        return JsonObject.builder()
                .put("observedGeneration", budget.generation())
                .putUnlessEmpty("disruptedPods", disrupted)
                .put("disruptionsAllowed", allowed())
                .put("currentHealthy", healthy)
                .put("desiredHealthy", desired)
                .put("expectedPods", expected)
                .put("conditions", conditions(budget, condition, now))
                .build();
    }

    /** When the numbers cannot be known nothing may be taken away. */
    static JsonObject unknown(KubeObject budget, String why, Instant now) {
        JsonObject condition = Conditions.of("DisruptionAllowed", "False", "SyncFailed", why);
        return budget.status().toBuilder()
                .put("observedGeneration", budget.generation())
                .put("disruptionsAllowed", 0)
                .put("currentHealthy", budget.status().number("currentHealthy").orElse(0))
                .put("desiredHealthy", budget.status().number("desiredHealthy").orElse(0))
                .put("expectedPods", budget.status().number("expectedPods").orElse(0))
                .put("conditions", conditions(budget, condition, now))
                .build();
    }

    private static JsonArray conditions(KubeObject budget, JsonObject condition, Instant now) {
        return Conditions.with(
                budget.status().array("conditions"),
                condition.with("observedGeneration", budget.generation()),
                now);
    }
}
