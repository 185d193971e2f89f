// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.itests.endtoend.StoreHistory.State;
import dev.wayside.itests.endtoend.StoreHistory.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compares what clients were told with what the store did, and names each difference. */
final class HistoryChecker {
    private final List<String> findings = new ArrayList<>();

    /**
     * A stretch of a watch that begins with a list, or at a given revision, and is resumed, however
     * often, where it was.
     *
     * @param listed what the list had, null if it began without
     */
    record Stretch(long from, @Nullable List<Told> listed, List<Told> events) {}

    /**
     * A write that was answered.
     *
     * @param floor the highest revision that any client had been given before it was sent
     * @param revision that it was given, 0 for a deletion
     * @param ceiling the highest that any client had been given when its object was next written,
     *     or the end of all
     */
    record Acknowledged(String key, long floor, long revision, String mark, long ceiling) {
        boolean isDeletion() {
            return revision == 0;
        }
    }

    List<String> findings() {
        return List.copyOf(findings);
    }

    void acknowledged(StoreHistory store, List<Acknowledged> writes) {
        for (Acknowledged write : writes) {
            if (write.isDeletion()) {
                if (!store.removed(write.key(), write.floor(), write.ceiling() + 1)) {
                    find("lost", "the acknowledged deletion " + write);
                }
            } else if (write.revision() <= write.floor()) {
                find("stale", "a revision went back: " + write);
            } else if (!store.wrote(write.revision(), write.key(), write.mark())) {
                find("lost", "the acknowledged write " + write);
            }
        }
    }

    /**
     * @param end the revision up to which the watch must have been told all
     */
    void watched(
            String watch,
            StoreHistory store,
            Predicate<State> selector,
            List<Stretch> stretches,
            long end) {
        for (int i = 0; i < stretches.size(); i++) {
            Stretch stretch = stretches.get(i);
            boolean isLast = i == stretches.size() - 1;
            long upTo = isLast ? end : stretch.from();
            for (Told told : stretch.events()) {
                upTo = Math.max(upTo, told.revision());
            }
            if (stretch.listed() != null) {
                listed(watch, store.at(stretch.from(), selector), stretch);
            }
            if (i > 0 && stretch.from() < newest(stretches.get(i - 1))) {
                find("stale", watch + " listed at " + stretch.from() + " what it had seen newer");
            }
            events(watch, store.told(stretch.from(), upTo, selector), stretch);
        }
    }

    private static long newest(Stretch stretch) {
        return stretch.events().stream()
                .mapToLong(Told::revision)
                .reduce(stretch.from(), Math::max);
    }

    private void listed(String watch, List<State> states, Stretch stretch) {
        Set<Told> wanted =
                states.stream().map(state -> Told.of("ADDED", state)).collect(Collectors.toSet());
        Set<Told> got = new HashSet<>();
        for (Told told : stretch.listed() == null ? List.<Told>of() : stretch.listed()) {
            if (!got.add(told)) {
                find("duplicated", watch + " listed twice: " + told);
            } else if (!wanted.contains(told)) {
                find("invented", watch + " listed at " + stretch.from() + ": " + told);
            }
        }
        wanted.stream()
                .filter(told -> !got.contains(told))
                .forEach(told -> find("lost", watch + " listed not: " + told));
    }

    private void events(String watch, List<Told> wanted, Stretch stretch) {
        Map<Long, Told> byRevision = new HashMap<>();
        wanted.forEach(told -> byRevision.put(told.revision(), told));
        Set<Long> got = new HashSet<>();
        long newest = stretch.from();
        for (Told told : stretch.events()) {
            if (!got.add(told.revision())) {
                find("duplicated", watch + " was told twice: " + told);
                continue;
            }
            if (told.revision() <= stretch.from()) {
                find("stale", watch + " was told what it had seen: " + told);
                continue;
            }
            if (told.revision() < newest) {
                find("reordered", watch + " was told after " + newest + ": " + told);
            }
            newest = Math.max(newest, told.revision());
            Told known = byRevision.get(told.revision());
            if (known == null) {
                find("invented", watch + " was told what is not in the store: " + told);
            } else if (!known.equals(told)) {
                find("changed", watch + " was told " + told + " and not " + known);
            }
        }
        wanted.stream()
                .filter(told -> !got.contains(told.revision()))
                .forEach(told -> find("lost", watch + " was not told: " + told));
    }

    private void find(String sort, String what) {
        findings.add(sort + ": " + what);
    }
}
