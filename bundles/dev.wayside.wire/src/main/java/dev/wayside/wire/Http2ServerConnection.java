// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of an HTTP/2 listener's pipeline, for what concerns the connection and no stream: closes
 * it when it was idle for long, and with GOAWAY when the listener stops.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class Http2ServerConnection extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(Http2ServerConnection.class);

    /** Longer than any listener's deadline, which ends the connection anyhow. */
    private static final long UNTIL_STREAMS_END = -1;

    private final Duration firstWithin;
    private final Duration idleTimeout;
    private int lastStream;
    private @Nullable ScheduledFuture<?> next;

    Http2ServerConnection(Duration firstWithin, Duration idleTimeout) {
        this.firstWithin = firstWithin;
        this.idleTimeout = idleTimeout;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        schedule(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (next != null) {
            next.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ServerContext.STOPPING) {
            ctx.pipeline()
                    .get(Http2FrameCodec.class)
                    .gracefulShutdownTimeoutMillis(UNTIL_STREAMS_END);
            ctx.channel().close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("connection from {}: {}", ctx.channel().remoteAddress(), cause.toString());
    }

    private void schedule(ChannelHandlerContext ctx) {
        next =
                ctx.executor()
                        .schedule(
                                () -> closeIfIdle(ctx),
                                (lastStream == 0 ? firstWithin : idleTimeout).toNanos(),
                                TimeUnit.NANOSECONDS);
    }

    /** Idle is: no stream now, and none that came since the last look. */
    private void closeIfIdle(ChannelHandlerContext ctx) {
        Http2Connection streams = ctx.pipeline().get(Http2FrameCodec.class).connection();
        int newest = streams.remote().lastStreamCreated();
        if (streams.numActiveStreams() == 0 && newest == lastStream) {
            ctx.channel().close();
        } else {
            lastStream = newest;
            schedule(ctx);
        }
    }
}
