// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What comes in on a WebSocket on which only we have something to say: pings and the farewell are
 * answered, the rest is dropped. Of pings that come faster than their answers leave, the newest is
 * answered.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class WebSocketPeer extends SimpleChannelInboundHandler<WebSocketFrame> {
    /** So long the farewell may take to leave. */
    static final Duration LINGER = Duration.ofSeconds(1);

    private final ServerExchange exchange;
    private boolean answering;
    private byte @Nullable [] unanswered;
    private boolean gone;

    WebSocketPeer(ServerExchange exchange) {
        this.exchange = exchange;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        if (gone) {
            return;
        }
        if (frame instanceof PingWebSocketFrame) {
            answer(ctx, ByteBufUtil.getBytes(frame.content()));
        } else if (frame instanceof CloseWebSocketFrame close) {
            part(ctx, close);
        }
    }

    private void answer(ChannelHandlerContext ctx, byte[] ping) {
        if (answering) {
            unanswered = ping;
            return;
        }
        answering = true;
        ctx.writeAndFlush(new PongWebSocketFrame(Unpooled.wrappedBuffer(ping)))
                .addListener(
                        written -> {
                            answering = false;
                            byte[] next = unanswered;
                            unanswered = null;
                            if (next != null && written.isSuccess()) {
                                answer(ctx, next);
                            }
                        });
    }

    private void part(ChannelHandlerContext ctx, CloseWebSocketFrame close) {
        gone = true;
        if (exchange.isOver()) {
            ctx.close(); // This is the answer to our own farewell.
            return;
        }
        exchange.gone();
        ctx.writeAndFlush(new CloseWebSocketFrame(true, 0, close.content().retainedDuplicate()))
                .addListener(ChannelFutureListener.CLOSE);
        ctx.executor().schedule(() -> ctx.close(), LINGER.toMillis(), TimeUnit.MILLISECONDS);
    }
}
