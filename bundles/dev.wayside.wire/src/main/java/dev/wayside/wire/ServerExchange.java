// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request's answer, in HTTP/1.1 and HTTP/2 alike: the codec below knows the difference. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ServerExchange implements HttpExchange, ResponseBody.Outcome {
    /** What the connection or stream does when the exchange is over. On the event loop. */
    interface Connection {
        /** Whether the answer must say that it is this connection's last. */
        boolean last();

        /** Whether a body of unknown length can be sent in chunks. */
        boolean chunked();

        /** The answer is written; what comes next? */
        void answered();

        /** The answer must be seen to be broken. */
        void broken(String why);

        /** From now on the connection is a WebSocket; false if it cannot become one. */
        boolean becomeWebSocket();
    }

    private static final Logger log = LoggerFactory.getLogger(ServerExchange.class);
    private static final int ALWAYS_SENT = 16 * 1024;
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    private final ChannelHandlerContext ctx;
    private final boolean head;
    private final @Nullable HttpRequest webSocketRequest;
    private final ServerContext server;
    private final ServerPeer peer;
    private final Connection connection;

    private final AtomicBoolean answered = new AtomicBoolean();
    private final Object lock = new Object();
    private boolean over; // guarded by lock
    private List<Runnable> onClose = new ArrayList<>(2); // guarded by lock
    private volatile @Nullable ResponseBody body;

    /**
     * @param request null if it never came to be one
     */
    ServerExchange(
            ChannelHandlerContext ctx,
            boolean head,
            @Nullable HttpRequest request,
            ServerContext server,
            ServerPeer peer,
            Connection connection) {
        this.ctx = ctx;
        this.head = head;
        // Only these are still needed for the answer; others are not held.
        this.webSocketRequest =
                request != null
                                && WebSocketRequest.isOne(request)
                                && WebSocketRequest.fault(request).isEmpty()
                        ? request
                        : null;
        this.server = server;
        this.peer = peer;
        this.connection = connection;
    }

    @Override
    public void respond(HttpResponse made) {
        HttpResponse response = made;
        if (made.body().length > ALWAYS_SENT && !head) {
            // Counted whole and to the end: so long is it held, however slowly it is taken.
            if (server.answers().takeFirst(peer, made.body().length)) {
                onClose(() -> server.answers().give(peer, made.body().length));
            } else {
                response =
                        server.refusal()
                                .response(
                                        429, "too many answers wait to be read, read those first");
            }
        }
        send(response);
    }

    private void send(HttpResponse response) {
        ResponseBody whole = begin(response.status(), BodyFraming.HTTP);
        execute(
                () -> {
                    if (ctx.channel().isActive()) {
                        writeHead(response.status(), response.headers(), response.body().length);
                        whole.writeWhole(response.body());
                    }
                });
    }

    @Override
    public ResponseStream stream(int status, Map<String, String> headers) {
        ResponseBody stream = begin(status, BodyFraming.HTTP);
        execute(
                () -> {
                    if (ctx.channel().isActive()) {
                        writeHead(status, headers, -1);
                        ctx.flush();
                    }
                });
        return stream;
    }

    @Override
    public ResponseStream webSocket(String protocol) {
        HttpRequest asked = webSocketRequest;
        if (asked == null) {
            throw new IllegalStateException("the request asks for no WebSocket");
        }
        ResponseBody messages =
                begin(HttpResponseStatus.SWITCHING_PROTOCOLS.code(), BodyFraming.WEB_SOCKET);
        execute(
                () -> {
                    if (!ctx.channel().isActive()) {
                        return;
                    }
                    if (connection.becomeWebSocket()) {
                        WebSocketUpgrade.accept(ctx, asked, protocol, server.limits(), this);
                    } else {
                        messages.abort();
                    }
                });
        return messages;
    }

    @Override
    public void onClose(Runnable action) {
        synchronized (lock) {
            if (!over) {
                onClose.add(action);
                return;
            }
        }
        run(action);
    }

    /** Whether there was an answer, or the beginning of one. */
    boolean begun() {
        return answered.get();
    }

    /** Bytes of the answer that wait for the peer. */
    long queued() {
        ResponseBody current = body;
        return current == null ? 0 : current.queued();
    }

    /** The peer is gone. On the event loop. */
    void gone() {
        ResponseBody current = body;
        if (current != null) {
            current.gone();
        }
        close();
    }

    @Override
    public void complete() {
        close();
        connection.answered();
    }

    @Override
    public void broken(String why) {
        close();
        connection.broken(why);
    }

    private ResponseBody begin(int status, BodyFraming framing) {
        if (!answered.compareAndSet(false, true)) {
            throw new IllegalStateException("there was an answer already");
        }
        boolean bodiless = head || status == NO_CONTENT || status == NOT_MODIFIED;
        ResponseBody made = new ResponseBody(ctx, bodiless, framing, server, peer, this);
        body = made;
        if (isOver()) {
            execute(made::gone);
        }
        return made;
    }

    /** Whether all was said, or nobody hears it any more. */
    boolean isOver() {
        synchronized (lock) {
            return over;
        }
    }

    private void writeHead(int status, Map<String, String> headers, int length) {
        DefaultHttpResponse response =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
        headers.forEach((name, value) -> response.headers().set(name, value));
        response.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
        response.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
        if (status != NO_CONTENT && status != NOT_MODIFIED) {
            if (length >= 0) {
                response.headers().set(HttpHeaderNames.CONTENT_LENGTH, length);
            } else if (connection.chunked()) {
                response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, "chunked");
            }
        }
        if (connection.last()) {
            response.headers().set(HttpHeaderNames.CONNECTION, "close");
        }
        ctx.write(response);
    }

    private void close() {
        List<Runnable> actions;
        synchronized (lock) {
            over = true;
            actions = onClose;
            onClose = List.of();
        }
        actions.forEach(ServerExchange::run);
    }

    private static void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            log.error("an exchange's onClose action failed", e);
        }
    }

    private void execute(Runnable task) {
        try {
            ctx.executor().execute(task);
        } catch (RejectedExecutionException e) {
            gone(); // The event loop has ended, and the connection with it.
        }
    }
}
