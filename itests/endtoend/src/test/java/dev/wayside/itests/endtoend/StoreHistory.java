// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What a store did to the objects of one kind, and what each watch of them should have told. */
final class StoreHistory {

    /** An object at one of its revisions. */
    record State(String key, long revision, String mark, Map<String, String> labels, String node) {
        static State of(KubeObject object) {
            return new State(
                    object.namespace() + "/" + object.name(),
                    Long.parseLong(object.resourceVersion()),
                    object.annotation(MARK).orElse(""),
                    object.labels(),
                    object.spec().text("nodeName"));
        }
    }

    /** What a watch tells. */
    record Told(String type, String key, long revision, String mark) {
        static Told of(String type, State state) {
            return new Told(type, state.key(), state.revision(), state.mark());
        }
    }

    private record Change(
            String key, long revision, @Nullable State before, @Nullable State after) {}

    /** The annotation by which one write is told from another. */
    static final String MARK = "mark";

    private final Map<String, State> initial = new LinkedHashMap<>();
    private final Map<String, State> last = new LinkedHashMap<>();
    private final TreeMap<Long, Change> changes = new TreeMap<>();
    private long read;

    /**
     * @param from the revision of the initial objects
     */
    StoreHistory(long from, Collection<State> initial) {
        this.read = from;
        initial.forEach(state -> this.initial.put(state.key(), state));
        last.putAll(this.initial);
    }

    /** Goes on with an event that the store told of everything. */
    void add(String type, State state) {
        if (state.revision() <= read) {
            throw new IllegalArgumentException(state + " comes after revision " + read);
        }
        read = state.revision();
        State before = last.get(state.key());
        State after = type.equals("DELETED") ? null : state;
        changes.put(read, new Change(state.key(), read, before, after));
        if (after == null) {
            last.remove(state.key());
        } else {
            last.put(state.key(), after);
        }
    }

    /** The newest revision of this kind. */
    long newest() {
        return read;
    }

    int size() {
        return changes.size();
    }

    /** The objects that match, as they were at a revision. */
    List<State> at(long revision, Predicate<State> selector) {
        Map<String, State> states = new LinkedHashMap<>(initial);
        for (Change change : changes.headMap(revision, true).values()) {
            if (change.after() == null) {
                states.remove(change.key());
            } else {
                states.put(change.key(), change.after());
            }
        }
        return states.values().stream().filter(selector).toList();
    }

    /** What Kubernetes tells of the changes between two revisions, the later one included. */
    List<Told> told(long after, long upTo, Predicate<State> selector) {
        List<Told> told = new ArrayList<>();
        for (Change change : changes.subMap(after, false, upTo, true).values()) {
            boolean was = change.before() != null && selector.test(change.before());
            boolean is = change.after() != null && selector.test(change.after());
            if (is) {
                told.add(Told.of(was ? "MODIFIED" : "ADDED", change.after()));
            } else if (was) {
                told.add(
                        new Told(
                                "DELETED",
                                change.key(),
                                change.revision(),
                                change.before().mark()));
            }
        }
        return told;
    }

    /** Whether that revision was this write. */
    boolean wrote(long revision, String key, String mark) {
        Change change = changes.get(revision);
        return change != null
                && change.key().equals(key)
                && change.after() != null
                && change.after().mark().equals(mark);
    }

    /** Whether the object was removed between two revisions. */
    boolean removed(String key, long after, long before) {
        return changes.subMap(after, false, before, false).values().stream()
                .anyMatch(change -> change.key().equals(key) && change.after() == null);
    }
}
