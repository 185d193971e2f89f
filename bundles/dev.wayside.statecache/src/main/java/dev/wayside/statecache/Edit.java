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

/** What one change sees and does: all that was synced, what its group did before it, and itself. */
final class Edit {
    private final NavigableMap<String, byte[]> synced;
    private final Map<String, byte @Nullable []> group;
    private final Map<String, byte @Nullable []> own = new TreeMap<>();

    /**
     * @param group what the changes before did; null for a removal
     */
    Edit(NavigableMap<String, byte[]> synced, Map<String, byte @Nullable []> group) {
        this.synced = synced;
        this.group = group;
    }

    Optional<JsonObject> get(String key) {
        byte[] value = value(key);
        return value == null ? Optional.empty() : Optional.of(Value.decode(value));
    }

    boolean has(String key) {
        return value(key) != null;
    }

    /** The keys that begin so. */
    NavigableSet<String> keys(String prefix) {
        NavigableSet<String> keys = new TreeSet<>(Image.range(synced, prefix).keySet());
        for (Map<String, byte @Nullable []> changes : Arrays.asList(group, own)) {
            changes.forEach(
                    (key, value) -> {
                        if (value == null) {
                            keys.remove(key);
                        } else if (key.startsWith(prefix)) {
                            keys.add(key);
                        }
                    });
        }
        return keys;
    }

    int count(String prefix) {
        return keys(prefix).size();
    }

    void put(String key, JsonObject object) {
        own.put(key, Value.encode(object));
    }

    void remove(String key) {
        if (has(key)) {
            own.put(key, null);
        }
    }

    /** Hands on what this change did. What is as before is left out: it need not be written. */
    void addTo(Map<String, byte @Nullable []> changes) {
        own.forEach(
                (key, value) -> {
                    if (Arrays.equals(value, synced.get(key))) {
                        changes.remove(key);
                    } else {
                        changes.put(key, value);
                    }
                });
    }

    private byte @Nullable [] value(String key) {
        if (own.containsKey(key)) {
            return own.get(key);
        }
        return group.containsKey(key) ? group.get(key) : synced.get(key);
    }
}
