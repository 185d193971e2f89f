// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Any store, with what tests want of it: watches that lag or end as too old, writes that are
 * refused or whose answer is lost.
 */
public final class TestStore implements ObjectStore, AutoCloseable {
    private final ObjectStore store;
    private final List<LateWatch> watches = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService delivery =
            Executors.newSingleThreadScheduledExecutor(
                    task -> {
                        Thread thread = new Thread(task, "test-store");
                        thread.setDaemon(true);
                        return thread;
                    });
    private volatile LongSupplier lagMillis = () -> 0;
    private volatile BiConsumer<String, KubeObject> beforeWrite = (verb, object) -> {};
    private volatile BiConsumer<String, KubeObject> afterWrite = (verb, object) -> {};

    public TestStore(ObjectStore store) {
        this.store = store;
    }

    /** How late each event comes; the order stays. */
    public void lag(LongSupplier millis) {
        lagMillis = millis;
    }

    /**
     * May throw, to refuse a write: gets the verb and the object (of a patch or delete the name).
     */
    public void beforeWrite(BiConsumer<String, KubeObject> hook) {
        beforeWrite = hook;
    }

    /** May throw, to lose the answer of a write of the connector. */
    public void afterWrite(BiConsumer<String, KubeObject> hook) {
        afterWrite = hook;
    }

    /** Sees every change of a kind in commit order and without lag; null for not there. */
    public void observe(ResourceType type, BiConsumer<KubeObject, KubeObject> observer) {
        ObjectList list = store.list(ListQuery.all(type));
        Map<ObjectKey, KubeObject> known = new HashMap<>();
        list.items().forEach(object -> known.put(object.key(type), object));
        WatchQuery query =
                new WatchQuery(
                        type,
                        "",
                        LabelSelector.EVERYTHING,
                        FieldSelector.EVERYTHING,
                        list.resourceVersion(),
                        false,
                        false);
        store.watch(
                query,
                new WatchListener() {
                    @Override
                    public void onEvent(Event event) {
                        ObjectKey key = event.object().key(type);
                        if (event.type() == EventType.DELETED) {
                            observer.accept(known.remove(key), null);
                        } else if (event.type() != EventType.BOOKMARK) {
                            observer.accept(known.put(key, event.object()), event.object());
                        }
                    }

                    @Override
                    public void onEnd(ApiException reason) {}
                });
    }

    /** Ends all watches as too old; what they had not delivered is lost. */
    public void expire() {
        List<LateWatch> ended = List.copyOf(watches);
        ended.forEach(LateWatch::expire);
    }

    public List<KubeObject> all(ResourceType type) {
        return store.list(ListQuery.all(type)).items();
    }

    @Override
    public Optional<KubeObject> get(ObjectKey key) {
        return store.get(key);
    }

    @Override
    public ObjectList list(ListQuery query) {
        return store.list(query);
    }

    @Override
    public Watch watch(WatchQuery query, WatchListener listener) {
        LateWatch watch = new LateWatch(listener);
        watches.add(watch);
        watch.inner = store.watch(query, watch);
        return watch;
    }

    /** Of the connector alone: users and gateways are not hooked. */
    private <T> T hooked(String verb, KubeObject object, Supplier<T> write) {
        if (!Thread.currentThread().getName().startsWith("wayside-connector")) {
            return write.get();
        }
        beforeWrite.accept(verb, object);
        T result = write.get();
        afterWrite.accept(verb, object);
        return result;
    }

    @Override
    public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
        return hooked("create", object, () -> store.create(type, object, options));
    }

    @Override
    public KubeObject update(
            ResourceType type, KubeObject object, String subresource, WriteOptions options) {
        return options.dryRun()
                ? store.update(type, object, subresource, options)
                : hooked("update", object, () -> store.update(type, object, subresource, options));
    }

    @Override
    public KubeObject patch(
            ResourceType type,
            ObjectKey key,
            Patch patch,
            String subresource,
            WriteOptions options) {
        return options.dryRun()
                ? store.patch(type, key, patch, subresource, options)
                : hooked(
                        "patch",
                        KubeObject.of(type, key.namespace(), key.name()),
                        () -> store.patch(type, key, patch, subresource, options));
    }

    @Override
    public Deleted delete(ResourceType type, ObjectKey key, DeleteOptions options) {
        return hooked(
                "delete",
                KubeObject.of(type, key.namespace(), key.name()),
                () -> store.delete(type, key, options));
    }

    @Override
    public void close() {
        delivery.shutdownNow();
    }

    private final class LateWatch implements Watch, WatchListener {
        private final WatchListener listener;
        private final Deque<Event> waiting = new ArrayDeque<>();
        private volatile Watch inner;
        private volatile boolean closed;

        LateWatch(WatchListener listener) {
            this.listener = listener;
        }

        @Override
        public void onEvent(Event event) {
            synchronized (waiting) {
                waiting.add(event);
            }
            if (!delivery.isShutdown()) {
                var unused =
                        delivery.schedule(
                                this::deliverOldest, lagMillis.getAsLong(), TimeUnit.MILLISECONDS);
            }
        }

        // Each task delivers the oldest, whichever it was made for: order stays, lag varies.
        private void deliverOldest() {
            Event next;
            synchronized (waiting) {
                next = closed ? null : waiting.poll();
            }
            if (next != null) {
                listener.onEvent(next);
            }
        }

        @Override
        public void onEnd(ApiException reason) {
            if (!closed) {
                closed = true;
                listener.onEnd(reason);
            }
        }

        void expire() {
            close();
            // From the thread that delivers, so that nothing follows it.
            delivery.execute(() -> listener.onEnd(new ApiException(Reason.EXPIRED, "too old")));
        }

        @Override
        public void bookmark() {
            inner.bookmark();
        }

        @Override
        public void close() {
            closed = true;
            watches.remove(this);
            Watch watch = inner;
            if (watch != null) {
                watch.close();
            }
        }
    }
}
