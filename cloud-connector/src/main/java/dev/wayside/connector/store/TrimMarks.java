// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The highest trimmed revision of each partition of one sort. See {@link KindShelf}. Guarded by its
 * owner.
 */
final class TrimMarks {
    private final int limit;
    // In the order of their marks: a mark is only ever set to the newest trimmed revision.
    private final LinkedHashMap<String, Long> marks = new LinkedHashMap<>();
    private long floor;

    TrimMarks(int limit) {
        this.limit = limit;
    }

    /** A watch of the partition is complete from this revision on. */
    long of(String partition) {
        return Math.max(floor, marks.getOrDefault(partition, 0L));
    }

    long floor() {
        return floor;
    }

    void raiseFloor(long revision) {
        floor = Math.max(floor, revision);
    }

    void forEach(BiConsumer<String, Long> each) {
        marks.forEach(each);
    }

    /** Raises a mark; revisions come in rising order. */
    void raise(String partition, long revision) {
        marks.remove(partition);
        marks.put(partition, revision);
    }

    /** Forgets the oldest marks beyond the limit, which raises the floor for all partitions. */
    List<String> shrink() {
        List<String> forgotten = new ArrayList<>();
        var oldest = marks.entrySet().iterator();
        while (marks.size() > limit) {
            Map.Entry<String, Long> mark = oldest.next();
            forgotten.add(mark.getKey());
            floor = Math.max(floor, mark.getValue());
            oldest.remove();
        }
        return forgotten;
    }
}
