// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** One file: what is on the platter, and what programs see. Guarded by its disk. */
final class LossyFile {
    private static final int SECTOR = 512;

    /** Something that happened since the last sync. */
    private sealed interface Step permits Written, Cut {}

    private record Written(int position, byte[] bytes) implements Step {}

    private record Cut(int size) implements Step {}

    /** Bytes with a size. */
    private static final class Content {
        private byte[] bytes = new byte[0];
        private int size;

        void apply(Step step) {
            if (step instanceof Written written) {
                int end = written.position() + written.bytes().length;
                if (end > bytes.length) {
                    bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
                }
                System.arraycopy(
                        written.bytes(), 0, bytes, written.position(), written.bytes().length);
                size = Math.max(size, end);
            } else if (step instanceof Cut cut && cut.size() < size) {
                Arrays.fill(bytes, cut.size(), size, (byte) 0);
                size = cut.size();
            }
        }

        void copy(Content other) {
            bytes = Arrays.copyOf(other.bytes, other.size);
            size = other.size;
        }
    }

    private final Content platter = new Content();
    private final Content seen = new Content();
    private final List<Step> unsynced = new ArrayList<>();
    private boolean locked;

    long size() {
        return seen.size;
    }

    boolean lock() {
        boolean free = !locked;
        locked = true;
        return free;
    }

    void unlock() {
        locked = false;
    }

    int read(long position, byte[] into) {
        if (position >= seen.size) {
            return -1;
        }
        int count = (int) Math.min(into.length, seen.size - position);
        System.arraycopy(seen.bytes, (int) position, into, 0, count);
        return count;
    }

    void write(long position, byte[] bytes) {
        add(new Written(Math.toIntExact(position), bytes));
    }

    void truncate(long size) {
        add(new Cut(Math.toIntExact(size)));
    }

    private void add(Step step) {
        seen.apply(step);
        unsynced.add(step);
    }

    void sync() {
        unsynced.forEach(platter::apply);
        unsynced.clear();
    }

    /** Lets some of what was not synced reach the platter, and forgets the rest. */
    void cut(Random random) {
        List<Step> steps = new ArrayList<>();
        for (Step step : unsynced) {
            if (step instanceof Written written) {
                sectors(written, steps);
            } else {
                steps.add(step);
            }
        }
        // Half the time in order, as most disks do most of the time.
        if (random.nextBoolean()) {
            Collections.shuffle(steps, random);
        }
        // Often all or nothing but a little: there the mistakes are.
        double kept =
                switch (random.nextInt(4)) {
                    case 0 -> 0.05;
                    case 1 -> 0.95;
                    default -> random.nextDouble();
                };
        for (Step step : steps) {
            if (random.nextDouble() < kept) {
                platter.apply(step);
            }
        }
        unsynced.clear();
        seen.copy(platter);
        locked = false;
    }

    private static void sectors(Written written, List<Step> into) {
        int length = written.bytes().length;
        for (int start = 0; start < length; ) {
            int position = written.position() + start;
            int end = Math.min(length, start + SECTOR - position % SECTOR);
            into.add(new Written(position, Arrays.copyOfRange(written.bytes(), start, end)));
            start = end;
        }
    }
}
