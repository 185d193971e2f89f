// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;

/**
 * Keys that wait for work. A key waits at most once however often it is added, and no two workers
 * have the same key at a time: one that is added while it is worked on comes again afterwards. Keys
 * may be added for later; the earliest time counts. Failures are counted per key and push its next
 * turn away.
 *
 * <p>Bounded: when as many keys wait as there is room for, a further one is dropped, and {@link
 * #recovered} says once, when half of the room is free again, that everything has to be looked at.
 * Safe for any thread.
 */
final class WorkQueue<K> {

    private record Later<K>(K key, long dueNanos) {}

    private final int capacity;
    private final Backoff backoff;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private final ToIntFunction<K> rank;

    /** Highest rank first; nothing empty. */
    @GuardedBy("lock")
    private final NavigableMap<Integer, Set<K>> ready = new TreeMap<>(Comparator.reverseOrder());

    @GuardedBy("lock")
    private int readyKeys;

    @GuardedBy("lock")
    private final Set<K> working = new HashSet<>();

    @GuardedBy("lock")
    private final Set<K> again = new HashSet<>();

    // An entry counts only while `due` has the same time for its key; others are left-overs.
    @GuardedBy("lock")
    private final PriorityQueue<Later<K>> later =
            new PriorityQueue<>(Comparator.comparingLong(Later::dueNanos));

    @GuardedBy("lock")
    private final Map<K, Long> due = new HashMap<>();

    @GuardedBy("lock")
    private final Map<K, Integer> failures = new HashMap<>();

    @GuardedBy("lock")
    private boolean overflowed;

    @GuardedBy("lock")
    private boolean closed;

    private final long originNanos = System.nanoTime();

    WorkQueue(int capacity, Backoff backoff) {
        this(capacity, backoff, key -> 0);
    }

    /**
     * @param rank of a key, always the same; what is ready comes by the highest, then in turn
     */
    WorkQueue(int capacity, Backoff backoff, ToIntFunction<K> rank) {
        this.capacity = capacity;
        this.backoff = backoff;
        this.rank = rank;
    }

    void add(K key) {
        lock.lock();
        try {
            if (closed || isReady(key) || again.contains(key)) {
                return;
            }
            if (working.contains(key)) {
                again.add(key);
            } else if (hasRoomFor(key)) {
                due.remove(key);
                makeReady(key);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Adds the key when the delay is over, unless it is due earlier anyway. */
    void addAfter(K key, Duration delay) {
        if (delay.isZero() || delay.isNegative()) {
            add(key);
            return;
        }
        lock.lock();
        try {
            long at = now() + delay.toNanos();
            Long before = due.get(key);
            if (closed || isReady(key) || (before != null && before <= at) || !hasRoomFor(key)) {
                return;
            }
            due.put(key, at);
            later.add(new Later<>(key, at));
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Adds the key later, the later the more often it failed. Returns how often that was. */
    int retry(K key) {
        Duration delay;
        int count;
        lock.lock();
        try {
            count = failures.merge(key, 1, Integer::sum);
            delay = backoff.after(count);
        } finally {
            lock.unlock();
        }
        addAfter(key, delay);
        return count;
    }

    /** The key's failures are over. */
    void forget(K key) {
        lock.lock();
        try {
            failures.remove(key);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a key; empty once the queue is closed. {@link #done} must follow. */
    Optional<K> take() {
        lock.lock();
        try {
            while (!closed) {
                long wait = promote();
                if (readyKeys > 0) {
                    K key = first();
                    working.add(key);
                    if (readyKeys > 0) {
                        changed.signal();
                    }
                    return Optional.of(key);
                }
                if (wait == Long.MAX_VALUE) {
                    changed.awaitUninterruptibly();
                } else {
                    await(wait);
                }
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    void done(K key) {
        lock.lock();
        try {
            working.remove(key);
            if (again.remove(key) && !closed) {
                due.remove(key);
                makeReady(key);
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** True once after keys were dropped and there is room again. */
    boolean recovered() {
        lock.lock();
        try {
            if (overflowed && waiting() <= capacity / 2) {
                overflowed = false;
                return true;
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Moves what is due to the ready ones; how long until the next is due. */
    @GuardedBy("lock")
    private long promote() {
        for (Later<K> head = later.peek(); head != null; head = later.peek()) {
            Long at = due.get(head.key());
            if (at == null || at != head.dueNanos()) {
                later.remove();
                continue;
            }
            long wait = head.dueNanos() - now();
            if (wait > 0) {
                return wait;
            }
            later.remove();
            due.remove(head.key());
            if (working.contains(head.key())) {
                again.add(head.key());
            } else {
                makeReady(head.key());
            }
        }
        return Long.MAX_VALUE;
    }

    @GuardedBy("lock")
    private boolean hasRoomFor(K key) {
        if (due.containsKey(key) || waiting() < capacity) {
            return true;
        }
        overflowed = true;
        return false;
    }

    @GuardedBy("lock")
    private int waiting() {
        return readyKeys + due.size();
    }

    @GuardedBy("lock")
    private boolean isReady(K key) {
        return ready.getOrDefault(rank.applyAsInt(key), Set.of()).contains(key);
    }

    @GuardedBy("lock")
    private void makeReady(K key) {
        if (ready.computeIfAbsent(rank.applyAsInt(key), any -> new LinkedHashSet<>()).add(key)) {
            readyKeys++;
        }
    }

    @GuardedBy("lock")
    private K first() {
        Map.Entry<Integer, Set<K>> highest = ready.firstEntry();
        Iterator<K> keys = highest.getValue().iterator();
        K key = keys.next();
        keys.remove();
        readyKeys--;
        if (highest.getValue().isEmpty()) {
            ready.remove(highest.getKey());
        }
        return key;
    }

    // Left-overs of an early wake-up are met by the caller's loop.
    @SuppressWarnings("WaitNotInLoop")
    @GuardedBy("lock")
    private void await(long nanos) {
        try {
            changed.await(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            // Workers end when the queue is closed, not by interruption: an interrupt could hit
            // the store in the middle of a file operation and close its file.
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    private long now() {
        return System.nanoTime() - originNanos;
    }
}
