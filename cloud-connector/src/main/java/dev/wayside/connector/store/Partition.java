// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.util.List;
import java.util.Map;

/**
 * One way in which the objects of a kind are divided (by name, by node), and what the history that
 * was trimmed did to each part: the newest trimmed change of the part, and the newest by which an
 * object left it. See {@link KindShelf}. Guarded by its owner.
 */
final class Partition {
    private static final String LEFT = "left-";

    private final String prefix;
    private final String floor;
    private final TrimMarks changed;
    private final TrimMarks left;

    /**
     * @param prefix of the parts' names in the file
     * @param floor the name of the floor in the file
     * @param limit how many parts are remembered
     */
    Partition(String prefix, String floor, int limit) {
        this.prefix = prefix;
        this.floor = floor;
        this.changed = new TrimMarks(limit);
        this.left = new TrimMarks(limit);
    }

    /** Whether nothing that was trimmed is newer. */
    boolean isComplete(String part, long revision) {
        return revision >= changed.of(part);
    }

    /** Whether all that was trimmed and is newer can be seen in the objects that are there. */
    boolean hasKept(String part, long revision) {
        return revision >= left.of(part);
    }

    /**
     * Notes a trimmed change.
     *
     * @param leaves whether the object was not in the part any more
     * @param raised what is to be written
     */
    void note(String part, long revision, boolean leaves, Map<String, Long> raised) {
        changed.raise(part, revision);
        raised.put(prefix + part, revision);
        if (leaves) {
            left.raise(part, revision);
            raised.put(LEFT + prefix + part, revision);
        }
    }

    void raiseFloor(long revision) {
        changed.raiseFloor(revision);
        left.raiseFloor(revision);
    }

    /** Forgets the oldest marks beyond the limit. */
    void shrink(Map<String, Long> maps) {
        changed.shrink().forEach(part -> maps.remove(prefix + part));
        left.shrink().forEach(part -> maps.remove(LEFT + prefix + part));
        maps.put(floor, changed.floor());
        maps.put(LEFT + floor, left.floor());
    }

    /** Writes all marks. */
    void save(Map<String, Long> maps) {
        changed.forEach((part, revision) -> maps.put(prefix + part, revision));
        left.forEach((part, revision) -> maps.put(LEFT + prefix + part, revision));
        maps.put(floor, changed.floor());
        maps.put(LEFT + floor, left.floor());
    }

    /**
     * Reads what {@link #note} and {@link #shrink} wrote.
     *
     * @param marks the oldest first
     * @param overall the newest trimmed change, which may be a departure if none were written
     */
    void load(List<Map.Entry<String, Long>> marks, long overall) {
        boolean departures = false;
        for (Map.Entry<String, Long> mark : marks) {
            String name = mark.getKey();
            long revision = mark.getValue();
            if (name.equals(floor)) {
                changed.raiseFloor(revision);
            } else if (name.equals(LEFT + floor)) {
                departures = true;
                left.raiseFloor(revision);
            } else if (name.startsWith(prefix)) {
                changed.raise(name.substring(prefix.length()), revision);
            } else if (name.startsWith(LEFT + prefix)) {
                left.raise(name.substring(LEFT.length() + prefix.length()), revision);
            }
        }
        if (!departures) {
            left.raiseFloor(overall);
        }
    }
}
