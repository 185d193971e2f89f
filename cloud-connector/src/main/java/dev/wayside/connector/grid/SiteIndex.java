// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.Informer;
import dev.wayside.model.KubeObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The values that nodes carry under each label key, counted, so that neither a grid's sites nor a
 * change of them need a walk over all nodes. Guarded by the node informer's lock: read it through
 * {@link Informer#read}.
 */
final class SiteIndex implements Informer.View {
    private final Map<String, Map<String, Integer>> nodes = new HashMap<>();

    /** The values under the key, in order; of nodes in any state. */
    Set<String> values(String key) {
        return new TreeSet<>(nodes.getOrDefault(key, Map.of()).keySet());
    }

    boolean contains(String key, String value) {
        return nodes.getOrDefault(key, Map.of()).containsKey(value);
    }

    @Override
    public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
        Map<String, String> was = before == null ? Map.of() : before.labels();
        Map<String, String> is = after == null ? Map.of() : after.labels();
        if (was.equals(is)) {
            return;
        }
        was.forEach((key, value) -> count(key, value, -1));
        is.forEach((key, value) -> count(key, value, 1));
    }

    private void count(String key, String value, int sign) {
        Map<String, Integer> counts = nodes.computeIfAbsent(key, any -> new TreeMap<>());
        if (counts.merge(value, sign, Integer::sum) == 0) {
            counts.remove(value);
            if (counts.isEmpty()) {
                nodes.remove(key);
            }
        }
    }
}
