// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.workload.PodFacts;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The nodes under each label and value, and how many of them can be heard, so that a look at a site
 * needs no walk over nodes. Guarded by the node informer's lock.
 */
final class SiteNodes implements dev.wayside.connector.workload.Informer.View {
    private static final class Nodes {
        final List<String> names = new ArrayList<>(1);
        int heard;
    }

    private final Map<String, Map<String, Nodes>> byKey = new HashMap<>();

    /** Whether there are nodes, and none can be heard. */
    boolean isAway(String key, String value) {
        Nodes nodes = byKey.getOrDefault(key, Map.of()).get(value);
        return nodes != null && nodes.heard == 0;
    }

    List<String> names(String key, String value) {
        Nodes nodes = byKey.getOrDefault(key, Map.of()).get(value);
        return nodes == null ? List.of() : List.copyOf(nodes.names);
    }

    @Override
    public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null
                && after != null
                && before.labels().equals(after.labels())
                && PodFacts.isUnheardOf(before) == PodFacts.isUnheardOf(after)) {
            return;
        }
        if (before != null) {
            int heard = PodFacts.isUnheardOf(before) ? 0 : 1;
            before.labels().forEach((key, value) -> remove(key, value, before.name(), heard));
        }
        if (after != null) {
            int heard = PodFacts.isUnheardOf(after) ? 0 : 1;
            after.labels().forEach((key, value) -> add(key, value, after.name(), heard));
        }
    }

    private void add(String key, String value, String node, int heard) {
        Nodes nodes =
                byKey.computeIfAbsent(key, any -> new HashMap<>())
                        .computeIfAbsent(value, any -> new Nodes());
        nodes.names.add(node);
        nodes.heard += heard;
    }

    private void remove(String key, String value, String node, int heard) {
        Map<String, Nodes> values = byKey.getOrDefault(key, Map.of());
        Nodes nodes = values.get(value);
        if (nodes != null) {
            nodes.names.remove(node);
            nodes.heard -= heard;
            if (nodes.names.isEmpty()) {
                values.remove(value);
                if (values.isEmpty()) {
                    byKey.remove(key);
                }
            }
        }
    }
}
