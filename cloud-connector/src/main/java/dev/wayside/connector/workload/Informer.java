// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Deleted;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All objects of one kind, in memory: lists, watches, resumes; when told that it is too late, lists
 * again and applies the difference.
 *
 * <p><b>Own writes are seen at once.</b> Watches lag, and a controller that counts what it has just
 * made as missing makes it twice. So controllers write through {@link #write} and {@link #delete},
 * and the answer takes effect here before the call returns. Revisions are opaque, so which of two
 * states is newer cannot be read off them; this is used instead:
 *
 * <ul>
 *   <li>The watch brings each event once and in commit order. After an own write with revision R,
 *       everything that comes for that key before R is older, and is passed over; R itself ends
 *       that.
 *   <li>R may have come before the write returned. Hence every open write notes the revisions that
 *       arrive (and those that they replace, for a write that changed nothing answers with the old
 *       one); if R is among them, the watch is already further, and the answer is not applied.
 *   <li>A UID that was removed never comes back, so a removal is remembered by UID until its event.
 *   <li>A list happens while no own write is open, so it contains them all, and all notes end.
 * </ul>
 *
 * Reads are snapshots. Safe for any thread.
 */
public final class Informer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Informer.class);

    /**
     * Something kept in step with the objects. Called under the informer's lock, as part of its
     * state: it must be quick and call nobody.
     */
    public interface View {
        void change(@Nullable KubeObject before, @Nullable KubeObject after);
    }

    /** Told afterwards, in no particular order: may add keys to queues, and must not block. */
    public interface Listener {
        void changed(@Nullable KubeObject before, @Nullable KubeObject after);
    }

    /** Objects by a text that is read from them. */
    public final class Index implements View {
        private final Function<KubeObject, Collection<String>> keys;

        @GuardedBy("lock")
        private final Map<String, Map<ObjectKey, KubeObject>> objects = new HashMap<>();

        private Index(Function<KubeObject, Collection<String>> keys) {
            this.keys = keys;
        }

        public List<KubeObject> get(String key) {
            synchronized (lock) {
                Map<ObjectKey, KubeObject> found = objects.get(key);
                List<KubeObject> copy = found == null ? List.of() : List.copyOf(found.values());
                given += copy.size();
                return copy;
            }
        }

        public int count(String key) {
            synchronized (lock) {
                Map<ObjectKey, KubeObject> found = objects.get(key);
                return found == null ? 0 : found.size();
            }
        }

        @Override
        @SuppressWarnings("GuardedBy") // called under the lock only, as View demands
        public void change(@Nullable KubeObject before, @Nullable KubeObject after) {
            if (before != null) {
                for (String key : keys.apply(before)) {
                    Map<ObjectKey, KubeObject> found = objects.get(key);
                    if (found != null) {
                        found.remove(before.key(type));
                        if (found.isEmpty()) {
                            objects.remove(key);
                        }
                    }
                }
            }
            if (after != null) {
                for (String key : keys.apply(after)) {
                    objects.computeIfAbsent(key, any -> new HashMap<>())
                            .put(after.key(type), after);
                }
            }
        }
    }

    /** What arrived while an own write was under way. */
    private static final class OpenWrite {
        final Set<String> revisions = new HashSet<>();
        final Set<String> removedUids = new HashSet<>();
    }

    private record Change(@Nullable KubeObject before, @Nullable KubeObject after) {}

    private final ObjectStore store;
    private final ResourceType type;
    private final UnaryOperator<KubeObject> keep;
    private final Backoff backoff;
    private final Thread thread;
    private final CountDownLatch synced = new CountDownLatch(1);
    private final List<Listener> listeners = new ArrayList<>();
    private final List<View> views = new ArrayList<>();
    private final Index byOwner;
    private final Index uncontrolled;
    private final Index byNamespace;

    /** Shared by own writes, alone by a list. */
    private final ReentrantReadWriteLock writing = new ReentrantReadWriteLock(true);

    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<ObjectKey, KubeObject> objects = new HashMap<>();

    /** The revision of an own write that the watch has not brought yet. */
    @GuardedBy("lock")
    private final Map<ObjectKey, String> awaited = new HashMap<>();

    /** UIDs that we removed and whose removal the watch has not brought yet. */
    @GuardedBy("lock")
    private final Set<String> removed = new HashSet<>();

    @GuardedBy("lock")
    private final Set<OpenWrite> openWrites = new HashSet<>();

    @GuardedBy("lock")
    private long given;

    @GuardedBy("lock")
    private String revision = "";

    @GuardedBy("lock")
    private @Nullable ApiException ended;

    @GuardedBy("lock")
    private boolean closed;

    public Informer(ObjectStore store, ResourceType type, Backoff backoff) {
        this(store, type, Informer::whole, backoff);
    }

    /**
     * @param keep what of an object is kept in memory
     */
    public Informer(
            ObjectStore store, ResourceType type, UnaryOperator<KubeObject> keep, Backoff backoff) {
        this.store = store;
        this.type = type;
        this.keep = keep;
        this.backoff = backoff;
        this.thread = new Thread(this::run, "wayside-connector-informer-" + type.plural());
        thread.setDaemon(true);
        byOwner =
                addIndex(
                        object ->
                                object.owners().stream()
                                        .map(owner -> owner.uid())
                                        .distinct()
                                        .toList());
        uncontrolled =
                addIndex(
                        object ->
                                object.controller().isPresent()
                                        ? List.of()
                                        : List.of(object.namespace()));
        byNamespace = addIndex(object -> List.of(object.namespace()));
    }

    /** All of it, but not its text beside it. */
    private static KubeObject whole(KubeObject object) {
        return new KubeObject(object.json().withoutText());
    }

    public ResourceType type() {
        return type;
    }

    /** To be called before {@link #start}. */
    public Index addIndex(Function<KubeObject, Collection<String>> keys) {
        return addView(new Index(keys));
    }

    /** To be called before {@link #start}. */
    public <V extends View> V addView(V view) {
        views.add(view);
        return view;
    }

    /** To be called before {@link #start}. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    public void start() {
        thread.start();
    }

    /** Waits for the first list; false if it did not come in time. */
    public boolean awaitSync(Duration most) {
        try {
            return synced.await(most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    public Optional<KubeObject> get(String namespace, String name) {
        return get(type.key(namespace, name));
    }

    public Optional<KubeObject> get(ObjectKey key) {
        synchronized (lock) {
            given++;
            return Optional.ofNullable(objects.get(key));
        }
    }

    public List<KubeObject> all() {
        synchronized (lock) {
            given += objects.size();
            return List.copyOf(objects.values());
        }
    }

    /** How many objects were read here so far: what work costs shows in it. */
    public long given() {
        synchronized (lock) {
            return given;
        }
    }

    public int size() {
        synchronized (lock) {
            return objects.size();
        }
    }

    /** Reads under the lock that {@link View}s are changed under. */
    public <T> T read(Supplier<T> reading) {
        synchronized (lock) {
            return reading.get();
        }
    }

    public List<KubeObject> ownedBy(String uid) {
        return byOwner.get(uid);
    }

    public int countOwnedBy(String uid) {
        return byOwner.count(uid);
    }

    public List<KubeObject> withoutController(String namespace) {
        return uncontrolled.get(namespace);
    }

    public List<KubeObject> inNamespace(String namespace) {
        return byNamespace.get(namespace);
    }

    public int countIn(String namespace) {
        return byNamespace.count(namespace);
    }

    /** Runs a create, update or patch of this kind; its answer is seen here when it returns. */
    public KubeObject write(Supplier<KubeObject> write) {
        return through(write, written -> written, written -> false);
    }

    /** Runs a deletion of an object of this kind; it is seen here when it returns. */
    public Deleted delete(Supplier<Deleted> delete) {
        return through(delete, Deleted::object, Deleted::gone);
    }

    private <T> T through(Supplier<T> write, Function<T, KubeObject> object, Predicate<T> isGone) {
        OpenWrite open = new OpenWrite();
        T result;
        Change change;
        writing.readLock().lock();
        try {
            synchronized (lock) {
                openWrites.add(open);
            }
            try {
                result = write.get();
                // In one step with the end of the notes: an event between the two would be missed.
                synchronized (lock) {
                    openWrites.remove(open);
                    KubeObject answer = object.apply(result);
                    change = isGone.test(result) ? removed(open, answer) : wrote(open, answer);
                }
            } finally {
                synchronized (lock) {
                    openWrites.remove(open);
                }
            }
        } finally {
            writing.readLock().unlock();
        }
        tell(change);
        return result;
    }

    @GuardedBy("lock")
    private @Nullable Change wrote(OpenWrite open, KubeObject result) {
        ObjectKey key = result.key(type);
        String written = result.resourceVersion();
        KubeObject before = objects.get(key);
        if (open.revisions.contains(written)
                || open.removedUids.contains(result.uid())
                || removed.contains(result.uid())
                || (before != null && before.resourceVersion().equals(written))) {
            return null;
        }
        awaited.put(key, written);
        return put(key, keep.apply(result));
    }

    @GuardedBy("lock")
    private @Nullable Change removed(OpenWrite open, KubeObject result) {
        String uid = result.uid();
        if (open.removedUids.contains(uid)) {
            return null;
        }
        removed.add(uid);
        ObjectKey key = result.key(type);
        KubeObject before = objects.get(key);
        if (before == null || !before.uid().equals(uid)) {
            return null;
        }
        awaited.remove(key);
        return put(key, null);
    }

    @GuardedBy("lock")
    private Change put(ObjectKey key, @Nullable KubeObject after) {
        KubeObject before = after == null ? objects.remove(key) : objects.put(key, after);
        views.forEach(view -> view.change(before, after));
        return new Change(before, after);
    }

    private void onEvent(Event event) {
        Change change;
        synchronized (lock) {
            if (closed) {
                return;
            }
            revision = event.object().resourceVersion();
            change = event.type() == EventType.BOOKMARK ? null : arrived(event);
        }
        tell(change);
    }

    @GuardedBy("lock")
    private @Nullable Change arrived(Event event) {
        KubeObject object = event.object();
        ObjectKey key = object.key(type);
        boolean gone = event.type() == EventType.DELETED;
        KubeObject before = objects.get(key);
        for (OpenWrite open : openWrites) {
            open.revisions.add(object.resourceVersion());
            if (before != null) {
                open.revisions.add(before.resourceVersion());
            }
            if (gone) {
                open.removedUids.add(object.uid());
            }
        }
        if (gone ? removed.remove(object.uid()) : removed.contains(object.uid())) {
            return null;
        }
        String expected = awaited.get(key);
        if (expected != null) {
            if (!expected.equals(object.resourceVersion())) {
                return null;
            }
            awaited.remove(key);
            // A write may also have been an object's last, such as taking off a finalizer.
            return gone && before != null ? put(key, null) : null;
        }
        if (gone && before == null) {
            return null;
        }
        return put(key, gone ? null : keep.apply(object));
    }

    private void tell(@Nullable Change change) {
        if (change != null) {
            listeners.forEach(listener -> listener.changed(change.before(), change.after()));
        }
    }

    private void run() {
        int failures = 0;
        boolean relist = true;
        while (!isClosed()) {
            try {
                if (relist) {
                    relist();
                    relist = false;
                }
                failures = 0;
                ApiException reason = watch();
                if (reason != null) {
                    throw reason;
                }
            } catch (RuntimeException e) {
                // The edge of the thread: whatever it is, the answer is to try again.
                relist |= !(e instanceof ApiException refused) || isExpired(refused);
                failures++;
                if (failures == 1 && !(e instanceof ApiException)) {
                    log.warn("watching {} failed and is tried again", type.plural(), e);
                } else {
                    log.debug("watching {} ended", type.plural(), e);
                }
                pause(backoff.after(failures));
            }
        }
    }

    private static boolean isExpired(ApiException e) {
        return e.reason() == ApiException.Reason.EXPIRED || e.reason() == ApiException.Reason.GONE;
    }

    private void relist() {
        List<Change> changes = new ArrayList<>();
        writing.writeLock().lock();
        try {
            ObjectList list = store.list(ListQuery.all(type));
            synchronized (lock) {
                awaited.clear();
                removed.clear();
                revision = list.resourceVersion();
                Set<ObjectKey> gone = new HashSet<>(objects.keySet());
                for (KubeObject object : list.items()) {
                    ObjectKey key = object.key(type);
                    gone.remove(key);
                    KubeObject before = objects.get(key);
                    if (before == null
                            || !before.resourceVersion().equals(object.resourceVersion())) {
                        changes.add(put(key, keep.apply(object)));
                    }
                }
                gone.forEach(key -> changes.add(put(key, null)));
            }
        } finally {
            writing.writeLock().unlock();
        }
        changes.forEach(this::tell);
        synced.countDown();
    }

    /** Watches until the watch ends; the reason, or null when closed. */
    private @Nullable ApiException watch() {
        String from;
        synchronized (lock) {
            ended = null;
            from = revision;
        }
        WatchQuery query =
                new WatchQuery(
                        type,
                        "",
                        LabelSelector.EVERYTHING,
                        FieldSelector.EVERYTHING,
                        from,
                        false,
                        true);
        WatchListener listener =
                new WatchListener() {
                    @Override
                    public void onEvent(Event event) {
                        Informer.this.onEvent(event);
                    }

                    @Override
                    public void onEnd(ApiException reason) {
                        synchronized (lock) {
                            ended = reason;
                            lock.notifyAll();
                        }
                    }
                };
        Watch watch = store.watch(query, listener);
        try {
            synchronized (lock) {
                while (ended == null && !closed) {
                    lock.wait();
                }
                return closed ? null : ended;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            return null;
        } finally {
            watch.close();
        }
    }

    private void pause(Duration delay) {
        long end = System.nanoTime() + delay.toNanos();
        synchronized (lock) {
            try {
                for (long left = delay.toNanos();
                        left > 0 && !closed;
                        left = end - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(lock, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                closed = true;
            }
        }
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    /** Ends as {@link #close}, and tells of all objects as removed: their kind is no more. */
    public void retire() {
        close();
        List<Change> changes = new ArrayList<>();
        synchronized (lock) {
            for (ObjectKey key : List.copyOf(objects.keySet())) {
                changes.add(put(key, null));
            }
        }
        changes.forEach(this::tell);
    }

    /** Ends the watch and the thread; what is in memory stays readable. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        if (Thread.currentThread() != thread) {
            Controller.Threads.join(List.of(thread), Duration.ofSeconds(5));
        }
    }
}
