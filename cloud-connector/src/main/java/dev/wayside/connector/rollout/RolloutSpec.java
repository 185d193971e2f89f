// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.rollout;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a GridRollout asks for.
 *
 * @param waves those of canaries first; the last or another one is the rest
 * @param unavailable no limit if empty
 * @param rollback whether sites get back what they had when one fails
 * @param waitsForAway whether sites that are away hold their wave
 * @param deadline none if empty
 */
public record RolloutSpec(
        List<Wave> waves,
        Share concurrent,
        Optional<Share> unavailable,
        Duration availableFor,
        long maxRestarts,
        Duration progressDeadline,
        boolean rollback,
        boolean waitsForAway,
        boolean paused,
        Optional<Duration> deadline) {

    /** Whether some wave looks at labels. */
    public boolean selectsByLabel() {
        return waves.stream().anyMatch(wave -> wave.choice() instanceof Wave.Selected);
    }

    /** Reads a spec that has its defaults. */
    public static RolloutSpec of(JsonObject spec) {
        JsonObject health = spec.object("health");
        return new RolloutSpec(
                waves(spec),
                Share.of(spec.get("maxConcurrentSites")).orElse(new Share(1, false)),
                Share.of(spec.get("maxUnavailableSites")),
                seconds(health, "availableForSeconds", 30),
                health.number("maxRestarts").orElse(0),
                seconds(health, "progressDeadlineSeconds", 600),
                spec.text("onFailure").equals("Rollback"),
                spec.text("awaySites").equals("Wait"),
                spec.flag("paused"),
                spec.has("deadlineSeconds")
                        ? Optional.of(seconds(spec, "deadlineSeconds", 0))
                        : Optional.empty());
    }

    private static List<Wave> waves(JsonObject spec) {
        List<Wave> waves = new ArrayList<>();
        for (Json each : spec.array("order")) {
            if (each instanceof JsonObject wave) {
                waves.add(Wave.of(wave));
            }
        }
        waves.sort(Comparator.comparing(wave -> !wave.canary())); // stable
        if (waves.stream().noneMatch(wave -> wave.choice() instanceof Wave.Rest)) {
            waves.add(Wave.REST);
        }
        return waves;
    }

    private static Duration seconds(JsonObject object, String field, long otherwise) {
        return Duration.ofSeconds(object.number(field).orElse(otherwise));
    }
}
