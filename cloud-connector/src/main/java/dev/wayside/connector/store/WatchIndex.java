// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The watches of one kind, found by what they ask for, so that an event costs what the watches that
 * it concerns cost, and not one comparison for every gateway there is. A watch stands in one place,
 * the narrowest that holds all it can see: a name, a node, a namespace, or everywhere. Safe for any
 * thread; that a watch misses nothing while it is added is the engine's care.
 */
final class WatchIndex {
    private static final String EVERYWHERE = "";

    private final Map<String, Set<StoreWatch>> places = new ConcurrentHashMap<>();
    private final Map<String, Set<StoreWatch>> nodes = new ConcurrentHashMap<>();
    private final LongAdder asked = new LongAdder();

    void add(StoreWatch watch) {
        Selection selection = watch.selection();
        map(selection)
                .compute(
                        place(selection),
                        (place, watches) -> {
                            Set<StoreWatch> set =
                                    watches == null ? ConcurrentHashMap.newKeySet(1) : watches;
                            set.add(watch);
                            return set;
                        });
    }

    void remove(StoreWatch watch) {
        Selection selection = watch.selection();
        map(selection)
                .computeIfPresent(
                        place(selection),
                        (place, watches) -> {
                            watches.remove(watch);
                            return watches.isEmpty() ? null : watches;
                        });
    }

    /** Calls for each watch that the change may concern, once. */
    void concernedBy(Change change, Consumer<StoreWatch> action) {
        if (!places.isEmpty()) {
            ObjectKey key = change.key();
            reach(places, EVERYWHERE, action);
            reach(places, named("", key.name()), action);
            if (!key.namespace().isEmpty()) {
                reach(places, inNamespace(key.namespace()), action);
                reach(places, named(key.namespace(), key.name()), action);
            }
        }
        if (!nodes.isEmpty()) {
            String before = node(change.before());
            String after = node(change.after());
            if (before != null) {
                reach(nodes, before, action);
            }
            if (after != null && !after.equals(before)) {
                reach(nodes, after, action);
            }
        }
    }

    private void reach(
            Map<String, Set<StoreWatch>> map, String place, Consumer<StoreWatch> action) {
        for (StoreWatch watch : map.getOrDefault(place, Set.of())) {
            asked.increment();
            action.accept(watch);
        }
    }

    List<StoreWatch> all() {
        List<StoreWatch> all = new ArrayList<>();
        places.values().forEach(all::addAll);
        nodes.values().forEach(all::addAll);
        return all;
    }

    /** How many watches were asked about changes so far, over all changes. */
    long asked() {
        return asked.sum();
    }

    private Map<String, Set<StoreWatch>> map(Selection selection) {
        return isByNode(selection) ? nodes : places;
    }

    private static boolean isByNode(Selection selection) {
        return selection.name().isEmpty() && selection.node().isPresent();
    }

    private static String place(Selection selection) {
        if (isByNode(selection)) {
            return selection.node().orElseThrow();
        }
        String namespace = selection.requiredNamespace();
        return selection
                .name()
                .map(name -> named(namespace, name))
                .orElse(namespace.isEmpty() ? EVERYWHERE : inNamespace(namespace));
    }

    private static @Nullable String node(@Nullable Stored state) {
        return state == null ? null : state.facets().field(Facets.NODE);
    }

    private static String named(String namespace, String name) {
        return namespace + "/" + name;
    }

    /** No name is empty, so this is never one of {@link #named}. */
    private static String inNamespace(String namespace) {
        return namespace + "/";
    }
}
