// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.wire.HttpExchange.ResponseStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open watch: events come from the store's thread into a bounded queue, and a drain, of which
 * at most one runs at a time, writes them out as long as the client takes them. What exists at the
 * beginning is listed page by page, each page after the one before is written, and a page in
 * batches; so neither the size of a collection nor that of its objects decides how much is held. A
 * client that falls behind by more than the queue holds is cut off, and resumes from the last
 * revision it saw.
 */
final class WatchSession implements WatchListener {
    private static final int PAGE = 250;
    private static final int BATCH_BYTES = 32 * 1024;

    private final ObjectStore store;
    private final WatchQuery query;
    private final Presentation presentation;
    private final ResponseStream out;
    private final Executor drainer;
    private final Supplier<Optional<ApiException>> refusal;
    private final int maxQueued;
    private final Runnable whenClosed;

    private final AtomicInteger wakeUps = new AtomicInteger();
    private volatile boolean blocked;
    private volatile boolean closed;

    // Only the drain touches these.
    private boolean listing;
    private String nextPage = "";
    private boolean first = true;
    private final Queue<Event> initial = new ArrayDeque<>();

    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Queue<Event> queue = new ArrayDeque<>();

    @GuardedBy("lock")
    private @Nullable ApiException end;

    @GuardedBy("lock")
    private @Nullable Watch watch;

    /**
     * @param query its {@code sendInitialEvents} and an unset revision are served here, not by the
     *     store
     * @param refusal asked before every event: why the watch is no longer permitted, if so
     * @param whenClosed runs once
     */
    WatchSession(
            ObjectStore store,
            WatchQuery query,
            Presentation presentation,
            ResponseStream out,
            Executor drainer,
            Supplier<Optional<ApiException>> refusal,
            int maxQueued,
            Runnable whenClosed) {
        this.store = store;
        this.query = query;
        this.presentation = presentation;
        this.out = out;
        this.drainer = drainer;
        this.refusal = refusal;
        this.maxQueued = maxQueued;
        this.whenClosed = whenClosed;
        this.listing =
                query.sendInitialEvents()
                        || query.resourceVersion().isEmpty()
                        || query.resourceVersion().equals("0");
    }

    /** Begins. On a thread that may block. */
    void start() {
        out.onWritable(
                () -> {
                    blocked = false;
                    wake();
                });
        if (!listing) {
            watchFrom(query.resourceVersion());
        }
        wake();
    }

    /** Ends the answer as complete: the time is up, or the server stops. */
    void finish() {
        if (close()) {
            out.end();
        }
    }

    /**
     * Asks for a bookmark, if the client wants any: what it has seen will be its start next time.
     */
    void bookmark() {
        Watch asked;
        synchronized (lock) {
            asked = watch;
        }
        if (asked != null && query.bookmarks()) {
            asked.bookmark();
        }
    }

    /** Ends it if it is no longer permitted. */
    void recheck() {
        refusal.get().ifPresent(this::onEnd);
    }

    /** Lets go of everything; the exchange is over. */
    boolean close() {
        Watch toClose;
        synchronized (lock) {
            if (closed) {
                return false;
            }
            closed = true;
            queue.clear();
            toClose = watch;
            watch = null;
        }
        if (toClose != null) {
            toClose.close();
        }
        whenClosed.run();
        return true;
    }

    @Override
    public void onEvent(Event event) {
        boolean full;
        synchronized (lock) {
            if (closed || end != null) {
                return;
            }
            full = queue.size() >= maxQueued;
            if (!full) {
                queue.add(event);
            }
        }
        if (full) {
            // Not from here: closing calls the store, whose thread this is.
            drainer.execute(this::cutOff);
        } else {
            wake();
        }
    }

    @Override
    public void onEnd(ApiException reason) {
        synchronized (lock) {
            if (end == null) {
                end = reason;
            }
        }
        wake();
    }

    private void cutOff() {
        if (close()) {
            out.abort();
        }
    }

    private void wake() {
        if (wakeUps.getAndIncrement() == 0) {
            drainer.execute(this::drain);
        }
    }

    private void drain() {
        int seen = wakeUps.get();
        while (true) {
            try {
                drainOnce();
            } catch (ApiException e) {
                onEnd(e);
                writeEnd();
            } catch (RuntimeException e) {
                cutOff();
                throw e;
            }
            seen = wakeUps.addAndGet(-seen);
            if (seen == 0) {
                return;
            }
        }
    }

    private void drainOnce() {
        while (!closed && !blocked) {
            Optional<ApiException> refused = refusal.get();
            if (refused.isPresent()) {
                onEnd(refused.get());
                initial.clear();
                synchronized (lock) {
                    queue.clear();
                }
            }
            if (listing && initial.isEmpty() && refused.isEmpty()) {
                listPage();
            } else if (!writeQueued()) {
                writeEnd();
                return;
            }
        }
    }

    private void listPage() {
        ObjectList page =
                store.list(
                        new ListQuery(
                                query.type(),
                                query.namespace(),
                                query.labels(),
                                query.fields(),
                                PAGE,
                                nextPage,
                                nextPage.isEmpty() ? query.resourceVersion() : "",
                                false));
        page.items().forEach(object -> initial.add(new Event(EventType.ADDED, object)));
        nextPage = page.continueToken();
        listing = !nextPage.isEmpty();
        if (!listing) {
            if (query.sendInitialEvents()) {
                initial.add(new Event(EventType.BOOKMARK, initialEnd(page.resourceVersion())));
            }
            watchFrom(page.resourceVersion());
        }
    }

    private static KubeObject initialEnd(String revision) {
        return new KubeObject(
                JsonObject.of(
                        "metadata",
                        JsonObject.builder()
                                .put("resourceVersion", revision)
                                .put(
                                        "annotations",
                                        JsonObject.of("k8s.io/initial-events-end", "true"))
                                .build()));
    }

    private void watchFrom(String revision) {
        Watch opened;
        try {
            opened =
                    store.watch(
                            new WatchQuery(
                                    query.type(),
                                    query.namespace(),
                                    query.labels(),
                                    query.fields(),
                                    revision,
                                    false,
                                    query.bookmarks()),
                            this);
        } catch (ApiException e) {
            onEnd(e);
            return;
        }
        synchronized (lock) {
            if (!closed) {
                watch = opened;
                return;
            }
        }
        opened.close();
    }

    /** Writes a batch of what is queued; false if nothing is. */
    private boolean writeQueued() {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        while (lines.size() < BATCH_BYTES) {
            Event event = initial.poll();
            if (event == null) {
                synchronized (lock) {
                    event = queue.poll();
                }
            }
            if (event == null) {
                break;
            }
            lines.writeBytes(presentation.line(event, first));
            first &= event.type() == EventType.BOOKMARK;
        }
        write(lines);
        return lines.size() > 0;
    }

    private void writeEnd() {
        ApiException reason;
        synchronized (lock) {
            if (end == null || !queue.isEmpty()) {
                return;
            }
            reason = end;
        }
        if (close()) {
            // The store's stop is no news to a client: it reconnects, and finds out.
            if (reason.reason() != Reason.UNAVAILABLE) {
                out.write(Presentation.line("ERROR", ApiStatus.of(reason)));
            }
            out.end();
        }
    }

    private void write(ByteArrayOutputStream lines) {
        if (lines.size() == 0 || closed) {
            return;
        }
        // Set before the write: room may be announced before the write returns.
        blocked = true;
        if (out.write(lines.toByteArray())) {
            blocked = false;
        }
    }
}
