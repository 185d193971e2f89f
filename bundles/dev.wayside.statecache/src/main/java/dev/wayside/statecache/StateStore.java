// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state cache's store: one writer thread gathers changes for a few milliseconds, writes and
 * syncs them as one, and only then shows them to readers and tells who waits. Safe for any thread.
 */
final class StateStore implements AutoCloseable {
    /** Runs on the writer thread; it may throw to refuse, and then has done nothing. */
    interface Change {
        void apply(Edit edit) throws StateException;
    }

    private record Pending(Change change, CompletableFuture<Void> synced, boolean last) {}

    private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);
    private static final Pending LAST = new Pending(edit -> {}, new CompletableFuture<>(), true);
    private static final int QUEUE = 1_024;
    private static final int GROUP = 256;
    private static final Duration STOP = Duration.ofSeconds(10);

    private final StateFile file;
    private final Duration linger;
    private final Image image = new Image();
    private final BlockingQueue<Pending> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Thread writer = new Thread(this::run, "wayside-statecache-store");
    private volatile Consumer<Set<String>> listener = keys -> {};
    private volatile Consumer<String> damaged = reason -> {};
    private volatile boolean closing;
    private volatile String trouble = "";

    /**
     * @param linger how long a group waits for more
     */
    StateStore(StateFile file, Duration linger) {
        this.file = file;
        this.linger = linger;
        writer.setDaemon(true);
    }

    /**
     * Reads the file and starts the writer. If the file can't be had now, nothing is known, and it
     * is tried again with each write.
     */
    void open() {
        try {
            image.replace(file.open());
            file.damage().ifPresent(damaged);
        } catch (StateException e) {
            LOG.error("The state cache can't be read; it tries again", e);
            trouble = reason(e);
        }
        writer.start();
    }

    /**
     * Is called with the reason when a broken file was set aside, by {@link #open} or on the writer
     * thread; to be set before.
     */
    void onDamage(Consumer<String> consumer) {
        damaged = consumer;
    }

    /** Is called, on the writer thread, with the keys that were changed, once they are synced. */
    void onSynced(Consumer<Set<String>> consumer) {
        listener = consumer;
    }

    Optional<JsonObject> get(String key) {
        return image.get(key);
    }

    boolean has(String key) {
        return image.has(key);
    }

    NavigableMap<String, JsonObject> all(String prefix) {
        return image.all(prefix);
    }

    NavigableSet<String> keys(String prefix) {
        return image.keys(prefix);
    }

    /** Why the last write failed; empty if it did not. */
    String trouble() {
        return trouble;
    }

    /** Queues a change; fails with {@link StateException} if it can't be stored. */
    CompletableFuture<Void> submit(Change change) {
        Pending pending = new Pending(change, new CompletableFuture<>(), false);
        if (closing) {
            pending.synced.completeExceptionally(
                    new StateException("the state cache is stopping", null));
        } else if (!queue.offer(pending)) {
            pending.synced.completeExceptionally(
                    new StateException("more than " + QUEUE + " writes wait for the disk", null));
        }
        return pending.synced;
    }

    /** Returns once the change is synced. */
    void write(Change change) throws StateException {
        try {
            submit(change).get();
        } catch (ExecutionException e) {
            // A new exception, so that its trace names the caller too.
            throw new StateException(reason(e.getCause()), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StateException("interrupted; the change may still be stored", e);
        }
    }

    /** Writes what is queued, then stops; within about 10 s. */
    @Override
    public void close() {
        closing = true;
        try {
            // Not by interrupt: that would close the file under the writer's hands.
            if (queue.offer(LAST, STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                writer.join(STOP.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        List<Pending> group = new ArrayList<>();
        boolean more = true;
        while (more) {
            try {
                more = gather(group);
                commit(group);
            } catch (InterruptedException e) {
                LOG.error("The state cache's writer was interrupted, which nobody should do", e);
                more = false;
            } catch (RuntimeException e) {
                LOG.error("The state cache's writer failed; it goes on", e);
                group.forEach(pending -> pending.synced.completeExceptionally(e));
            }
            group.clear();
        }
        file.close();
        StateException stopped = new StateException("the state cache has stopped", null);
        for (Pending late = queue.poll(); late != null; late = queue.poll()) {
            late.synced.completeExceptionally(stopped);
        }
    }

    /** Waits for the first change, then a little for more; false once it is time to end. */
    private boolean gather(List<Pending> group) throws InterruptedException {
        Pending next = queue.take();
        long end = System.nanoTime() + linger.toNanos();
        while (next != null && !next.last) {
            group.add(next);
            next =
                    group.size() < GROUP
                            ? queue.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS)
                            : null;
        }
        return next == null;
    }

    private void commit(List<Pending> group) {
        List<CompletableFuture<Void>> applied = new ArrayList<>();
        Map<String, byte @Nullable []> changes = new TreeMap<>();
        try {
            reopen();
            for (Pending pending : group) {
                Edit edit = new Edit(image.content(), changes);
                try {
                    pending.change.apply(edit);
                    edit.addTo(changes);
                    applied.add(pending.synced);
                } catch (StateException | RuntimeException e) {
                    pending.synced.completeExceptionally(e);
                }
            }
            if (!changes.isEmpty()) {
                file.write(changes);
            }
        } catch (StateException e) {
            if (trouble.isEmpty()) {
                LOG.warn("The state cache can't store; it tries again with the next write", e);
            }
            trouble = reason(e);
            group.forEach(pending -> pending.synced.completeExceptionally(e));
            return;
        }
        if (!trouble.isEmpty()) {
            LOG.info("The state cache stores again");
            trouble = "";
        }
        image.apply(changes);
        tell(changes.keySet());
        applied.forEach(future -> future.complete(null));
        rewrite(changes.isEmpty());
    }

    /** After a failure: what the disk has now is what a cut would leave, so that is what counts. */
    private void reopen() throws StateException {
        if (file.isOpen()) {
            return;
        }
        NavigableMap<String, byte[]> content = file.open();
        if (file.damage().isPresent()) {
            file.damage().ifPresent(damaged);
            file.write(new TreeMap<>(image.content()));
        } else {
            tell(image.replace(content));
        }
    }

    private void rewrite(boolean idle) {
        try {
            if (!idle) {
                file.rewriteIfGrown(image.content());
            }
        } catch (StateException e) {
            // Nothing is lost: the old file is opened again with the next write.
            LOG.warn("The state file stays as large as it is", e);
        }
    }

    private static String reason(@Nullable Throwable cause) {
        String message = cause == null ? null : cause.getMessage();
        return message == null ? "the change can't be stored" : message;
    }

    private void tell(Set<String> keys) {
        if (!keys.isEmpty()) {
            listener.accept(new TreeSet<>(keys));
        }
    }
}
