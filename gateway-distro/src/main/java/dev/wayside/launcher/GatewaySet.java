// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What runs: the bundles and their configuration. One file, which the build renders from the
 * features and the installer replaces as a whole; the launcher reads nothing else.
 *
 * @param features the features that it was made of, for people
 * @param bundles in the order of installation
 * @param configurations properties by PID; a factory's PID is {@code FACTORY~NAME}
 */
record GatewaySet(
        List<String> features,
        List<Bundle> bundles,
        Map<String, Map<String, Object>> configurations) {
    static final long FORMAT = 1;
    private static final long MAX_BYTES = 4 << 20;

    /**
     * @param id {@code group:artifact:version}
     * @param file below the gateway's home, for instance {@code bundles/dev.wayside.node-0.1.0.jar}
     * @param digest {@code sha256:HEX} of the file
     * @param startLevel 1 for the framework's services, 2 for ours
     */
    record Bundle(String id, String file, String digest, int startLevel) {}

    /**
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it is no set of a format that is known here; the message
     *     names the file and what is wrong
     */
    static GatewaySet read(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IllegalArgumentException(
                    file + ": larger than " + MAX_BYTES + " bytes; this is no set");
        }
        try {
            return parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    static GatewaySet parse(String text) {
        Map<String, Object> json = JsonText.object(text);
        if (!Long.valueOf(FORMAT).equals(json.get("format"))) {
            throw new IllegalArgumentException(
                    "the set has format "
                            + json.get("format")
                            + ", this runtime reads format "
                            + FORMAT);
        }
        List<Bundle> bundles = new ArrayList<>();
        for (Object item : list(json, "bundles")) {
            bundles.add(bundle(JsonText.asObject(item)));
        }
        List<String> features = new ArrayList<>();
        list(json, "features").forEach(feature -> features.add(String.valueOf(feature)));
        Map<String, Map<String, Object>> configurations = new LinkedHashMap<>();
        JsonText.asObject(json.getOrDefault("configurations", Map.of()))
                .forEach(
                        (pid, properties) ->
                                configurations.put(
                                        pid, properties(pid, JsonText.asObject(properties))));
        return new GatewaySet(List.copyOf(features), List.copyOf(bundles), configurations);
    }

    private static Bundle bundle(Map<String, Object> json) {
        String file = string(json, "file");
        Path path = Path.of(file).normalize();
        if (path.isAbsolute() || path.startsWith("..")) {
            throw new IllegalArgumentException(
                    "bundle file \"" + file + "\" is not below the gateway's home");
        }
        if (!(json.get("startLevel") instanceof Long level) || level < 1 || level > 100) {
            throw new IllegalArgumentException(
                    "bundle " + file + " needs a startLevel from 1 to 100");
        }
        return new Bundle(string(json, "id"), file, string(json, "digest"), level.intValue());
    }

    private static String string(Map<String, Object> json, String name) {
        if (json.get(name) instanceof String value && !value.isEmpty()) {
            return value;
        }
        throw new IllegalArgumentException("a bundle needs a \"" + name + "\"");
    }

    private static List<?> list(Map<String, Object> json, String name) {
        if (json.get(name) instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException("the set needs a list \"" + name + "\"");
    }

    /**
     * Typed keys as in chapter 159: {@code "port:Integer": 9443}; without a type, the JSON value's
     * own.
     */
    private static Map<String, Object> properties(String pid, Map<String, Object> json) {
        Map<String, Object> properties = new LinkedHashMap<>();
        json.forEach(
                (key, value) -> {
                    int colon = key.indexOf(':');
                    String name = colon < 0 ? key : key.substring(0, colon);
                    String type = colon < 0 ? "" : key.substring(colon + 1);
                    try {
                        properties.put(name, ConfigurationValue.of(type, value));
                    } catch (IllegalArgumentException e) {
                        throw new IllegalArgumentException(
                                "configuration "
                                        + pid
                                        + ", property "
                                        + name
                                        + ": "
                                        + e.getMessage(),
                                e);
                    }
                });
        return properties;
    }
}
