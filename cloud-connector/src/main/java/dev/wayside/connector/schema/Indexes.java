// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A set of a Job's completion indexes, written as {@code 1,3-5,7}. Not safe for threads. */
public final class Indexes {
    /** The first of each run of indexes, with the last. */
    private final TreeMap<Long, Long> runs = new TreeMap<>();

    /**
     * @param below what all must be less than
     * @throws IllegalArgumentException if the text is malformed
     */
    public static Indexes parse(String text, long below) {
        Indexes indexes = new Indexes();
        if (text.isEmpty()) {
            return indexes;
        }
        for (String run : text.split(",", -1)) {
            if (!run.matches("[0-9]{1,10}(-[0-9]{1,10})?")) {
                throw new IllegalArgumentException(
                        "cannot convert string to integer for index: \"" + run + "\"");
            }
            int dash = run.indexOf('-');
            long first = Long.parseLong(dash < 0 ? run : run.substring(0, dash));
            long last = dash < 0 ? first : Long.parseLong(run.substring(dash + 1));
            if (last < first || last >= below) {
                throw new IllegalArgumentException(
                        "too large index or wrong order: \"" + run + "\"");
            }
            indexes.add(first, last);
        }
        return indexes;
    }

    /** Those of a text that are small enough; what cannot be read counts as nothing. */
    public static Indexes read(String text, long below) {
        Indexes all;
        try {
            all = parse(text, Long.MAX_VALUE);
        } catch (IllegalArgumentException e) {
            // Somebody wrote into the status; the pods that are there are counted again.
            return new Indexes();
        }
        Indexes some = new Indexes();
        all.runs.forEach(
                (first, last) -> {
                    if (first < below) {
                        some.add(first, Math.min(last, below - 1));
                    }
                });
        return some;
    }

    public boolean contains(long index) {
        Map.Entry<Long, Long> run = runs.floorEntry(index);
        return run != null && index <= run.getValue();
    }

    /** The first one from there on that is not among them. */
    public long missing(long from) {
        Map.Entry<Long, Long> run = runs.floorEntry(from);
        return run != null && from <= run.getValue() ? run.getValue() + 1 : from;
    }

    public void addAll(Indexes others) {
        others.runs.forEach(this::add);
    }

    public void add(long index) {
        add(index, index);
    }

    private void add(long first, long last) {
        long from = first;
        long to = last;
        Map.Entry<Long, Long> before = runs.floorEntry(first);
        if (before != null && before.getValue() >= first - 1) {
            from = before.getKey();
            to = Math.max(to, before.getValue());
        }
        for (Map.Entry<Long, Long> next = runs.ceilingEntry(from);
                next != null && next.getKey() <= to + 1;
                next = runs.ceilingEntry(from)) {
            to = Math.max(to, next.getValue());
            runs.remove(next.getKey());
        }
        runs.put(from, to);
    }

    public long size() {
        return runs.entrySet().stream().mapToLong(run -> run.getValue() - run.getKey() + 1).sum();
    }

    public boolean isEmpty() {
        return runs.isEmpty();
    }

    /** How many are in the other one too. */
    public long common(Indexes other) {
        long common = 0;
        for (Map.Entry<Long, Long> run : runs.entrySet()) {
            Long start = other.runs.floorKey(run.getKey());
            for (Map.Entry<Long, Long> each :
                    other.runs
                            .subMap(
                                    start == null ? run.getKey() : start,
                                    true,
                                    run.getValue(),
                                    true)
                            .entrySet()) {
                long first = Math.max(run.getKey(), each.getKey());
                long last = Math.min(run.getValue(), each.getValue());
                common += Math.max(0, last - first + 1);
            }
        }
        return common;
    }

    @Override
    public String toString() {
        List<String> texts = new ArrayList<>();
        runs.forEach(
                (first, last) -> {
                    if (last.equals(first)) {
                        texts.add(Long.toString(first));
                    } else {
                        texts.add(first + (last == first + 1 ? "," : "-") + last);
                    }
                });
        return String.join(",", texts);
    }
}
