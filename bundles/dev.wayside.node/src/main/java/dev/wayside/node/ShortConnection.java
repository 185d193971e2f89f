// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.model.JsonObject;
import dev.wayside.wire.ClientLimits;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A connection for a few requests, which blocks; not for an event loop. */
final class ShortConnection implements Enrolment.Requests, AutoCloseable {
    static final ClientLimits LIMITS = ClientLimits.defaults().withMaxBodyBytes(1 << 20);

    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    private final HttpConnection connection;
    private final String authorization;

    /**
     * @param authorization the header's value; {@code ""} for none
     */
    ShortConnection(URI server, ClientTls tls, EventLoops loops, String authorization)
            throws IOException, InterruptedException {
        this.connection = wait(HttpConnection.connect(server, tls, LIMITS, loops));
        this.authorization = authorization;
    }

    @Override
    public HttpResponse send(String method, String path, JsonObject body)
            throws IOException, InterruptedException {
        Map<String, String> headers = new HashMap<>();
        headers.put("accept", "application/json");
        if (!authorization.isEmpty()) {
            headers.put("authorization", authorization);
        }
        byte[] bytes = new byte[0];
        if (!body.isEmpty()) {
            headers.put("content-type", "application/json");
            bytes = body.toBytes();
        }
        return wait(connection.send(method, path, headers, bytes, TIMEOUT));
    }

    @Override
    public void close() {
        connection.close();
    }

    /** Both dialling and sending end by themselves in time. */
    static <T> T wait(CompletableFuture<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        }
    }
}
