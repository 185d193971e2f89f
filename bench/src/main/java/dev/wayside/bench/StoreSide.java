// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.StreamHandle;
import dev.wayside.wire.StreamListener;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;

/** One of the two stores that are compared: a process, and how its pods are written and read. */
interface StoreSide extends AutoCloseable {
    Duration TIMEOUT = Duration.ofMinutes(1);

    String name();

    long pid();

    /** A new connection. */
    HttpConnection dial() throws Exception;

    /**
     * Makes a pod that is not there.
     *
     * @param stored the text as the connector stores it
     */
    CompletableFuture<Void> create(HttpConnection connection, String name, byte[] stored);

    /** Makes it so that the pod is this, by server-side apply where there is such a thing. */
    CompletableFuture<Void> apply(HttpConnection connection, String name, byte[] stored);

    /** Replaces a pod that is there. */
    CompletableFuture<Void> replace(HttpConnection connection, String name, byte[] stored);

    /** Reads all pods; gives how many bytes that were. */
    CompletableFuture<Integer> list(HttpConnection connection, int count);

    /** Watches all pods from now on; tells how many events came. */
    StreamHandle watch(HttpConnection connection, Runnable begun, IntConsumer events);

    @Override
    void close() throws Exception;

    /** Fails unless the answer is a success. */
    static HttpResponse good(HttpResponse response) {
        if (response.status() / 100 != 2) {
            throw new IllegalStateException(
                    "got "
                            + response.status()
                            + ": "
                            + new String(
                                    response.body(),
                                    0,
                                    Math.min(300, response.body().length),
                                    java.nio.charset.StandardCharsets.UTF_8));
        }
        return response;
    }

    /** Follows a stream whose end nobody expects. */
    abstract class Following implements StreamListener {
        @Override
        public void onHeaders(int status, Map<String, String> headers) {
            if (status != 200 || !headers.getOrDefault("grpc-status", "0").equals("0")) {
                throw new IllegalStateException("the watch got " + status + " " + headers);
            }
        }

        @Override
        public void onEnd() {
            System.err.println("bench: a watch has ended");
        }

        @Override
        public void onError(Throwable cause) {
            System.err.println("bench: a watch was lost: " + cause.getMessage());
        }
    }

    /** What there is of this side. */
    static <T> T of(Map<StoreSide, T> sides, StoreSide side) {
        T found = sides.get(side);
        if (found == null) {
            throw new IllegalStateException("nothing of " + side.name());
        }
        return found;
    }

    /** Waits for the connection. */
    static HttpConnection connected(CompletableFuture<HttpConnection> dialled) throws IOException {
        try {
            return dialled.join();
        } catch (java.util.concurrent.CompletionException e) {
            throw new IOException("no connection", e.getCause());
        }
    }
}
