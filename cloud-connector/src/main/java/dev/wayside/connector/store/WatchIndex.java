// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one kind, found by what they ask for, so that an event costs what the watches that
 * it concerns cost, and not one comparison for every gateway there is. Safe for any thread; that a
 * watch misses nothing while it is added is the engine's care.
 */
final class WatchIndex {
    private final Map<String, Set<StoreWatch>> byName = new ConcurrentHashMap<>();
    private final Map<String, Set<StoreWatch>> byNode = new ConcurrentHashMap<>();
    private final Set<StoreWatch> others = ConcurrentHashMap.newKeySet();

    void add(StoreWatch watch) {
        Selection selection = watch.selection();
        if (selection.name().isPresent()) {
            put(byName, selection.name().get(), watch);
        } else if (selection.node().isPresent()) {
            put(byNode, selection.node().get(), watch);
        } else {
            others.add(watch);
        }
    }

    void remove(StoreWatch watch) {
        Selection selection = watch.selection();
        if (selection.name().isPresent()) {
            take(byName, selection.name().get(), watch);
        } else if (selection.node().isPresent()) {
            take(byNode, selection.node().get(), watch);
        } else {
            others.remove(watch);
        }
    }

    /** All watches that the change may concern. */
    Set<StoreWatch> concernedBy(Change change) {
        Set<StoreWatch> watches = new LinkedHashSet<>(others);
        watches.addAll(byName.getOrDefault(change.key().name(), Set.of()));
        if (!byNode.isEmpty()) {
            addByNode(change.before(), watches);
            addByNode(change.after(), watches);
        }
        return watches;
    }

    List<StoreWatch> all() {
        List<StoreWatch> all = new ArrayList<>(others);
        byName.values().forEach(all::addAll);
        byNode.values().forEach(all::addAll);
        return all;
    }

    private void addByNode(@Nullable Stored state, Set<StoreWatch> watches) {
        if (state != null) {
            watches.addAll(byNode.getOrDefault(state.facets().field(Facets.NODE), Set.of()));
        }
    }

    private static void put(Map<String, Set<StoreWatch>> map, String value, StoreWatch watch) {
        map.compute(
                value,
                (key, watches) -> {
                    Set<StoreWatch> set = watches == null ? ConcurrentHashMap.newKeySet() : watches;
                    set.add(watch);
                    return set;
                });
    }

    private static void take(Map<String, Set<StoreWatch>> map, String value, StoreWatch watch) {
        map.computeIfPresent(
                value,
                (key, watches) -> {
                    watches.remove(watch);
                    return watches.isEmpty() ? null : watches;
                });
    }
}
