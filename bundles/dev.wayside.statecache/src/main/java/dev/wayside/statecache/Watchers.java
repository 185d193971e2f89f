// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who wants to know which keys have changed. Keys that wait for a slow listener coalesce, so that
 * no more wait than there are objects. Safe for any thread.
 */
final class Watchers {
    private static final Logger LOG = LoggerFactory.getLogger(Watchers.class);

    private final Executor loop;
    private final List<Watcher> watchers = new CopyOnWriteArrayList<>();

    Watchers(Executor loop) {
        this.loop = loop;
    }

    /**
     * @param present gives the keys that are there, which are told first; asked once the watcher
     *     listens, so that a key may be told twice but none is missed
     */
    DesiredState.Subscription add(
            ResourceType type, Consumer<ObjectKey> listener, Supplier<Set<ObjectKey>> present) {
        Watcher watcher = new Watcher(type.qualified(), listener);
        watchers.add(watcher);
        present.get().forEach(watcher::offer);
        return () -> {
            watchers.remove(watcher);
            watcher.close();
        };
    }

    void tell(ObjectKey key) {
        for (Watcher watcher : watchers) {
            watcher.offer(key);
        }
    }

    private final class Watcher {
        private final String resource;
        private final Consumer<ObjectKey> listener;
        // Both guarded by this.
        private final Set<ObjectKey> waiting = new LinkedHashSet<>();
        private boolean closed;

        Watcher(String resource, Consumer<ObjectKey> listener) {
            this.resource = resource;
            this.listener = listener;
        }

        synchronized void offer(ObjectKey key) {
            if (!closed && key.resource().equals(resource)) {
                boolean idle = waiting.isEmpty();
                waiting.add(key);
                if (idle) {
                    loop.execute(this::deliver);
                }
            }
        }

        synchronized void close() {
            closed = true;
            waiting.clear();
        }

        private void deliver() {
            List<ObjectKey> keys;
            synchronized (this) {
                keys = new ArrayList<>(waiting);
                waiting.clear();
            }
            for (ObjectKey key : keys) {
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                }
                try {
                    listener.accept(key);
                } catch (RuntimeException e) {
                    LOG.error("A watcher of {} failed at {}", resource, key.path(), e);
                }
            }
        }
    }
}
