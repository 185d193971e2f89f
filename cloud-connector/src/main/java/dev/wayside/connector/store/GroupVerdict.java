// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which writes of a group still fit, each seen over what is visible and what those before it in the
 * group do; and the changes that they make, a revision each. Nothing has changed yet.
 */
final class GroupVerdict {
    private final Map<String, KindShelf> shelves;
    private final long last;
    private final Map<Write, Write.Outcome> outcomes = new LinkedHashMap<>();
    private final List<Change> changes = new ArrayList<>();

    /** What this group has changed so far, over what is visible. */
    private final Map<ObjectKey, Optional<Stored>> pending = new HashMap<>();

    private GroupVerdict(Map<String, KindShelf> shelves, long last) {
        this.shelves = shelves;
        this.last = last;
    }

    /**
     * @param last the last revision that was given
     */
    static GroupVerdict of(List<Write> group, Map<String, KindShelf> shelves, long last) {
        GroupVerdict verdict = new GroupVerdict(shelves, last);
        verdict.judge(group);
        return verdict;
    }

    Map<Write, Write.Outcome> outcomes() {
        return outcomes;
    }

    /** By revision, each one more than that before it. */
    List<Change> changes() {
        return changes;
    }

    /**
     * @throws IllegalArgumentException if there is none
     */
    static KindShelf shelf(Map<String, KindShelf> shelves, ObjectKey key) {
        KindShelf shelf = shelves.get(key.resource());
        if (shelf == null) {
            throw new IllegalArgumentException("no kind for " + key);
        }
        return shelf;
    }

    private void judge(List<Write> group) {
        for (Write write : group) {
            Optional<Write.NoKind> noKind = noKind(write);
            if (noKind.isPresent()) {
                outcomes.put(write, noKind.get());
                continue;
            }
            Stored before = current(write.key());
            if ((before == null ? 0 : before.revision()) != write.seen()) {
                outcomes.put(write, new Write.Overtaken());
                continue;
            }
            if (write.draft() == null && before == null) {
                throw new IllegalArgumentException("nothing to remove at " + write.key());
            }
            if (before == null && write.kind().type().namespaced()) {
                Optional<Write.NoNamespace> obstacle = obstacle(write.key());
                if (obstacle.isPresent()) {
                    outcomes.put(write, obstacle.get());
                    continue;
                }
            }
            long revision = last + changes.size() + 1;
            Stored after =
                    write.draft() == null
                            ? null
                            : new Stored(
                                    write.draft().as(shelf(shelves, write.key()).kind()), revision);
            Change change = new Change(revision, write.key(), before, after);
            pending.put(write.key(), Optional.ofNullable(after));
            changes.add(change);
            outcomes.put(write, new Write.Done(change));
        }
    }

    /** A definition that is gone, or going, in this very group counts as well. */
    private Optional<Write.NoKind> noKind(Write write) {
        Optional<ObjectKey> key = write.kind().definition();
        if (key.isEmpty()) {
            return Optional.empty();
        }
        Stored definition = current(key.get());
        if (definition == null || !shelves.containsKey(write.key().resource())) {
            return Optional.of(new Write.NoKind(false));
        }
        boolean isNew = write.draft() != null && write.seen() == 0;
        return isNew && definition.object().deleted().isPresent()
                ? Optional.of(new Write.NoKind(true))
                : Optional.empty();
    }

    private @Nullable Stored current(ObjectKey key) {
        Optional<Stored> changed = pending.get(key);
        return changed != null ? changed.orElse(null) : shelf(shelves, key).get(key);
    }

    private Optional<Write.NoNamespace> obstacle(ObjectKey key) {
        if (!shelves.containsKey(ResourceType.NAMESPACES.qualified())) {
            return Optional.empty();
        }
        Stored namespace = current(ResourceType.NAMESPACES.key("", key.namespace()));
        if (namespace == null) {
            return Optional.of(new Write.NoNamespace(false));
        }
        return namespace.object().deleted().isPresent()
                ? Optional.of(new Write.NoNamespace(true))
                : Optional.empty();
    }
}
