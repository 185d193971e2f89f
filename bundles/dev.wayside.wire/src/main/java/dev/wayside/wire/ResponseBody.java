// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The body of one answer, on its way to a peer that may be slow.
 *
 * <p>{@link #queued} counts each byte from the call of {@link #write} until the socket has taken it
 * (in HTTP/2: until the peer's windows allowed it and the socket took it). Above a quarter of the
 * limit there is no room; below an eighth there is again; above the limit the writer did not heed
 * that, and the answer is aborted. While bytes are queued, a timer sees that some leave.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ResponseBody implements HttpExchange.ResponseStream {
    /** What the exchange does when the body is over. Called once, on the event loop. */
    interface Outcome {
        /** All was written. */
        void complete();

        /** The peer must learn that the answer is not complete. */
        void broken(String why);
    }

    /** Small enough that a link of 8 kbit/s moves one within the default stall timeout. */
    private static final int PART_BYTES = 32 * 1024;

    private final ChannelHandlerContext ctx;
    private final boolean discard;
    private final BodyFraming framing;
    private final int limit;
    private final long stallNanos;
    private final Outcome outcome;

    private final AtomicLong queued = new AtomicLong();
    private volatile boolean full;
    private volatile boolean over;

    private final Object lock = new Object();
    private @Nullable Runnable onWritable; // guarded by lock
    private boolean roomUnheard; // guarded by lock

    // The event loop's own:
    private boolean flushing;
    private boolean watching;
    private boolean ended;
    private boolean told;
    private long lastProgressNanos;

    /**
     * @param discard whether the answer has no body by its nature (HEAD, 204, 304)
     */
    ResponseBody(
            ChannelHandlerContext ctx,
            boolean discard,
            BodyFraming framing,
            ServerLimits limits,
            Outcome outcome) {
        this.ctx = ctx;
        this.discard = discard;
        this.framing = framing;
        this.limit = limits.maxQueuedBytes();
        this.stallNanos = limits.stallTimeout().toNanos();
        this.outcome = outcome;
    }

    @Override
    public boolean write(byte[] chunk) {
        if (over) {
            return false;
        }
        if (chunk.length == 0 || discard) {
            return true;
        }
        long now = queued.addAndGet(chunk.length);
        if (now > limit) {
            over = true;
            execute(() -> breakOff("the peer reads too slowly, " + now + " bytes wait for it"));
            return false;
        }
        boolean room = now < limit / 4;
        if (!room) {
            // Before the chunk is handed over: its own completion will then see the flag.
            full = true;
        }
        execute(() -> send(chunk));
        return room;
    }

    @Override
    public void onWritable(Runnable action) {
        boolean unheard;
        synchronized (lock) {
            onWritable = action;
            unheard = roomUnheard;
            roomUnheard = false;
        }
        if (unheard) {
            execute(action);
        }
    }

    @Override
    public void end() {
        execute(() -> finish(framing.end()));
    }

    @Override
    public void abort() {
        over = true;
        execute(() -> breakOff("aborted by the handler"));
    }

    /** Bytes that wait for the peer. */
    long queued() {
        return queued.get();
    }

    /** A whole body. A long one goes out as the peer takes it, so no second copy waits in TLS. */
    void writeWhole(byte[] body) {
        if (discard || body.length == 0) {
            finish(LastHttpContent.EMPTY_LAST_CONTENT);
        } else if (body.length <= PART_BYTES) {
            finish(new DefaultLastHttpContent(Unpooled.wrappedBuffer(body)));
        } else {
            queued.addAndGet(body.length);
            sendFrom(body, 0);
        }
    }

    /** The peer is gone; nothing more is written. On the event loop. */
    void gone() {
        over = true;
        ended = true;
        told = true;
    }

    private void sendFrom(byte[] body, int offset) {
        if (offset == body.length) {
            finish(LastHttpContent.EMPTY_LAST_CONTENT);
            return;
        }
        int length = Math.min(PART_BYTES, body.length - offset);
        sendPart(body, offset, length)
                .addListener(
                        sent -> {
                            if (sent.isSuccess()) {
                                sendFrom(body, offset + length);
                            }
                        });
    }

    private void send(byte[] chunk) {
        for (int offset = 0; offset < chunk.length; offset += PART_BYTES) {
            sendPart(chunk, offset, Math.min(PART_BYTES, chunk.length - offset));
        }
    }

    private ChannelFuture sendPart(byte[] bytes, int offset, int length) {
        if (ended || !ctx.channel().isActive()) {
            queued.addAndGet(-length);
            return ctx.newFailedFuture(new ClosedChannelException());
        }
        watch();
        ChannelFuture sent =
                ctx.write(
                        framing.part(
                                Unpooled.wrappedBuffer(bytes, offset, length),
                                offset == 0,
                                offset + length == bytes.length));
        sent.addListener(done -> taken(length));
        flushSoon();
        return sent;
    }

    private void taken(int length) {
        lastProgressNanos = System.nanoTime();
        long left = queued.addAndGet(-length);
        if (full && left <= limit / 8 && !over) {
            full = false;
            Runnable action;
            synchronized (lock) {
                action = onWritable;
                roomUnheard = action == null;
            }
            if (action != null) {
                action.run();
            }
        }
    }

    /** One flush for all that is written in one turn of the loop: fewer TLS records and packets. */
    private void flushSoon() {
        if (!flushing) {
            flushing = true;
            execute(
                    () -> {
                        flushing = false;
                        ctx.flush();
                    });
        }
    }

    private void watch() {
        if (!watching) {
            watching = true;
            lastProgressNanos = System.nanoTime();
            checkLater(stallNanos);
        }
    }

    private void checkLater(long delayNanos) {
        ctx.executor().schedule(this::checkProgress, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void checkProgress() {
        long idle = System.nanoTime() - lastProgressNanos;
        if (told || (queued.get() == 0 && !ended)) {
            watching = false;
        } else if (idle >= stallNanos) {
            breakOff("the peer takes nothing of the answer");
        } else {
            checkLater(stallNanos - idle);
        }
    }

    private void finish(Object last) {
        if (ended || over) {
            ReferenceCountUtil.release(last);
            return;
        }
        ended = true;
        over = true;
        watch();
        ctx.writeAndFlush(last)
                .addListener(
                        written -> {
                            if (written.isSuccess() && !told) {
                                told = true;
                                outcome.complete();
                            }
                        });
    }

    private void breakOff(String why) {
        if (!told) {
            told = true;
            ended = true;
            over = true;
            outcome.broken(why);
        }
    }

    /** Always by the queue, even on the event loop: so the calls keep their order. */
    private void execute(Runnable task) {
        try {
            ctx.executor().execute(task);
        } catch (RejectedExecutionException e) {
            over = true; // The event loop has ended, and every connection with it.
        }
    }
}
