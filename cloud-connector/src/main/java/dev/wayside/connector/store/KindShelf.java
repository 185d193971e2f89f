// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.ObjectKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One kind in memory: its objects as they are now, and its history, the window of last changes that
 * watches resume over.
 *
 * <h2>Which watches can be resumed</h2>
 *
 * <p>A watch that has seen everything up to revision R may go on if no change after R that it could
 * have seen was trimmed from the window. Comparing R with the window's beginning is right for a
 * watch of everything, but a gateway watches its own pods only, and would have to list them again
 * after any long enough burst of changes to other gateways' pods. So, when a change is trimmed, its
 * revision is noted as the <em>mark</em> of all parts that it touched:
 *
 * <ul>
 *   <li>the kind as a whole ({@code overall});
 *   <li>the object's key ({@code byName}), for watches of one {@code metadata.name};
 *   <li>the value of {@code spec.nodeName} before, and the one after ({@code byNode}), for watches
 *       of one node. A pod that moved from nowhere to a node is in both.
 * </ul>
 *
 * <p>Changes are trimmed in the order of their revisions, so a part's mark is the newest trimmed
 * change that a watch within this part could have seen, and such a watch is complete from R on if
 * and only if R &gt;= mark. A watch that lies within several parts needs one of them to say so; a
 * watch within none of them needs {@code R >= overall}. Selectors by label or by other fields only
 * narrow a watch further, so what holds for the part holds for them.
 *
 * <p>A watch that is not complete has still missed nothing for good if all that was trimmed after R
 * made or changed objects which stayed: their last trimmed state stands in the objects that the
 * window begins with. Therefore a second mark of each part notes the newest trimmed change by which
 * an object <em>left</em> it. From there on a watch is resumed with those objects that are newer
 * than R, as added, in the order of their revisions, and then with the window. That holds only for
 * selections that an object can't leave in another way: not for those by label. It is what a
 * gateway needs that was killed before it had noted the echo of its own last words.
 *
 * <p>Marks are bounded: beyond the limit the oldest is forgotten and becomes the <em>floor</em>,
 * which is the least mark of every part, known or not. Object marks are many (every name that ever
 * was) and node marks few, so each sort has a limit and a floor of its own. Marks, floors and the
 * trimming itself are written in the transaction of the write that caused them.
 *
 * <p>Lazy kinds keep no history on disk. Since some of their last changes may be lost in a crash,
 * all their marks begin at the revision at which the store was opened.
 *
 * <p>Trimming is done for a tenth of the window at a time, so that marks, which many changes share,
 * cost few writes.
 *
 * <p>Changed by the writer alone, under the engine's write lock; read by others under its read
 * lock, and by the writer without.
 */
final class KindShelf {
    private KindDefinition kind;
    private final String resource;
    private final StoreSettings settings;
    private final boolean hasNodes;
    private final TreeMap<ObjectKey, Stored> objects = new TreeMap<>();
    private final ArrayDeque<Change> history = new ArrayDeque<>();
    private final Map<ObjectKey, Integer> changesOf = new HashMap<>();
    private final Partition byName;
    private final Partition byNode;
    private final WatchIndex watches = new WatchIndex();
    private long historyBytes;
    private long overall;

    private static final String OVERALL = "overall";

    /**
     * What a watch has not seen yet, to be told in this order.
     *
     * @param present objects as they were when the changes begin, the oldest revision first
     * @param changes the oldest first
     */
    record Missed(List<Stored> present, List<Change> changes) {}

    KindShelf(KindDefinition kind, StoreSettings settings) {
        this.kind = kind;
        this.resource = kind.type().qualified();
        this.settings = settings;
        // A custom kind may get and lose fields; what was trimmed before would be missing.
        this.hasNodes =
                kind.definition().isEmpty() && kind.selectableFields().contains(Facets.NODE);
        this.byName = new Partition("o:", "object-floor", settings.trimMarks());
        this.byNode = new Partition("n:", "node-floor", settings.trimMarks());
    }

    KindDefinition kind() {
        return kind;
    }

    String resource() {
        return resource;
    }

    WatchIndex watches() {
        return watches;
    }

    /** Begins the shelf of a kind that is new: nothing older can be told of it. */
    void begin(ObjectFile.Maps maps, long revision) {
        maps.marks().put(OVERALL, revision);
        byName.raiseFloor(revision);
        byName.shrink(maps.marks());
        overall = revision;
    }

    /** Goes on with what the kind has become. */
    void redefine(KindDefinition newer) {
        boolean otherFields = !newer.selectableFields().equals(kind.selectableFields());
        kind = newer;
        if (!otherFields) {
            return;
        }
        // One for one: a state is the same one in the objects and in two changes of the history.
        IdentityHashMap<Stored, Stored> renewed = new IdentityHashMap<>();
        objects.replaceAll((key, stored) -> renewed(stored, renewed));
        List<Change> changes = new ArrayList<>(history);
        history.clear();
        for (Change change : changes) {
            Stored before = change.before();
            Stored after = change.after();
            history.add(
                    new Change(
                            change.revision(),
                            change.key(),
                            before == null ? null : renewed(before, renewed),
                            after == null ? null : renewed(after, renewed)));
        }
    }

    private Stored renewed(Stored stored, IdentityHashMap<Stored, Stored> renewed) {
        return renewed.computeIfAbsent(stored, old -> old.as(kind));
    }

    /**
     * Fills the shelf from disk.
     *
     * @param toldFrom the revision before which nothing can be told of any kind
     */
    void load(ObjectFile.Maps maps, long openedAt, long toldFrom) {
        maps.objects()
                .forEach(
                        (path, bytes) -> {
                            ObjectKey key = Records.key(resource, path);
                            objects.put(key, stored(key, maps.records().text(path, bytes), bytes));
                        });
        if (kind.lazy()) {
            raiseAll(openedAt);
            return;
        }
        Map<ObjectKey, Stored> last = new HashMap<>();
        maps.prior()
                .forEach(
                        (path, bytes) -> {
                            ObjectKey key = Records.key(resource, path);
                            last.put(key, stored(key, maps.records().text(path, bytes), bytes));
                        });
        maps.history()
                .forEach(
                        (revision, bytes) -> {
                            ObjectKey key = Records.key(resource, Records.changedPath(bytes));
                            byte[] text = maps.records().changedText(revision, bytes);
                            Stored after =
                                    text == null ? null : new Stored(kind, key, revision, text);
                            Stored now = objects.get(key);
                            if (after != null && now != null && now.revision() == revision) {
                                after = now; // one text in memory, not two
                            }
                            append(new Change(revision, key, last.get(key), after));
                            if (after == null) {
                                last.remove(key);
                            } else {
                                last.put(key, after);
                            }
                        });
        loadMarks(maps.marks());
        raiseAll(toldFrom);
    }

    private Stored stored(ObjectKey key, byte[] text, byte[] bytes) {
        return new Stored(kind, key, Records.revision(bytes), text);
    }

    /** Writes all of it into a file that has nothing of it, as {@link #load} reads it. */
    void saveInto(ObjectFile file) {
        ObjectFile.Maps maps = file.kind(resource);
        for (Stored object : objects.values()) {
            maps.put(object);
            file.commitIfMuch();
        }
        if (kind.lazy()) {
            return;
        }
        Set<ObjectKey> seen = new HashSet<>();
        for (Change change : history) {
            maps.record(change);
            Stored before = change.before();
            if (seen.add(change.key()) && before != null) {
                maps.putPrior(before);
            }
            file.commitIfMuch();
        }
        maps.marks().put(OVERALL, overall);
        byName.save(maps.marks());
        byNode.save(maps.marks());
    }

    private void loadMarks(Map<String, Long> marks) {
        overall = marks.getOrDefault(OVERALL, 0L);
        List<Map.Entry<String, Long>> sorted =
                marks.entrySet().stream().sorted(Map.Entry.comparingByValue()).toList();
        byName.load(sorted, overall);
        byNode.load(sorted, overall);
    }

    private void raiseAll(long revision) {
        overall = Math.max(overall, revision);
        byName.raiseFloor(revision);
        byNode.raiseFloor(revision);
    }

    @Nullable Stored get(ObjectKey key) {
        return objects.get(key);
    }

    /** Whether the history has a change of the object. */
    boolean hasChanges(ObjectKey key) {
        return changesOf.containsKey(key);
    }

    /** About what it takes on disk. */
    long bytes() {
        long bytes = historyBytes;
        for (Stored object : objects.values()) {
            bytes += 100 + object.text().length;
        }
        return bytes;
    }

    /** Makes one change visible. */
    void apply(Change change) {
        Stored after = change.after();
        if (after == null) {
            objects.remove(change.key());
        } else {
            objects.put(change.key(), after);
        }
        append(change);
    }

    private void append(Change change) {
        history.add(change);
        historyBytes += change.bytes();
        changesOf.merge(change.key(), 1, Integer::sum);
    }

    /**
     * Trims the history if it is over its bounds by a tenth, in memory and, unless the kind is
     * lazy, in the maps. If the maps are then not committed the store serves on from memory, where
     * history and marks agree.
     *
     * @param maps null for a lazy kind
     * @param changed objects that have changes in the maps which are not in memory yet
     */
    void trim(ObjectFile.@Nullable Maps maps, Set<ObjectKey> changed) {
        int limit = settings.historyEvents();
        long limitBytes = settings.historyBytes();
        if (history.size() <= limit + limit / 10 && historyBytes <= limitBytes + limitBytes / 10) {
            return;
        }
        Map<String, Long> raised = new LinkedHashMap<>();
        while (history.size() > limit || historyBytes > limitBytes) {
            Change oldest = history.remove();
            historyBytes -= oldest.bytes();
            note(oldest, raised);
            boolean more =
                    changesOf.computeIfPresent(
                                    oldest.key(), (key, count) -> count == 1 ? null : count - 1)
                            != null;
            if (maps != null) {
                maps.history().remove(oldest.revision());
                String path = Records.path(oldest.key());
                if ((more || changed.contains(oldest.key())) && oldest.after() != null) {
                    maps.putPrior(oldest.after());
                } else {
                    maps.prior().remove(path);
                }
            }
        }
        Map<String, Long> marks = maps == null ? new HashMap<>() : maps.marks();
        marks.putAll(raised);
        marks.put(OVERALL, overall);
        byName.shrink(marks);
        byNode.shrink(marks);
    }

    private void note(Change trimmed, Map<String, Long> raised) {
        overall = trimmed.revision();
        Stored before = trimmed.before();
        Stored after = trimmed.after();
        byName.note(Records.path(trimmed.key()), overall, after == null, raised);
        if (hasNodes) {
            String now = after == null ? null : after.facets().field(Facets.NODE);
            if (before != null) {
                String then = before.facets().field(Facets.NODE);
                byNode.note(then, overall, !then.equals(now), raised);
            }
            if (now != null) {
                byNode.note(now, overall, false, raised);
            }
        }
    }

    /** Whether the history holds all changes after the revision. */
    boolean reachesBackTo(long revision) {
        return revision >= overall;
    }

    /**
     * What a watch that has seen everything up to the revision has missed; empty if that can't be
     * told any more.
     */
    Optional<Missed> missed(long revision, Selection selection) {
        Optional<String> path = path(selection);
        Optional<String> node = hasNodes ? selection.node() : Optional.empty();
        if (reachesBackTo(revision)
                || path.filter(part -> byName.isComplete(part, revision)).isPresent()
                || node.filter(part -> byNode.isComplete(part, revision)).isPresent()) {
            return Optional.of(new Missed(List.of(), changesAfter(revision)));
        }
        if ((selection.isFixed() && path.filter(part -> byName.hasKept(part, revision)).isPresent())
                || (selection.isFixedButForTheNode()
                        && node.filter(part -> byNode.hasKept(part, revision)).isPresent())) {
            List<Stored> present =
                    at(overall, selection.namespace(), null).stream()
                            .filter(each -> each.revision() > revision && selection.matches(each))
                            .sorted(Comparator.comparingLong(Stored::revision))
                            .toList();
            return Optional.of(new Missed(present, changesAfter(overall)));
        }
        return Optional.empty();
    }

    /** The one object that the selection can mean. */
    private Optional<String> path(Selection selection) {
        String namespace = selection.requiredNamespace();
        return namespace.isEmpty() == kind.type().namespaced()
                ? Optional.empty()
                : selection
                        .name()
                        .map(name -> Records.path(new ObjectKey(resource, namespace, name)));
    }

    /** The changes after a revision, oldest first. */
    List<Change> changesAfter(long revision) {
        List<Change> changes = new ArrayList<>();
        Iterator<Change> newestFirst = history.descendingIterator();
        while (newestFirst.hasNext()) {
            Change change = newestFirst.next();
            if (change.revision() <= revision) {
                break;
            }
            changes.add(change);
        }
        Collections.reverse(changes);
        return changes;
    }

    /**
     * The objects as they were at a revision, in the order of their keys. The history must reach
     * back to it.
     *
     * @param after the key to begin behind, null for the first
     */
    List<Stored> at(long revision, String namespace, @Nullable ObjectKey after) {
        Map<ObjectKey, @Nullable Stored> undone = new HashMap<>();
        Iterator<Change> newestFirst = history.descendingIterator();
        while (newestFirst.hasNext()) {
            Change change = newestFirst.next();
            if (change.revision() <= revision) {
                break;
            }
            undone.put(change.key(), change.before());
        }
        NavigableMap<ObjectKey, Stored> range = range(objects, namespace, after);
        if (!undone.isEmpty()) {
            TreeMap<ObjectKey, Stored> past = new TreeMap<>(range);
            undone.forEach(
                    (key, before) -> {
                        if (before == null) {
                            past.remove(key);
                        } else {
                            past.put(key, before);
                        }
                    });
            range = range(past, namespace, after);
        }
        return new ArrayList<>(range.values());
    }

    private NavigableMap<ObjectKey, Stored> range(
            NavigableMap<ObjectKey, Stored> map, String namespace, @Nullable ObjectKey after) {
        NavigableMap<ObjectKey, Stored> range = map;
        if (!namespace.isEmpty()) {
            range =
                    range.subMap(
                            new ObjectKey(resource, namespace, ""),
                            true,
                            new ObjectKey(resource, namespace + '\0', ""),
                            false);
        }
        if (after != null) {
            if (range.isEmpty() || range.lastKey().compareTo(after) <= 0) {
                return new TreeMap<>();
            }
            if (range.firstKey().compareTo(after) <= 0) {
                range = range.tailMap(after, false);
            }
        }
        return range;
    }

    Collection<Stored> all() {
        return objects.values();
    }
}
