// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in requests and hands each to the handler when it has arrived whole: the one request of an
 * HTTP/2 stream, or one after the other of an HTTP/1.1 connection.
 *
 * <pre>
 *   IDLE --first byte--> RECEIVING --last byte--> ANSWERING --answer written--> IDLE (HTTP/1.1)
 *                            |                        '--upgrade--> WEB_SOCKET --> closed
 *                            '--too large, too slow, malformed--> REFUSED --> closed
 * </pre>
 *
 * <p>While a request is answered the HTTP/1.1 connection is still read, since only so is a peer's
 * going seen; a few requests sent ahead are kept, more close the connection.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class RequestReceiver extends ChannelInboundHandlerAdapter
        implements ServerExchange.Connection {
    private enum Phase {
        IDLE,
        RECEIVING,
        ANSWERING,
        WEB_SOCKET,
        REFUSED
    }

    private static final Logger log = LoggerFactory.getLogger(RequestReceiver.class);

    /** Objects, about two for a request, that may be sent ahead on HTTP/1.1. */
    private static final int MAX_AHEAD = 64;

    /** So long a refused HTTP/1.1 peer may go on sending, to read the refusal before the end. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private final ServerContext server;
    private final ServerPeer peer;
    private final boolean http2;
    private final Queue<HttpObject> ahead = new ArrayDeque<>(0);
    private final BodyBuffer body = new BodyBuffer();

    private Phase phase = Phase.IDLE;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ScheduledFuture<?> timer;
    private io.netty.handler.codec.http.@Nullable HttpRequest head;
    private @Nullable ServerExchange exchange;
    private boolean keepAlive;
    private boolean chunked;
    private long reservedBytes;

    RequestReceiver(ServerContext server, ServerPeer peer, boolean http2) {
        this.server = server;
        this.peer = peer;
        this.http2 = http2;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (http2) {
            bytesArrived();
        } else {
            idle();
        }
    }

    /** Told of each piece of input before it is decoded, so that slow headers have a clock too. */
    void bytesArrived() {
        if (phase == Phase.IDLE) {
            phase = Phase.RECEIVING;
            startTimer(
                    server.limits().requestTimeout(),
                    () -> refuse(408, "the request did not arrive whole in time"));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof HttpObject object)) {
            ReferenceCountUtil.release(message);
        } else if (phase != Phase.ANSWERING) {
            receive(ctx, object);
        } else if (ahead.size() < MAX_AHEAD) {
            ahead.add(object);
            ctx.channel().config().setAutoRead(false);
        } else {
            ReferenceCountUtil.release(message);
            ctx.close();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ServerContext.STOPPING && !http2 && phase == Phase.IDLE) {
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelTimer();
        release();
        ahead.forEach(ReferenceCountUtil::release);
        ahead.clear();
        if (exchange != null) {
            exchange.gone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("request from {}: {}", peer.remote(), cause.toString());
        if (http2) {
            reset(ctx, Http2Error.PROTOCOL_ERROR);
        } else {
            ctx.close();
        }
    }

    private void receive(ChannelHandlerContext ctx, HttpObject object) {
        try {
            if (phase == Phase.REFUSED || phase == Phase.WEB_SOCKET) {
                return;
            }
            if (object.decoderResult().isFailure()) {
                refuseMalformed(object.decoderResult().cause());
                return;
            }
            if (object instanceof io.netty.handler.codec.http.HttpRequest begun) {
                begin(ctx, begun);
            }
            if (object instanceof HttpContent content && phase == Phase.RECEIVING) {
                add(content);
            }
            if (object instanceof LastHttpContent && phase == Phase.RECEIVING) {
                dispatch(ctx);
            }
        } finally {
            ReferenceCountUtil.release(object);
        }
    }

    private void begin(ChannelHandlerContext ctx, io.netty.handler.codec.http.HttpRequest begun) {
        bytesArrived();
        head = begun;
        keepAlive = HttpUtil.isKeepAlive(begun);
        chunked = !begun.protocolVersion().equals(HttpVersion.HTTP_1_0);
        if (HttpUtil.getContentLength(begun, 0L) > server.limits().maxBodyBytes()) {
            refuseTooLarge();
        } else if (HttpUtil.is100ContinueExpected(begun)) {
            ctx.writeAndFlush(
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void add(HttpContent content) {
        int bytes = content.content().readableBytes();
        if (bytes > server.limits().maxBodyBytes() - body.length()) {
            refuseTooLarge();
        } else if (!server.reserve(bytes)) {
            refuse(503, "too many requests at once, try again");
        } else {
            reservedBytes += bytes;
            body.add(content.content());
        }
    }

    private void dispatch(ChannelHandlerContext ctx) {
        io.netty.handler.codec.http.HttpRequest arrived = head;
        if (arrived == null) {
            refuse(400, "a body without a request");
            return;
        }
        HttpRequest request;
        try {
            request = HttpMessages.request(arrived, body.take(), peer);
        } catch (IllegalArgumentException e) {
            refuse(400, String.valueOf(e.getMessage()));
            return;
        }
        cancelTimer();
        head = null;
        phase = Phase.ANSWERING;
        ServerExchange begun = exchange(ctx, request.method().equals("HEAD"), request);
        try {
            server.handler().handle(request, begun);
        } catch (RuntimeException e) {
            log.error(
                    "the handler failed on {} {}",
                    request.method(),
                    HttpMessages.withoutQuery(request.target()),
                    e);
            if (begun.begun()) {
                begun.broken("the handler failed");
            } else {
                begun.respond(server.refusal().response(500, "internal error"));
            }
        }
    }

    private ServerExchange exchange(
            ChannelHandlerContext ctx, boolean headOnly, @Nullable HttpRequest asked) {
        ServerExchange made = new ServerExchange(ctx, headOnly, asked, server.limits(), this);
        exchange = made;
        return made;
    }

    @Override
    public boolean last() {
        return !http2 && (!keepAlive || phase == Phase.REFUSED || server.stopping());
    }

    @Override
    public boolean chunked() {
        if (!chunked) {
            keepAlive = false;
        }
        return chunked;
    }

    @Override
    public void answered() {
        exchange = null;
        release();
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return;
        }
        if (http2) {
            if (phase == Phase.REFUSED) {
                // The answer is complete; this asks the peer to stop sending the rest.
                reset(ctx, Http2Error.NO_ERROR);
            }
        } else if (phase == Phase.REFUSED) {
            startTimer(LINGER, ctx::close);
        } else if (phase == Phase.WEB_SOCKET) {
            startTimer(WebSocketPeer.LINGER, ctx::close);
        } else if (last()) {
            ctx.close();
        } else {
            idle();
            while (phase != Phase.ANSWERING && !ahead.isEmpty()) {
                receive(ctx, ahead.remove());
            }
            ctx.channel().config().setAutoRead(ahead.isEmpty());
        }
    }

    @Override
    public void broken(String why) {
        exchange = null;
        release();
        ChannelHandlerContext ctx = context;
        log.debug("answer to {} broken off: {}", peer.remote(), why);
        if (ctx != null && http2) {
            reset(ctx, Http2Error.INTERNAL_ERROR);
        } else if (ctx != null) {
            ctx.close();
        }
    }

    @Override
    public boolean becomeWebSocket() {
        // Who speaks before the answer is not what it says it is.
        if (http2 || phase != Phase.ANSWERING || !ahead.isEmpty()) {
            return false;
        }
        phase = Phase.WEB_SOCKET;
        return true;
    }

    private void idle() {
        phase = Phase.IDLE;
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            startTimer(server.limits().idleTimeout(), ctx::close);
        }
    }

    private void refuseTooLarge() {
        refuse(413, "the body is longer than " + server.limits().maxBodyBytes() + " bytes");
    }

    private void refuseMalformed(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            refuse(414, "the request line is longer than the listener takes");
        } else if (cause instanceof TooLongHttpHeaderException) {
            refuse(431, "the header is longer than the listener takes");
        } else {
            refuse(400, "malformed request");
        }
    }

    private void refuse(int status, String message) {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            return;
        }
        cancelTimer();
        boolean headOnly = head != null && head.method().name().equals("HEAD");
        head = null;
        body.take();
        phase = Phase.REFUSED;
        exchange(ctx, headOnly, null).respond(server.refusal().response(status, message));
    }

    private static void reset(ChannelHandlerContext ctx, Http2Error reason) {
        Channel stream = ctx.channel();
        stream.writeAndFlush(new DefaultHttp2ResetFrame(reason))
                .addListener(written -> stream.close());
    }

    private void release() {
        server.release(reservedBytes);
        reservedBytes = 0;
    }

    private void startTimer(Duration delay, Runnable action) {
        cancelTimer();
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            timer = ctx.executor().schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }
}
