// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.model.ResourceType;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch: what it has yet to tell, and the telling. What there was before it began comes from an
 * iterator, which costs nothing until it is read; what happens since waits in a bounded queue. Of
 * one watch one piece of work at most is with the executor, so its events stay in order, and after
 * some events it goes to the end of the line, so that a busy watch does not keep others waiting.
 */
final class StoreWatch implements ObjectStore.Watch {
    private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
    private static final int EVENTS_PER_TURN = 128;

    /** Something to tell. */
    sealed interface Item permits Changed, Present, Bookmark, End {}

    record Changed(Announcement change) implements Item {}

    record Present(Stored object) implements Item {}

    record Bookmark(Event event) implements Item {}

    record End(ApiException reason) implements Item {}

    /** Who knows of all watches. */
    interface Owner {
        /** Calls {@link #offerBookmark} between two changes. */
        void bookmark(StoreWatch watch);

        /** Forgets the watch. */
        void closed(StoreWatch watch);
    }

    private final ResourceType type;
    private final Selection selection;
    private final boolean wantsBookmarks;
    private final WatchListener listener;
    private final int limit;
    private final Executor executor;
    private final Owner owner;

    @GuardedBy("this")
    private Iterator<? extends Item> first;

    @GuardedBy("this")
    private final ArrayDeque<Item> queue = new ArrayDeque<>();

    @GuardedBy("this")
    private boolean scheduled;

    @GuardedBy("this")
    private boolean ended;

    private volatile boolean closed;

    StoreWatch(
            ResourceType type,
            Selection selection,
            boolean wantsBookmarks,
            WatchListener listener,
            Iterator<? extends Item> first,
            int limit,
            Executor executor,
            Owner owner) {
        this.type = type;
        this.selection = selection;
        this.wantsBookmarks = wantsBookmarks;
        this.listener = listener;
        this.first = first;
        this.limit = limit;
        this.executor = executor;
        this.owner = owner;
    }

    ResourceType type() {
        return type;
    }

    Selection selection() {
        return selection;
    }

    boolean wantsBookmarks() {
        return wantsBookmarks;
    }

    /** Begins to tell what was there before. */
    void start() {
        synchronized (this) {
            schedule();
        }
    }

    /** Queues a change if it concerns this watch. Never blocks. */
    void offer(Changed change) {
        if (typeOf(change.change().change()).isPresent()) {
            offer((Item) change);
        }
    }

    /** Queues a bookmark; all changes up to its revision must have been offered. */
    void offerBookmark(Event bookmark) {
        offer(new Bookmark(bookmark));
    }

    /** Ends the watch after what is queued. */
    void end(ApiException reason) {
        synchronized (this) {
            if (!ended) {
                ended = true;
                queue.add(new End(reason));
                schedule();
            }
        }
    }

    private void offer(Item item) {
        synchronized (this) {
            if (ended || closed) {
                return;
            }
            if (queue.size() >= limit) {
                // The rest would have a hole in it.
                queue.clear();
                first = Collections.emptyIterator();
                ended = true;
                queue.add(
                        new End(
                                new ApiException(
                                        ApiException.Reason.EXPIRED,
                                        "too old resource version: the watch fell behind by more"
                                                + " than "
                                                + limit
                                                + " events; list and watch again")));
            } else {
                queue.add(item);
            }
            schedule();
        }
    }

    @GuardedBy("this")
    private void schedule() {
        if (!scheduled && !closed) {
            scheduled = true;
            try {
                executor.execute(this::takeTurn);
            } catch (RejectedExecutionException stopping) {
                closed = true;
            }
        }
    }

    private void takeTurn() {
        try {
            for (int i = 0; i < EVENTS_PER_TURN; i++) {
                Item item = next();
                if (item == null || closed) {
                    return;
                }
                tell(item);
            }
            synchronized (this) {
                scheduled = false;
                schedule();
            }
        } catch (RuntimeException e) {
            LOG.error("a listener of {} failed; its watch ends", type.qualified(), e);
            close();
        }
    }

    private @Nullable Item next() {
        synchronized (this) {
            if (first.hasNext()) {
                return first.next();
            }
            Item item = queue.poll();
            if (item == null) {
                scheduled = false;
            }
            return item;
        }
    }

    private void tell(Item item) {
        if (item instanceof Changed changed) {
            typeOf(changed.change().change())
                    .ifPresent(event -> listener.onEvent(changed.change().as(event)));
        } else if (item instanceof Present present) {
            if (selection.matches(present.object())) {
                listener.onEvent(new Event(EventType.ADDED, present.object().object()));
            }
        } else if (item instanceof Bookmark bookmark) {
            listener.onEvent(bookmark.event());
        } else if (item instanceof End end) {
            close();
            listener.onEnd(end.reason());
        }
    }

    private Optional<EventType> typeOf(Change change) {
        Stored before = change.before();
        Stored after = change.after();
        boolean was = before != null && selection.matches(before);
        boolean is = after != null && selection.matches(after);
        if (was) {
            return Optional.of(is ? EventType.MODIFIED : EventType.DELETED);
        }
        return is ? Optional.of(EventType.ADDED) : Optional.empty();
    }

    @Override
    public void bookmark() {
        owner.bookmark(this);
    }

    @Override
    public void close() {
        closed = true;
        owner.closed(this);
    }
}
