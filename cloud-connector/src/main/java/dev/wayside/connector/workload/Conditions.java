// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Lists of conditions as Kubernetes objects have them. */
public final class Conditions {
    private Conditions() {}

    /** Whole seconds, as Kubernetes writes times. */
    public static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    public static Optional<JsonObject> find(JsonArray conditions, String type) {
        return conditions.objects().stream()
                .filter(condition -> condition.text("type").equals(type))
                .findFirst();
    }

    /**
     * Sets a condition; one that says the same already is left untouched, and {@code
     * lastTransitionTime} moves only with the status.
     *
     * @param condition with {@code type}, {@code status}, {@code reason} and {@code message}
     */
    public static JsonArray with(JsonArray conditions, JsonObject condition, Instant now) {
        Optional<JsonObject> before = find(conditions, condition.text("type"));
        if (before.isPresent() && sayTheSame(before.get(), condition)) {
            return conditions;
        }
        String transition =
                before.filter(old -> old.text("status").equals(condition.text("status")))
                        .flatMap(old -> old.string("lastTransitionTime"))
                        .orElseGet(() -> time(now));
        return replace(conditions, condition.with("lastTransitionTime", transition));
    }

    /** Sets a condition as it is. */
    public static JsonArray replace(JsonArray conditions, JsonObject condition) {
        List<Json> all = new ArrayList<>();
        boolean found = false;
        for (Json item : conditions) {
            boolean same =
                    item instanceof JsonObject object
                            && object.text("type").equals(condition.text("type"));
            if (!same) {
                all.add(item);
            } else if (!found) {
                all.add(condition);
                found = true;
            }
        }
        if (!found) {
            all.add(condition);
        }
        return new JsonArray(all);
    }

    public static JsonArray without(JsonArray conditions, String type) {
        return new JsonArray(
                conditions.items().stream()
                        .filter(
                                item ->
                                        !(item instanceof JsonObject object
                                                && object.text("type").equals(type)))
                        .toList());
    }

    public static JsonObject of(String type, String status, String reason, String message) {
        return JsonObject.builder()
                .put("type", type)
                .put("status", status)
                .putUnlessEmpty("reason", reason)
                .putUnlessEmpty("message", message)
                .build();
    }

    private static boolean sayTheSame(JsonObject one, JsonObject other) {
        return one.text("status").equals(other.text("status"))
                && one.text("reason").equals(other.text("reason"))
                && one.text("message").equals(other.text("message"));
    }
}
