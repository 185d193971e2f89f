// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A fixed, small number of network threads, for any number of listeners and connections. One owner
 * makes it and closes it, after what runs on it. The threads are daemons: a program lives as long
 * as its own threads do.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
public final class EventLoops implements AutoCloseable {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final int LOOK_UPS_WAITING = 64;

    private final EventLoopGroup group;
    private final ThreadPoolExecutor lookUps;

    /**
     * @param name of the threads, {@code wayside-<bundle>-<role>}; a number follows if there are
     *     more
     * @param threads 1 or more; a gateway's bundle has 1
     */
    public EventLoops(String name, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, not " + threads);
        }
        AtomicInteger made = new AtomicInteger();
        this.group =
                new MultiThreadIoEventLoopGroup(
                        threads,
                        run -> {
                            int number = made.getAndIncrement();
                            String suffix = threads == 1 ? "" : "-" + number;
                            return daemon(new FastThreadLocalThread(run, name + suffix));
                        },
                        NioIoHandler.newFactory());
        this.lookUps =
                new ThreadPoolExecutor(
                        1,
                        1,
                        10,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(LOOK_UPS_WAITING),
                        run -> daemon(new Thread(run, name + "-lookup")));
        lookUps.allowCoreThreadTimeOut(true);
    }

    /** The threads as Netty knows them. */
    public EventLoopGroup group() {
        return group;
    }

    /** One thread for name look-ups, which block; it is there only while they are needed. */
    Executor lookUps() {
        return lookUps;
    }

    /** Ends the threads, and what still runs on them; waits at most 5 s. Not on one of them. */
    @Override
    public void close() {
        List<Runnable> waiting = lookUps.shutdownNow();
        group.shutdownGracefully(0, CLOSE_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_WITHIN.toMillis());
        // They look up nothing any more, but tell whoever waits for them.
        waiting.forEach(Runnable::run);
    }

    private static Thread daemon(Thread thread) {
        thread.setDaemon(true);
        return thread;
    }
}
