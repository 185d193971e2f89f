// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Finds connections that are dead without having said so. Stands before all other handlers and sees
 * raw bytes: any byte is a sign of life, so that on a slow link a PING's answer may wait behind
 * other data. After silence it sends a PING; after more silence it reports an {@link IOException}
 * through the pipeline and closes.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class KeepAlive extends ChannelInboundHandlerAdapter {
    private final long intervalNanos;
    private final long timeoutNanos;
    private final LongFunction<Object> ping;
    private long lastReadNanos;
    private long pings;
    private @Nullable ScheduledFuture<?> next;

    /**
     * @param ping makes one of its number
     */
    KeepAlive(Duration interval, Duration timeout, LongFunction<Object> ping) {
        this.ping = ping;
        this.intervalNanos = interval.toNanos();
        this.timeoutNanos = timeout.toNanos();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        lastReadNanos = System.nanoTime();
        schedule(ctx, intervalNanos);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        stop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stop();
        ctx.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        lastReadNanos = System.nanoTime();
        ctx.fireChannelRead(message);
    }

    private void stop() {
        if (next != null) {
            next.cancel(false);
        }
    }

    private void schedule(ChannelHandlerContext ctx, long delayNanos) {
        next = ctx.executor().schedule(() -> check(ctx), delayNanos, TimeUnit.NANOSECONDS);
    }

    private void check(ChannelHandlerContext ctx) {
        if (!ctx.channel().isActive()) {
            return;
        }
        long silence = System.nanoTime() - lastReadNanos;
        if (silence >= intervalNanos + timeoutNanos) {
            ctx.fireExceptionCaught(
                    new IOException(
                            "no sign of life from "
                                    + ctx.channel().remoteAddress()
                                    + " for "
                                    + TimeUnit.NANOSECONDS.toMillis(silence)
                                    + " ms"));
            // From here: past TLS, which would wait for the dead peer to take its farewell.
            ctx.close();
        } else if (silence >= intervalNanos) {
            ctx.channel().writeAndFlush(ping.apply(++pings));
            schedule(ctx, intervalNanos + timeoutNanos - silence);
        } else {
            schedule(ctx, intervalNanos - silence);
        }
    }
}
