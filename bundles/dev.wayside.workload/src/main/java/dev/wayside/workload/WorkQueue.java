// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.model.ObjectKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Keys that wait to be looked at. A key is in it once, however often it is added; it is given to
 * one worker at a time; added while it is worked on, it comes again afterwards. When full, new keys
 * are dropped: the full re-check brings them back.
 */
final class WorkQueue {
    private record Due(long nanos, ObjectKey key) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final int capacity;
    private final LongSupplier nanos;

    @GuardedBy("lock")
    private final LinkedHashSet<ObjectKey> ready = new LinkedHashSet<>();

    @GuardedBy("lock")
    private final Set<ObjectKey> working = new HashSet<>();

    @GuardedBy("lock")
    private final Set<ObjectKey> again = new HashSet<>();

    /** The earliest time that each delayed key was asked for. */
    @GuardedBy("lock")
    private final Map<ObjectKey, Long> delayed = new HashMap<>();

    /** May hold times that no longer count; those are not in {@code delayed}. */
    @GuardedBy("lock")
    private final PriorityQueue<Due> timers =
            new PriorityQueue<>((one, other) -> Long.compare(one.nanos() - other.nanos(), 0));

    WorkQueue(int capacity, LongSupplier nanos) {
        this.capacity = capacity;
        this.nanos = nanos;
    }

    /** Returns false if the key was dropped because the queue is full. */
    boolean add(ObjectKey key) {
        lock.lock();
        try {
            if (working.contains(key)) {
                again.add(key);
                return true;
            }
            if (ready.size() >= capacity && !ready.contains(key)) {
                return false;
            }
            ready.add(key);
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Adds the key later. An earlier time that was asked for before stays. */
    void addAfter(ObjectKey key, Duration delay) {
        if (delay.isZero() || delay.isNegative()) {
            add(key);
            return;
        }
        lock.lock();
        try {
            long due = nanos.getAsLong() + delay.toNanos();
            Long known = delayed.get(key);
            if ((known != null && known - due <= 0) || delayed.size() >= capacity) {
                return;
            }
            delayed.put(key, due);
            timers.add(new Due(due, key));
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a key. Whoever takes it calls {@link #done}. */
    ObjectKey take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                long wait = moveDue();
                if (!ready.isEmpty()) {
                    ObjectKey key = ready.iterator().next();
                    ready.remove(key);
                    working.add(key);
                    // The look that now begins takes the place of the one that was to come.
                    delayed.remove(key);
                    return key;
                }
                long left = changed.awaitNanos(wait);
                if (left > wait) {
                    throw new IllegalStateException("waited a negative time");
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The key may be given out again. */
    void done(ObjectKey key) {
        lock.lock();
        try {
            working.remove(key);
            if (again.remove(key)) {
                ready.add(key);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Keys that could be taken now. */
    int size() {
        lock.lock();
        try {
            moveDue();
            return ready.size();
        } finally {
            lock.unlock();
        }
    }

    /** Makes delayed keys ready whose time has come; returns how long until the next one's. */
    @GuardedBy("lock")
    private long moveDue() {
        long now = nanos.getAsLong();
        while (!timers.isEmpty()) {
            Due next = timers.peek();
            Long counts = delayed.get(next.key());
            boolean stale = counts == null || counts != next.nanos();
            if (!stale && next.nanos() - now > 0) {
                return next.nanos() - now;
            }
            timers.poll();
            if (!stale) {
                delayed.remove(next.key());
                if (working.contains(next.key())) {
                    again.add(next.key());
                } else {
                    ready.add(next.key());
                }
            }
        }
        return TimeUnit.HOURS.toNanos(1);
    }
}
