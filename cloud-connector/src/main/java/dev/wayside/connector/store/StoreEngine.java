// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.store.GroupWriter.KindChange;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.connector.store.StoreWatch.Bookmark;
import dev.wayside.connector.store.StoreWatch.Changed;
import dev.wayside.connector.store.StoreWatch.Item;
import dev.wayside.connector.store.StoreWatch.Present;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is visible: all kinds in memory at one revision, and the watches of them. Changes become
 * visible in whole groups, after they are durable, in the order of their revisions; the one who
 * makes them so is the {@link GroupWriter}. Safe for any thread.
 */
final class StoreEngine implements AutoCloseable, StoreWatch.Owner {

    private static final Logger LOG = LoggerFactory.getLogger(StoreEngine.class);

    private final StoreSettings settings;
    private final EncryptionKeys keys;
    private final Kinds kinds;

    /** Kinds come and go under the write lock; single shelves are found without. */
    private final Map<String, KindShelf> shelves;

    private final ObjectFile file;
    private final GroupWriter writer;
    private final ExecutorService delivery;
    private final ScheduledExecutorService clock;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
    private final Condition published = lock.writeLock().newCondition();
    private final Bookmarks bookmarks = new Bookmarks();
    private final byte[] tokenKey;

    @GuardedBy("lock")
    private long visible;

    @GuardedBy("lock")
    private boolean closing;

    private StoreEngine(
            ObjectFile file,
            EncryptionKeys keys,
            FileRewriter rewriter,
            DiskSpace space,
            Kinds kinds,
            Map<String, KindShelf> shelves,
            long revision,
            StoreSettings settings) {
        this.settings = settings;
        this.keys = keys;
        this.kinds = kinds;
        this.shelves = shelves;
        this.visible = revision;
        this.file = file;
        this.tokenKey = ContinueTokens.key(file);
        this.writer =
                new GroupWriter(
                        file,
                        rewriter,
                        space,
                        kinds,
                        shelves,
                        revision,
                        settings,
                        this::publish,
                        lock);
        AtomicInteger threads = new AtomicInteger();
        this.delivery =
                Executors.newFixedThreadPool(
                        settings.deliveryThreads(),
                        task -> daemon(task, "watch-" + threads.incrementAndGet()));
        this.clock = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "bookmarks"));
    }

    /**
     * Reads the store and starts its threads.
     *
     * @param path as H2 takes it
     * @param source of the keys for what is secret
     * @throws IOException as {@link ObjectFile#open}, or if a key is missing
     */
    static StoreEngine open(
            String path,
            Kinds kinds,
            StoreSettings settings,
            EncryptionKeys.Source source,
            DiskSpace space)
            throws IOException {
        ObjectFile file = ObjectFile.open(path);
        try {
            String encryptedWith = file.setting(ObjectFile.ENCRYPTED_WITH);
            EncryptionKeys keys = source.keys(encryptedWith != null);
            keys.require(encryptedWith == null ? "" : encryptedWith);
            file.use(keys);
            // Revision 0 means "any" to clients.
            long revision = number(file.setting(ObjectFile.RESERVED), 1);
            Map<String, KindShelf> shelves = new ConcurrentSkipListMap<>();
            for (KindDefinition kind : List.copyOf(kinds.all())) {
                // Of several versions one is stored.
                boolean isStored =
                        kind.stored()
                                && kinds.byQualified(kind.type().qualified())
                                        .filter(kind::equals)
                                        .isPresent();
                if (isStored && kind.definition().isEmpty()) {
                    load(file, kind, revision, shelves, settings);
                }
            }
            loadDefined(file, kinds, revision, shelves, settings);
            FileRewriter rewriter =
                    new FileRewriter(path, shelves, file.strangers(shelves.keySet()), keys);
            if (!keys.current().equals(encryptedWith == null ? "" : encryptedWith)) {
                // Nothing may stay that is in clear, or under a key that is on its way out.
                file.abandon();
                file = rewriter.rewrite(file.settings());
                LOG.info("The Secrets in {} are encrypted with key {}", path, keys.current());
            }
            StoreEngine engine =
                    new StoreEngine(
                            file, keys, rewriter, space, kinds, shelves, revision, settings);
            engine.start();
            return engine;
        } catch (IOException | RuntimeException e) {
            file.abandon();
            throw new IOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private static long number(@Nullable String setting, long otherwise) {
        return setting == null ? otherwise : Long.parseLong(setting);
    }

    private static void load(
            ObjectFile file,
            KindDefinition kind,
            long revision,
            Map<String, KindShelf> shelves,
            StoreSettings settings) {
        KindShelf shelf = new KindShelf(kind, settings);
        shelf.load(
                file.kind(shelf.resource()),
                revision,
                number(file.setting(ObjectFile.TOLD_FROM), 0));
        shelves.put(shelf.resource(), shelf);
    }

    /** The kinds whose definitions are in the store, before anybody can ask for them. */
    private static void loadDefined(
            ObjectFile file,
            Kinds kinds,
            long revision,
            Map<String, KindShelf> shelves,
            StoreSettings settings) {
        for (KindShelf shelf : List.copyOf(shelves.values())) {
            if (!kinds.areDefinedBy(shelf.resource())) {
                continue;
            }
            for (Stored definition : shelf.all()) {
                Optional<Kinds.Redefinition> kind =
                        kinds.redefinition(definition.key(), definition.object());
                kind.ifPresent(kinds::redefine);
                kind.map(Kinds.Redefinition::stored)
                        .ifPresent(stored -> load(file, stored, revision, shelves, settings));
            }
        }
    }

    private void start() {
        writer.start();
        long every = settings.bookmarks().toMillis();
        var unused =
                clock.scheduleWithFixedDelay(
                        this::bookmarkAll, every, every, TimeUnit.MILLISECONDS);
    }

    private static Thread daemon(Runnable task, String role) {
        Thread thread = new Thread(task, "wayside-store-" + role);
        thread.setDaemon(true);
        return thread;
    }

    /** Why nothing can be written now; {@code ""} if it can. */
    String trouble() {
        return writer.trouble();
    }

    /** Everything, as it is at one revision. */
    StoreCopy copy() {
        lock.readLock().lock();
        try {
            List<Stored> all = new ArrayList<>();
            shelves.values().forEach(shelf -> all.addAll(shelf.all()));
            return new StoreCopy(
                    visible,
                    keys.current(),
                    all.stream().map(stored -> StoreCopy.Entry.of(stored, keys)).iterator());
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Authenticates continue tokens. */
    byte[] tokenKey() {
        return tokenKey;
    }

    @Nullable Stored get(ObjectKey key) {
        lock.readLock().lock();
        try {
            KindShelf shelf = shelves.get(key.resource());
            return shelf == null ? null : shelf.get(key);
        } finally {
            lock.readLock().unlock();
        }
    }

    /** How many watches of a kind were asked about changes so far, over all changes. */
    long watchesAsked(ResourceType type) {
        return shelf(type).watches().asked();
    }

    /** How many blocks of its file were read so far. */
    long fileReads() {
        return file.reads();
    }

    /**
     * Writes, and waits until that is durable and visible, or refused.
     *
     * @throws ApiException ServiceUnavailable, TooManyRequests
     */
    Write.Outcome write(Write write) {
        return writer.write(write);
    }

    /**
     * Some objects, all as they were at one revision.
     *
     * @param objects in the order of their keys
     */
    record Snapshot(List<Stored> objects, long revision) {}

    /**
     * @param revision 0 for now
     * @param exact whether as of that revision, else not older
     * @param after the key to begin behind
     * @throws ApiException Expired, Timeout
     */
    Snapshot list(
            ResourceType type,
            String namespace,
            long revision,
            boolean exact,
            @Nullable ObjectKey after) {
        shelf(type);
        await(revision);
        lock.readLock().lock();
        try {
            KindShelf shelf = shelf(type);
            long at = exact ? revision : visible;
            if (!shelf.reachesBackTo(at)) {
                throw new ApiException(
                        ApiException.Reason.EXPIRED,
                        after == null
                                ? "The resourceVersion for the provided list is too old."
                                : "The provided continue parameter is too old to display a"
                                        + " consistent list result. You must start a new list"
                                        + " without the continue parameter.");
            }
            return new Snapshot(shelf.at(at, namespace, after), at);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * @throws ApiException Expired, Timeout, ServiceUnavailable
     */
    StoreWatch watch(WatchQuery query, Selection selection, long revision, WatchListener listener) {
        shelf(query.type());
        await(revision);
        StoreWatch watch;
        // Nothing is published meanwhile, so the watch continues exactly where its beginning ends.
        lock.readLock().lock();
        try {
            if (closing) {
                throw stopping();
            }
            KindShelf shelf = shelf(query.type());
            watch =
                    new StoreWatch(
                            query.type(),
                            selection,
                            query.bookmarks(),
                            listener,
                            beginning(shelf, query, selection, revision),
                            settings.watchQueue(),
                            delivery,
                            this);
            shelf.watches().add(watch);
        } finally {
            lock.readLock().unlock();
        }
        watch.start();
        return watch;
    }

    @GuardedBy("lock")
    private Iterator<? extends Item> beginning(
            KindShelf shelf, WatchQuery query, Selection selection, long revision) {
        if (query.sendInitialEvents() || revision == 0) {
            Stream<Item> present =
                    shelf.at(visible, selection.namespace(), null).stream().map(Present::new);
            return query.sendInitialEvents()
                    ? Stream.concat(
                                    present,
                                    Stream.of(
                                            new Bookmark(
                                                    Bookmarks.initialEnd(query.type(), visible))))
                            .iterator()
                    : present.iterator();
        }
        KindShelf.Missed missed = shelf.missed(revision, selection).orElse(null);
        if (missed == null) {
            throw new ApiException(
                    ApiException.Reason.EXPIRED,
                    "too old resource version: " + revision + " (" + visible + ")");
        }
        Stream<Item> present = missed.present().stream().map(Present::new);
        return Stream.concat(
                        present, missed.changes().stream().map(Announcement::new).map(Changed::new))
                .iterator();
    }

    /**
     * @throws ApiException NotFound
     */
    private KindShelf shelf(ResourceType type) {
        KindShelf shelf = shelves.get(type.qualified());
        if (shelf == null) {
            throw new ApiException(
                    ApiException.Reason.NOT_FOUND,
                    "the server could not find the requested resource",
                    type.group(),
                    type.plural(),
                    "",
                    List.of());
        }
        return shelf;
    }

    /** Waits until the revision is visible, within bounds. */
    private void await(long revision) {
        if (revision == 0) {
            return;
        }
        lock.writeLock().lock();
        try {
            long nanos = settings.revisionWait().toNanos();
            while (visible < revision && !closing) {
                if (nanos <= 0) {
                    throw new ApiException(
                            ApiException.Reason.TIMEOUT,
                            "Too large resource version: " + revision + ", current: " + visible,
                            "",
                            "",
                            "",
                            List.of(
                                    new ApiException.Cause(
                                            "ResourceVersionTooLarge",
                                            "Too large resource version",
                                            "")));
                }
                nanos = published.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(
                    ApiException.Reason.TIMEOUT, "interrupted while waiting for a revision");
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Called by the writer with changes that are durable. */
    private void publish(List<Change> changes, List<KindChange> kindChanges) {
        lock.writeLock().lock();
        try {
            for (Change change : changes) {
                KindShelf shelf = shelves.get(change.key().resource());
                if (shelf == null) {
                    throw new IllegalStateException("no kind for " + change.key());
                }
                shelf.apply(change);
                visible = change.revision();
                Changed told = new Changed(new Announcement(change));
                shelf.watches().concernedBy(change, watch -> watch.offer(told));
            }
            kindChanges.forEach(this::redefine);
            published.signalAll();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Watches end where their kind does, or becomes another; who resumes one sees the new. */
    @GuardedBy("lock")
    private void redefine(KindChange change) {
        String resource = change.what().resource();
        KindDefinition stored = change.what().stored();
        KindShelf shelf = shelves.get(resource);
        if (stored == null) {
            kinds.redefine(change.what());
            shelves.remove(resource);
        } else if (change.begun() != null) {
            shelves.put(resource, change.begun());
            kinds.redefine(change.what());
        } else if (shelf != null) {
            shelf.redefine(stored);
            kinds.redefine(change.what());
        }
        if (shelf != null) {
            shelf.watches()
                    .all()
                    .forEach(
                            watch ->
                                    watch.end(
                                            new ApiException(
                                                    ApiException.Reason.UNAVAILABLE,
                                                    "the definition of "
                                                            + resource
                                                            + " has changed; watch again")));
        }
    }

    private void bookmarkAll() {
        for (KindShelf shelf : shelves.values()) {
            for (StoreWatch watch : shelf.watches().all()) {
                if (watch.wantsBookmarks()) {
                    bookmark(watch);
                }
            }
        }
    }

    @Override
    public void bookmark(StoreWatch watch) {
        lock.readLock().lock();
        try {
            watch.offerBookmark(bookmarks.at(watch.type(), visible));
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void closed(StoreWatch watch) {
        shelves.values().forEach(shelf -> shelf.watches().remove(watch));
    }

    private static ApiException stopping() {
        return new ApiException(ApiException.Reason.UNAVAILABLE, "the store is stopping");
    }

    /** Writes what waits, saves lazy kinds, ends all watches; within half a minute. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closing) {
                return;
            }
            closing = true;
            published.signalAll();
        } finally {
            lock.writeLock().unlock();
        }
        clock.shutdownNow();
        writer.close();
        List<StoreWatch> watches = new ArrayList<>();
        shelves.values().forEach(shelf -> watches.addAll(shelf.watches().all()));
        watches.forEach(watch -> watch.end(stopping()));
        delivery.shutdown();
        try {
            if (!delivery.awaitTermination(5, TimeUnit.SECONDS)) {
                delivery.shutdownNow();
            }
        } catch (InterruptedException e) {
            delivery.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
