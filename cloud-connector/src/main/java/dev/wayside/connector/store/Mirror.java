// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.Watch;
import dev.wayside.connector.store.ObjectStore.WatchListener;
import dev.wayside.connector.store.ObjectStore.WatchQuery;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a view of all objects of one kind up to date by one watch. If the watch breaks, a new view
 * is filled beside the old one and takes its place when it is complete.
 *
 * @param <V> the view; changed by one thread at a time, read by any thread
 */
public final class Mirror<V extends Mirror.View> implements AutoCloseable {

    /** What is kept. */
    public interface View {
        void apply(Event event);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Mirror.class);
    private static final Duration RETRY = Duration.ofMillis(500);

    private final ObjectStore store;
    private final ResourceType type;
    private final Supplier<V> newView;
    private final ScheduledExecutorService timer;
    private final CountDownLatch complete = new CountDownLatch(1);
    private volatile V current;

    private final Object lock = new Object();

    @GuardedBy("lock")
    private @Nullable Watch watch;

    @GuardedBy("lock")
    private boolean closed;

    /**
     * @param timer for new attempts; belongs to the caller
     */
    public Mirror(
            ObjectStore store,
            ResourceType type,
            Supplier<V> newView,
            ScheduledExecutorService timer) {
        this.store = store;
        this.type = type;
        this.newView = newView;
        this.timer = timer;
        this.current = newView.get();
    }

    /** The last complete view, an empty one before the first. */
    public V current() {
        return current;
    }

    /** Begins to watch. */
    public void start() {
        synchronized (lock) {
            if (closed) {
                return;
            }
        }
        Watch opened;
        try {
            opened =
                    store.watch(
                            new WatchQuery(
                                    type,
                                    "",
                                    LabelSelector.EVERYTHING,
                                    FieldSelector.EVERYTHING,
                                    "",
                                    true,
                                    false),
                            new Filling(newView.get()));
        } catch (ApiException e) {
            retry(e);
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

    /**
     * @return whether the first view is complete
     */
    public boolean awaitComplete(Duration timeout) throws InterruptedException {
        return complete.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        Watch toClose;
        synchronized (lock) {
            closed = true;
            toClose = watch;
            watch = null;
        }
        if (toClose != null) {
            toClose.close();
        }
    }

    private void retry(ApiException reason) {
        synchronized (lock) {
            watch = null;
            if (closed) {
                return;
            }
        }
        LOG.info("The watch of {} begins anew: {}", type.plural(), reason.getMessage());
        var unused = timer.schedule(this::start, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private final class Filling implements WatchListener {
        private final V view;

        Filling(V view) {
            this.view = view;
        }

        @Override
        public void onEvent(Event event) {
            if (event.type() != EventType.BOOKMARK) {
                view.apply(event);
                return;
            }
            if (event.object().annotation("k8s.io/initial-events-end").isPresent()) {
                current = view;
                complete.countDown();
            }
        }

        @Override
        public void onEnd(ApiException reason) {
            retry(reason);
        }
    }
}
