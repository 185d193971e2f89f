// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;

import dev.wayside.api.driver.ContainerDriver;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells when a waiter records that a container ended. Owns one thread until it is closed. */
final class ExitWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ExitWatch.class);

    private volatile @Nullable WatchService files;
    private final Map<WatchKey, String> podUids = new ConcurrentHashMap<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Thread thread = new Thread(this::run, "wayside-driver-process-watch");

    /** Equal to itself alone: one consumer may watch twice. */
    private final class Listener implements ContainerDriver.Subscription {
        private final Consumer<String> podUid;

        Listener(Consumer<String> podUid) {
            this.podUid = podUid;
        }

        @Override
        public void close() {
            listeners.remove(this);
        }
    }

    void start() throws IOException {
        files = FileSystems.getDefault().newWatchService();
        thread.setDaemon(true);
        thread.start();
    }

    ContainerDriver.Subscription subscribe(Consumer<String> podUid) {
        Listener listener = new Listener(podUid);
        listeners.add(listener);
        return listener;
    }

    /** Looks at one container until it has ended or its folder is gone. */
    void add(ContainerFolder container, String podUid) {
        WatchService open = files;
        if (open == null) {
            return;
        }
        try {
            WatchKey key = container.path().register(open, ENTRY_CREATE);
            podUids.put(key, podUid);
            if (container.ended()) {
                ended(key, podUid);
            }
        } catch (IOException | ClosedWatchServiceException e) {
            // Hints may be lost: the caller looks by itself from time to time.
            LOG.debug("no hints about {}", container.path(), e);
        }
    }

    private void run() {
        WatchService open = files;
        try {
            while (open != null) {
                WatchKey key = open.take();
                String podUid = podUids.get(key);
                boolean exit = false;
                for (WatchEvent<?> event : key.pollEvents()) {
                    exit |= event.context() instanceof Path name && name.endsWith("exit");
                }
                if (exit && podUid != null) {
                    ended(key, podUid);
                } else if (!key.reset()) {
                    podUids.remove(key);
                }
            }
        } catch (InterruptedException | ClosedWatchServiceException closed) {
            return;
        }
    }

    private void ended(WatchKey key, String podUid) {
        key.cancel();
        podUids.remove(key);
        for (Listener listener : listeners) {
            try {
                listener.podUid.accept(podUid);
            } catch (RuntimeException e) {
                LOG.warn("a listener failed on a hint about pod {}", podUid, e);
            }
        }
    }

    @Override
    public void close() {
        listeners.clear();
        WatchService open = files;
        if (open == null) {
            return;
        }
        try {
            open.close();
            thread.interrupt();
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (IOException e) {
            LOG.warn("the watch for ended processes was not closed well", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
