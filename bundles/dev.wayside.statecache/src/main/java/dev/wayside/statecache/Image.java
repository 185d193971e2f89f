// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonObject;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is synced, in memory: all that readers ever see. So reads never wait for the disk, and go on
 * when the disk fails. Values stay packed. Safe for any thread.
 */
final class Image {
    // Guarded by this.
    private NavigableMap<String, byte[]> content = new TreeMap<>();

    synchronized Optional<JsonObject> get(String key) {
        byte[] value = content.get(key);
        return value == null ? Optional.empty() : Optional.of(Value.decode(value));
    }

    synchronized boolean has(String key) {
        return content.containsKey(key);
    }

    /** A consistent copy of what begins so. */
    NavigableMap<String, JsonObject> all(String prefix) {
        NavigableMap<String, byte[]> packed;
        synchronized (this) {
            packed = new TreeMap<>(range(content, prefix));
        }
        NavigableMap<String, JsonObject> all = new TreeMap<>();
        packed.forEach((key, value) -> all.put(key, Value.decode(value)));
        return all;
    }

    synchronized NavigableSet<String> keys(String prefix) {
        return new TreeSet<>(range(content, prefix).keySet());
    }

    synchronized void apply(Map<String, byte @Nullable []> changes) {
        changes.forEach(
                (key, value) -> {
                    if (value == null) {
                        content.remove(key);
                    } else {
                        content.put(key, value);
                    }
                });
    }

    /** Takes the place of all; returns the keys that differ. */
    synchronized NavigableSet<String> replace(NavigableMap<String, byte[]> other) {
        NavigableSet<String> differ = new TreeSet<>();
        other.forEach(
                (key, value) -> {
                    if (!Arrays.equals(value, content.get(key))) {
                        differ.add(key);
                    }
                });
        content.keySet().stream().filter(key -> !other.containsKey(key)).forEach(differ::add);
        content = other;
        return differ;
    }

    /** All of it, to be read by the one thread that also changes it. */
    synchronized NavigableMap<String, byte[]> content() {
        return content;
    }

    static NavigableMap<String, byte[]> range(NavigableMap<String, byte[]> map, String prefix) {
        if (prefix.isEmpty()) {
            return map;
        }
        // The last character is a slash or part of a key; the next one ends the range.
        char last = prefix.charAt(prefix.length() - 1);
        return map.subMap(
                prefix, true, prefix.substring(0, prefix.length() - 1) + (char) (last + 1), false);
    }
}
