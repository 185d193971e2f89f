// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.audit;

import dev.wayside.connector.apiserver.AuditTrail;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the audit log, on a thread of its own, and syncs it once a second while there is anything.
 * Requests do not wait for it: when more come than can be written, the surplus is left out, and a
 * line says how many were. Closing it writes what waits, within 2 s.
 */
public final class AuditLog implements AuditTrail, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int MAX_QUEUED = 8_192;
    private static final int BATCH = 512;
    private static final long SYNC_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Only wakes the writer. */
    private static final Entry CLOSING =
            new Entry(Instant.EPOCH, Instant.EPOCH, "", "", "", "", null, null, "", 0, "");

    private static final long CLOSE_MILLIS = 2_000;

    private final AuditPolicy policy = new AuditPolicy();
    private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
    private final AtomicLong lost = new AtomicLong();
    private final RotatedFile file;
    private final Clock clock;
    private final Thread writer = new Thread(this::write, "wayside-connector-audit");
    private volatile boolean closing;

    // The writer's own:
    private boolean failing;
    private boolean unsynced;
    private long syncedNanos = System.nanoTime() - SYNC_NANOS;

    private AuditLog(RotatedFile file, Clock clock) {
        this.file = file;
        this.clock = clock;
        writer.setDaemon(true);
    }

    /**
     * Opens the log and starts its thread.
     *
     * @throws IOException if the file cannot be written: a connector whose audit log is wanted and
     *     cannot be had does not start
     */
    public static AuditLog open(Path path, Clock clock) throws IOException {
        AuditLog log = new AuditLog(RotatedFile.open(path, RotatedFile.MAX_BYTES), clock);
        log.writer.start();
        return log;
    }

    @Override
    public void record(Entry entry) {
        if (!queue.offer(entry)) {
            lost.incrementAndGet();
        }
    }

    /** How many lines are missing since the last one that was written. */
    long lost() {
        return lost.get();
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        // Wakes it; if there is no room for this, it is awake.
        if (!queue.offer(CLOSING)) {
            LOG.debug("The audit log has much to write before it closes");
        }
        writer.join(CLOSE_MILLIS);
        if (writer.isAlive()) {
            LOG.warn("The audit log could not be written to its end");
        }
    }

    private void write() {
        List<Entry> batch = new ArrayList<>(BATCH);
        try {
            while (!closing || !queue.isEmpty()) {
                // Lines wait for the disk a second at the most, and nobody waits for lines.
                Entry first =
                        unsynced ? queue.poll(SYNC_NANOS, TimeUnit.NANOSECONDS) : queue.take();
                if (first != null && !first.equals(CLOSING)) {
                    batch.add(first);
                    queue.drainTo(batch, BATCH - 1);
                    batch.removeIf(entry -> entry.equals(CLOSING));
                    write(batch);
                    batch.clear();
                }
                if (unsynced && System.nanoTime() - syncedNanos >= SYNC_NANOS) {
                    sync();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sync();
            file.close();
        }
    }

    private void sync() {
        try {
            if (unsynced) {
                file.sync();
            }
        } catch (IOException e) {
            LOG.warn("The end of the audit log may not be on the disk", e);
        }
        unsynced = false;
        syncedNanos = System.nanoTime();
    }

    private void write(List<Entry> batch) {
        long missed = lost.getAndSet(0);
        try {
            if (missed > 0) {
                file.append(AuditLine.lost(missed, clock.instant()));
            }
            for (Entry entry : batch) {
                if (policy.isWorthALine(entry)) {
                    file.append(AuditLine.of(entry));
                }
            }
            file.flush();
            unsynced = true;
            failing = false;
        } catch (IOException e) {
            lost.addAndGet(missed + batch.size());
            file.close();
            if (!failing) {
                LOG.error("The audit log cannot be written; what is missing will be counted", e);
            }
            failing = true;
        } catch (RuntimeException e) {
            // One entry must not end the log.
            lost.addAndGet(missed + batch.size());
            LOG.error("An audit event could not be written", e);
        }
    }
}
