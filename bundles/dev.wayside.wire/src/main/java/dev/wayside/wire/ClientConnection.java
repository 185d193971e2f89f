// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The end of a client's pipeline: what concerns the connection and no stream. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientConnection extends ChannelInboundHandlerAdapter {
    /** What HTTP/2 gives every connection at its start. */
    private static final int DEFAULT_WINDOW = 65_535;

    private final int connectionWindowBytes;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile boolean goingAway;
    private volatile boolean closedByUs;
    private volatile @Nullable Throwable reason;

    ClientConnection(int connectionWindowBytes) {
        this.connectionWindowBytes = connectionWindowBytes;
    }

    /**
     * The server's first SETTINGS are there. It sends them after it has seen our certificate, whose
     * refusal comes, in TLS 1.3, only when we have finished the handshake.
     */
    CompletableFuture<Void> ready() {
        return ready;
    }

    CompletableFuture<Void> closed() {
        return closed;
    }

    boolean goingAway() {
        return goingAway;
    }

    @Nullable Throwable reason() {
        return reason;
    }

    void closedByUs() {
        closedByUs = true;
    }

    /** The first reason is the one that counts; what follows is its consequence. */
    void failed(Throwable cause) {
        if (reason == null) {
            reason = cause;
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        int more = connectionWindowBytes - DEFAULT_WINDOW;
        if (more > 0) {
            ctx.writeAndFlush(new DefaultHttp2WindowUpdateFrame(more));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof Http2SettingsFrame) {
                ready.complete(null);
            } else if (message instanceof Http2GoAwayFrame goAway) {
                goingAway = true;
                failed(new IOException("the server says GOAWAY, code " + goAway.errorCode()));
                closeWhenIdle(ctx);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    /** Streams that the server still answers go on; the last one closes the connection. */
    private static void closeWhenIdle(ChannelHandlerContext ctx) {
        Http2FrameCodec frames = ctx.pipeline().get(Http2FrameCodec.class);
        frames.gracefulShutdownTimeoutMillis(-1);
        ctx.channel().close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(cause);
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        over();
    }

    /** Nothing comes any more. May be called twice. */
    void over() {
        if (closedByUs) {
            failed(new IOException("closed by us"));
            closed.complete(null);
        } else {
            failed(new IOException("the server closed the connection"));
            closed.completeExceptionally(reason);
        }
        ready.completeExceptionally(reason);
    }
}
