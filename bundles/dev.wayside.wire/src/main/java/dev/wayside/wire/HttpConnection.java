// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection over TLS 1.3, for any number of requests at once (as many as the server
 * allows, often 100; further ones fail with {@link NotSentException}). It does not come back when
 * it is lost: whoever holds it dials anew, with a {@link Backoff}. Safe for any thread; nothing
 * blocks.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpConnection implements AutoCloseable {
    private final Channel channel;
    private final String authority;
    private final ClientLimits limits;
    private final ClientConnection state;

    HttpConnection(Channel channel, String authority, ClientLimits limits, ClientConnection state) {
        this.channel = channel;
        this.authority = authority;
        this.limits = limits;
        this.state = state;
    }

    /**
     * Dials. All addresses of the host are tried in their order.
     *
     * @param server {@code https://HOST[:PORT]}; its path is not used
     * @param loops the caller's, closed by him after this connection
     * @return completes when the server has accepted us, our certificate included, or exceptionally
     *     with an {@link IOException} that says what is wrong, within {@link
     *     ClientLimits#connectTimeout}
     * @throws IllegalArgumentException if the URI is not of that form
     */
    public static CompletableFuture<HttpConnection> connect(
            URI server, ClientTls tls, ClientLimits limits, EventLoops loops) {
        return new ClientDial(server, tls, limits, loops).start();
    }

    /**
     * Sends a request and collects the response. An error status is a response too.
     *
     * @param target path and query
     * @param headers names in lower case; {@code host} and {@code content-length} are set
     * @param body empty for none; not to be changed until completion
     * @return completes exceptionally with {@link TimeoutException} (then the request is
     *     cancelled), {@link NotSentException}, or another {@link IOException} as when the
     *     connection is lost or the response is longer than {@link ClientLimits#maxBodyBytes}.
     *     Cancelling it cancels the request. Completed on the event loop: what follows must not
     *     block
     */
    public CompletableFuture<HttpResponse> send(
            String method,
            String target,
            Map<String, String> headers,
            byte[] body,
            Duration timeout) {
        CompletableFuture<HttpResponse> result = new CompletableFuture<>();
        StreamHandle handle =
                stream(
                        method,
                        target,
                        headers,
                        body,
                        new WholeResponse(limits.maxBodyBytes(), result));
        ScheduledFuture<?> timer =
                channel.eventLoop()
                        .schedule(
                                () ->
                                        result.completeExceptionally(
                                                new TimeoutException(
                                                        method
                                                                + " "
                                                                + HttpMessages.withoutQuery(target)
                                                                + " took longer than "
                                                                + timeout.toMillis()
                                                                + " ms")),
                                timeout.toNanos(),
                                TimeUnit.NANOSECONDS);
        result.whenComplete(
                (response, failure) -> {
                    timer.cancel(false);
                    if (failure != null) {
                        handle.cancel();
                    }
                });
        return result;
    }

    /**
     * Sends a request and follows the response as it comes, for instance a watch.
     *
     * @param target path and query
     * @param headers names in lower case; {@code host} and {@code content-length} are set
     * @param body empty for none; not to be changed until the listener's first call
     */
    public StreamHandle stream(
            String method,
            String target,
            Map<String, String> headers,
            byte[] body,
            StreamListener listener) {
        ClientStream stream = new ClientStream(this, listener);
        stream.open(method, target, headers, body);
        return stream;
    }

    /** Whether it takes further requests: it is open, and the server has not said GOAWAY. */
    public boolean usable() {
        return channel.isActive() && !state.goingAway();
    }

    /**
     * Completes when the connection is over: normally if we closed it, exceptionally with the
     * reason if it was lost or the server closed it.
     */
    public CompletableFuture<Void> closed() {
        return state.closed().copy();
    }

    /** Closes it; requests under way fail. Does not wait; may be called twice. */
    @Override
    public void close() {
        state.closedByUs();
        channel.close();
    }

    Channel channel() {
        return channel;
    }

    String authority() {
        return authority;
    }

    IOException failure(String what, @Nullable Throwable cause) {
        Throwable reason = cause == null ? state.reason() : cause;
        return new IOException(what + " (" + authority + ")", reason);
    }

    @Override
    public String toString() {
        return "to " + authority;
    }
}
