// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.connector.apiserver.PathHandler;
import dev.wayside.connector.apiserver.Threads;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.EmbeddedObjectStore;
import dev.wayside.connector.store.StoreCopy;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpRequest;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams the store, as it is at one revision, to whoever may have it: one at a time, as fast as it
 * is taken. Secrets are encrypted in it, and the connector's own keys are not in it at all.
 */
public final class StoreDownload implements PathHandler {
    /** Who may GET this path may have everything. */
    public static final String PATH = "/wayside/backup";

    private static final Logger LOG = LoggerFactory.getLogger(StoreDownload.class);
    private static final int CHUNK = 64 << 10;
    private static final long STALLED_SECONDS = 60;

    private final EmbeddedObjectStore store;
    private final Clock clock;
    private final ThreadFactory threads = Threads.named("backup");
    private final Semaphore free = new Semaphore(1);

    public StoreDownload(EmbeddedObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    @Override
    public void handle(HttpRequest request, HttpExchange exchange) {
        if (!free.tryAcquire()) {
            throw new ApiException(
                    ApiException.Reason.TOO_MANY_REQUESTS,
                    "another backup is being taken; try again when it is done");
        }
        boolean begun = false;
        try {
            Channel out =
                    new Channel(
                            exchange.stream(
                                    200, Map.of("content-type", "application/octet-stream")));
            exchange.onClose(out::close);
            threads.newThread(() -> send(out)).start();
            begun = true;
        } finally {
            if (!begun) {
                free.release();
            }
        }
    }

    private void send(Channel channel) {
        try {
            OutputStream out = new BufferedOutputStream(channel, CHUNK);
            StoreCopy copy = store.copy();
            String cluster =
                    store.get(ResourceType.NAMESPACES.key("", "kube-system"))
                            .map(KubeObject::uid)
                            .orElse("");
            BackupWriter writer =
                    new BackupWriter(
                            out,
                            new BackupFormat.Header(
                                    cluster,
                                    copy.revision(),
                                    clock.instant(),
                                    copy.encryptedWith()));
            while (copy.entries().hasNext()) {
                writer.object(copy.entries().next());
            }
            writer.end();
            channel.end();
            LOG.info("A backup was taken at revision {}", copy.revision());
        } catch (IOException e) {
            channel.abort();
            LOG.warn("A backup was broken off: {}", e.getMessage());
        } catch (RuntimeException e) {
            channel.abort();
            LOG.error("A backup failed", e);
        } finally {
            free.release();
        }
    }

    /** A stream that waits until the peer takes more. */
    private static final class Channel extends OutputStream {
        private final HttpExchange.ResponseStream stream;
        private final Semaphore room = new Semaphore(0);
        private volatile boolean closed;

        Channel(HttpExchange.ResponseStream stream) {
            this.stream = stream;
            stream.onWritable(room::release);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int at = offset; at < offset + length; at += CHUNK) {
                int end = Math.min(offset + length, at + CHUNK);
                room.drainPermits(); // before the look at closed, whose permit it may be
                refuseIfClosed();
                if (!stream.write(Arrays.copyOfRange(bytes, at, end))) {
                    await();
                }
            }
        }

        private void await() throws IOException {
            try {
                if (!room.tryAcquire(STALLED_SECONDS, TimeUnit.SECONDS)) {
                    throw new IOException("nothing was taken for " + STALLED_SECONDS + " s");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            refuseIfClosed();
        }

        private void refuseIfClosed() throws IOException {
            if (closed) {
                throw new IOException("the other side has gone");
            }
        }

        /** The peer has gone: whoever waits for it need not. */
        @Override
        public void close() {
            closed = true;
            room.release();
        }

        void end() {
            stream.end();
        }

        void abort() {
            stream.abort();
        }
    }
}
