// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.Quantity;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

/**
 * A short name for what matters in a container's spec. References count by their names, not by the
 * values behind them: a changed Secret restarts nothing. Fields that are not listed here do not
 * count, so that defaults added later restart nothing either.
 *
 * <p>The value begins with the version of this function. Values of different versions are not
 * compared: an agent that reckons differently leaves running containers alone.
 */
final class SpecHash {
    private static final String VERSION = "v1-";

    private static final List<String> PLAIN =
            List.of(
                    "name",
                    "image",
                    "command",
                    "args",
                    "workingDir",
                    "env",
                    "envFrom",
                    "volumeMounts",
                    "tty",
                    "stdin");

    private SpecHash() {}

    static String of(JsonObject container, JsonObject podSecurity) {
        JsonObject.Builder counted = JsonObject.builder();
        for (String field : PLAIN) {
            container.get(field).filter(SpecHash::says).ifPresent(it -> counted.put(field, it));
        }
        JsonObject limits = container.object("resources", "limits");
        counted.put("cpu", quantity(limits, "cpu")).put("memory", quantity(limits, "memory"));
        JsonObject security = container.object("securityContext");
        for (String field : List.of("runAsUser", "runAsGroup")) {
            security.get(field)
                    .or(() -> podSecurity.get(field))
                    .ifPresent(value -> counted.put(field, value));
        }
        counted.put("privileged", security.flag("privileged"));
        counted.put("readOnlyRootFilesystem", security.flag("readOnlyRootFilesystem"));
        return VERSION + digest(canonical(counted.build()).toBytes());
    }

    /** Whether two hashes say that the specs differ; false where they cannot be compared. */
    static boolean differ(String one, String other) {
        return one.startsWith(VERSION) && other.startsWith(VERSION) && !one.equals(other);
    }

    /** Absent, empty and false mean the same in these fields. */
    private static boolean says(Json value) {
        return !(value.equals(Json.of(false))
                || value.equals(Json.of(""))
                || value.equals(JsonArray.EMPTY)
                || value.equals(dev.wayside.model.JsonNull.INSTANCE));
    }

    private static String quantity(JsonObject limits, String resource) {
        try {
            return Long.toString(Quantity.of(limits, resource).milli());
        } catch (IllegalArgumentException e) {
            return limits.text(resource);
        }
    }

    private static Json canonical(Json value) {
        if (value instanceof JsonObject object) {
            JsonObject.Builder sorted = JsonObject.builder();
            for (String name : new TreeSet<>(object.members().keySet())) {
                object.get(name)
                        .filter(SpecHash::says)
                        .ifPresent(member -> sorted.put(name, canonical(member)));
            }
            return sorted.build();
        }
        if (value instanceof JsonArray array) {
            List<Json> items = new ArrayList<>();
            array.forEach(item -> items.add(canonical(item)));
            return new JsonArray(items);
        }
        return value;
    }

    private static String digest(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
