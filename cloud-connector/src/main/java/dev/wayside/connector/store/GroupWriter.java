// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.model.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. It takes the writes that wait, gives each that still fits a revision,
 * commits and syncs them together, makes them visible, and only then answers. What comes in while a
 * sync runs makes up the next group, so groups grow with the load and a lone write waits for
 * nobody.
 *
 * <p>Lazy kinds are in no hurry: their changes are visible and answered without a commit, and saved
 * with a later group. So that a revision that somebody saw is never given out again after a crash,
 * revisions are reserved on disk in blocks ahead of their use, and a store that is opened begins
 * after the last reserved one.
 *
 * <p>When a commit fails, nobody knows whether it is on disk. Its writes are refused, nothing of it
 * becomes visible, and the store goes on as read-only, until a new file could be written from what
 * is visible; that is tried again and again. Before it comes to that, a disk that is nearly full
 * makes the store refuse all writes but those of lazy kinds, for which revisions are reserved on
 * the last of the room.
 */
final class GroupWriter {
    private static final Logger LOG = LoggerFactory.getLogger(GroupWriter.class);

    private static final int REVISIONS_WHILE_SHORT = 10_000_000;
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY = Duration.ofMinutes(1);
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final long SMALL_FILE = 16L << 20;
    private static final int GROWTH = 3;

    private final FileRewriter rewriter;
    private final DiskSpace space;
    private final Kinds kinds;
    private final Map<String, KindShelf> shelves;
    private final StoreSettings settings;
    private final Publisher publisher;
    private final ReentrantReadWriteLock lock;
    private final BlockingQueue<Write> queue;
    private final Thread thread;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private volatile boolean stopping;
    private volatile @Nullable ApiException failure;
    private volatile String shortage = "";

    // Below: the writer thread's own.
    private ObjectFile file;
    private Duration retryPause = FIRST_RETRY;
    private long failedAt;
    private long wroteAt = System.nanoTime();
    private boolean writtenSince;
    private long last;
    private long reserved;
    private final Map<ObjectKey, Optional<Stored>> unsaved = new LinkedHashMap<>();
    private long savedAt = System.nanoTime();

    /** Makes visible what is durable. */
    interface Publisher {
        void publish(List<Change> changes, List<KindChange> kinds);
    }

    /**
     * A kind that the changes before it made to come, to be another, or to go.
     *
     * @param begun its shelf, if it is new
     */
    record KindChange(Kinds.Redefinition what, @Nullable KindShelf begun) {}

    /**
     * @param shelves changed by the publisher alone
     * @param lock held for writing while shelves change
     */
    GroupWriter(
            ObjectFile file,
            FileRewriter rewriter,
            DiskSpace space,
            Kinds kinds,
            Map<String, KindShelf> shelves,
            long revision,
            StoreSettings settings,
            Publisher publisher,
            ReentrantReadWriteLock lock) {
        this.file = file;
        this.rewriter = rewriter;
        this.space = space;
        this.kinds = kinds;
        this.shelves = shelves;
        this.last = revision;
        this.reserved = revision;
        this.settings = settings;
        this.publisher = publisher;
        this.lock = lock;
        this.queue = new ArrayBlockingQueue<>(settings.queuedWrites());
        this.thread = new Thread(this::run, "wayside-store-writer");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    Write.Outcome write(Write write) {
        refuseIfBroken();
        if (write.kind().definition().isPresent() && !shelves.containsKey(write.key().resource())) {
            return new Write.NoKind(false);
        }
        shelf(write.key());
        try {
            if (!queue.offer(write, settings.writeWait().toMillis(), TimeUnit.MILLISECONDS)) {
                throw new ApiException(
                        ApiException.Reason.TOO_MANY_REQUESTS,
                        "the store has "
                                + settings.queuedWrites()
                                + " writes waiting, please try again later");
            }
            if (stopped.isDone()) {
                // The thread is past its last look at the queue; only we may know of this write.
                drain(unavailable("the store is stopping", null));
            }
            return write.result().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted while the write waited", e);
        } catch (CompletionException e) {
            // Made anew, so that its trace leads to the caller.
            throw e.getCause() instanceof ApiException why
                    ? again(why)
                    : unavailable(String.valueOf(e.getMessage()), e);
        }
    }

    private void refuseIfBroken() {
        ApiException broken = failure;
        if (broken != null) {
            throw again(broken);
        }
        if (stopping) {
            throw unavailable("the store is stopping", null);
        }
    }

    private static ApiException unavailable(@Nullable String message, @Nullable Throwable cause) {
        ApiException exception =
                new ApiException(ApiException.Reason.UNAVAILABLE, String.valueOf(message));
        if (cause != null) {
            exception.initCause(cause);
        }
        return exception;
    }

    private static ApiException again(ApiException why) {
        ApiException exception = new ApiException(why.reason(), String.valueOf(why.getMessage()));
        exception.initCause(why);
        return exception;
    }

    /** Why nothing can be written now; {@code ""} if it can. */
    String trouble() {
        ApiException broken = failure;
        return broken == null ? shortage : String.valueOf(broken.getMessage());
    }

    private void run() {
        try {
            while (!stopping || !queue.isEmpty()) {
                List<Write> group = nextGroup();
                look();
                if (failure == null) {
                    perform(permitted(group));
                } else {
                    refuse(group, failure);
                }
                if (group.isEmpty()) {
                    rewriteIfGrown();
                }
            }
            if (failure == null) {
                saveAll();
            }
        } catch (InterruptedException e) {
            LOG.warn("the store's writer was interrupted; it stops");
        } finally {
            if (failure != null) {
                file.abandon();
            }
            stopped.complete(null);
            drain(unavailable("the store is stopping", null));
        }
    }

    /** Looks whether there is room, and tries to get over a failure. */
    private void look() {
        String before = shortage;
        String now = space.shortage();
        shortage = now;
        if (!now.isEmpty() && before.isEmpty()) {
            LOG.error(now);
            reserveForShortage();
        } else if (now.isEmpty() && !before.isEmpty()) {
            LOG.info("There is room on the disk again: the store takes writes");
        }
        if (failure != null
                && now.isEmpty()
                && System.nanoTime() - failedAt >= retryPause.toNanos()) {
            recover();
        }
    }

    /** Lazy kinds go on in memory while the disk is full, and need no more than revisions. */
    private void reserveForShortage() {
        if (failure != null) {
            return;
        }
        try {
            reserved = last + REVISIONS_WHILE_SHORT;
            file.set(ObjectFile.RESERVED, Long.toString(reserved));
            file.commit();
        } catch (RuntimeException e) {
            fail(List.of(), e);
        }
    }

    private List<Write> permitted(List<Write> group) {
        if (shortage.isEmpty()) {
            return group;
        }
        ApiException why = new ApiException(ApiException.Reason.INSUFFICIENT_STORAGE, shortage);
        List<Write> permitted = new ArrayList<>();
        for (Write write : group) {
            if (write.kind().lazy() && last + permitted.size() < reserved) {
                permitted.add(write);
            } else {
                refuse(List.of(write), why);
            }
        }
        return permitted;
    }

    private void recover() {
        file.abandon();
        try {
            rewrite();
            failure = null;
            retryPause = FIRST_RETRY;
            LOG.info("{} is written anew: the store takes writes again", file.path());
        } catch (IOException | RuntimeException e) {
            failedAt = System.nanoTime();
            Duration twice = retryPause.multipliedBy(2);
            retryPause = twice.compareTo(LONGEST_RETRY) < 0 ? twice : LONGEST_RETRY;
            LOG.debug("{} cannot be written yet", file.path(), e);
        }
    }

    private void rewrite() throws IOException {
        Map<String, String> kept = new HashMap<>(file.settings());
        reserved = Math.max(reserved, last);
        kept.put(ObjectFile.RESERVED, Long.toString(reserved));
        file = rewriter.rewrite(kept);
        unsaved.clear();
        savedAt = System.nanoTime();
    }

    /** In idle times, once after writes: a file that is mostly waste is written anew. */
    private void rewriteIfGrown() {
        if (!writtenSince
                || failure != null
                || !shortage.isEmpty()
                || System.nanoTime() - wroteAt < IDLE.toNanos()) {
            return;
        }
        writtenSince = false;
        long size = file.size();
        if (size > Math.max(SMALL_FILE, GROWTH * rewriter.liveBytes())) {
            file.abandon();
            try {
                rewrite();
                LOG.info("{} had {} bytes and has {}", file.path(), size, file.size());
            } catch (IOException | RuntimeException e) {
                fail(List.of(), e);
            }
        }
    }

    private List<Write> nextGroup() throws InterruptedException {
        List<Write> group = new ArrayList<>();
        Write first = queue.poll(waitMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
            group.add(first);
            queue.drainTo(group, settings.groupWrites() - 1);
        }
        return group;
    }

    /** Short enough to notice the end and to save lazy kinds in time. */
    private long waitMillis() {
        return Math.max(1, Math.min(100, settings.lazySave().toMillis()));
    }

    private static void refuse(List<Write> group, @Nullable ApiException why) {
        ApiException reason = why == null ? unavailable("unknown", null) : why;
        group.forEach(write -> write.result().completeExceptionally(reason));
    }

    private void drain(ApiException why) {
        List<Write> rest = new ArrayList<>();
        queue.drainTo(rest);
        refuse(rest, why);
    }

    private void perform(List<Write> group) {
        GroupVerdict verdict;
        List<KindChange> kindChanges;
        try {
            verdict = GroupVerdict.of(group, shelves, last);
            last += verdict.changes().size();
            kindChanges = kindChanges(verdict.changes());
            boolean commit = prepare(verdict.changes(), kindChanges);
            if (commit) {
                file.commit();
                writtenSince = true;
                wroteAt = System.nanoTime();
            }
        } catch (RuntimeException e) {
            fail(group, e);
            return;
        }
        publisher.publish(verdict.changes(), kindChanges);
        verdict.outcomes().forEach((write, outcome) -> write.result().complete(outcome));
        try {
            if (shortage.isEmpty()) {
                file.maintain();
            }
        } catch (RuntimeException e) {
            fail(List.of(), e);
        }
    }

    /** What the changes do to the kinds, judged by where each definition ends up. */
    private List<KindChange> kindChanges(List<Change> changes) {
        Map<ObjectKey, Change> definitions = new LinkedHashMap<>();
        for (Change change : changes) {
            if (kinds.areDefinedBy(change.key().resource())) {
                definitions.put(change.key(), change);
            }
        }
        List<KindChange> kindChanges = new ArrayList<>();
        definitions.forEach(
                (key, change) -> {
                    Stored after = change.after();
                    kinds.redefinition(key, after == null ? null : after.object())
                            .map(this::begun)
                            .ifPresent(kindChanges::add);
                });
        return kindChanges;
    }

    private KindChange begun(Kinds.Redefinition what) {
        KindDefinition stored = what.stored();
        return new KindChange(
                what,
                stored == null || shelves.containsKey(what.resource())
                        ? null
                        : new KindShelf(stored, settings));
    }

    private KindShelf shelf(ObjectKey key) {
        return GroupVerdict.shelf(shelves, key);
    }

    /** Puts the changes into the maps. Returns whether there is anything to commit. */
    private boolean prepare(List<Change> changes, List<KindChange> kindChanges) {
        boolean durable = false;
        Set<ObjectKey> changed = new HashSet<>();
        Set<KindShelf> touched = new LinkedHashSet<>();
        for (Change change : changes) {
            KindShelf shelf = shelf(change.key());
            boolean first = changed.add(change.key()) && !shelf.hasChanges(change.key());
            touched.add(shelf);
            if (shelf.kind().lazy()) {
                unsaved.put(change.key(), Optional.ofNullable(change.after()));
            } else {
                ObjectFile.Maps maps = file.kind(shelf.resource());
                save(maps, change.key(), Optional.ofNullable(change.after()));
                maps.record(change);
                Stored before = change.before();
                if (first && before != null) {
                    maps.putPrior(before);
                }
                durable = true;
            }
        }
        touched.forEach(shelf -> trim(shelf, changed));
        for (KindChange change : kindChanges) {
            // In the commit of the definition itself, so that no crash can come between.
            String resource = change.what().resource();
            if (change.begun() != null) {
                change.begun().begin(file.kind(resource), last);
            } else if (change.what().stored() == null) {
                file.drop(resource);
            }
        }
        if (last > reserved) {
            reserved = last + settings.revisionBlock();
            file.set(ObjectFile.RESERVED, Long.toString(reserved));
            durable = true;
        }
        if (!unsaved.isEmpty()
                && shortage.isEmpty()
                && System.nanoTime() - savedAt >= settings.lazySave().toNanos()) {
            saveLazy();
            durable = true;
        }
        return durable;
    }

    private void trim(KindShelf shelf, Set<ObjectKey> changed) {
        lock.writeLock().lock();
        try {
            shelf.trim(shelf.kind().lazy() ? null : file.kind(shelf.resource()), changed);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static void save(ObjectFile.Maps maps, ObjectKey key, Optional<Stored> state) {
        if (state.isPresent()) {
            maps.put(state.get());
        } else {
            maps.objects().remove(Records.path(key));
        }
    }

    private void saveLazy() {
        unsaved.forEach((key, state) -> save(file.kind(key.resource()), key, state));
        unsaved.clear();
        savedAt = System.nanoTime();
    }

    private void saveAll() {
        try {
            saveLazy();
            file.set(ObjectFile.RESERVED, Long.toString(last));
            file.commit();
            file.close();
        } catch (RuntimeException e) {
            fail(List.of(), e);
        }
    }

    private void fail(List<Write> group, Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String reason = String.valueOf(root.getMessage());
        boolean full = reason.contains("No space left") || reason.contains("quota exceeded");
        ApiException why =
                new ApiException(
                        full
                                ? ApiException.Reason.INSUFFICIENT_STORAGE
                                : ApiException.Reason.UNAVAILABLE,
                        "the store cannot write to "
                                + file.path()
                                + " ("
                                + reason
                                + ") and is read-only until it can; make room on the disk or repair"
                                + " it");
        why.initCause(e);
        failedAt = System.nanoTime();
        failure = why;
        LOG.error(why.getMessage(), e);
        refuse(group, why);
    }

    /** Ends the thread after the writes that wait. */
    void close() {
        stopping = true;
        try {
            thread.join(20_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.error("the store's writer did not end within 20 s; the process must");
        }
    }
}
