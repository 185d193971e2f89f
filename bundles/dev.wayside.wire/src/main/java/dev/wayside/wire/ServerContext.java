// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections of one listener share. Safe for any thread. */
final class ServerContext {
    private static final Logger log = LoggerFactory.getLogger(ServerContext.class);

    /** Goes through each connection's pipeline when the listener stops. */
    static final Object STOPPING =
            new Object() {
                @Override
                public String toString() {
                    return "the listener stops";
                }
            };

    private final HttpHandler handler;
    private final ServerLimits limits;
    private final Refusal refusal;
    private final AtomicLong bodyBytes = new AtomicLong();
    private final ChannelGroup connections =
            new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicBoolean full = new AtomicBoolean();
    private volatile boolean stopping;

    ServerContext(HttpHandler handler, ServerLimits limits, Refusal refusal) {
        this.handler = handler;
        this.limits = limits;
        this.refusal = refusal;
    }

    HttpHandler handler() {
        return handler;
    }

    ServerLimits limits() {
        return limits;
    }

    Refusal refusal() {
        return refusal;
    }

    /** Whether there is room for so many more bytes of bodies; if so they are counted. */
    boolean reserve(int bytes) {
        if (bodyBytes.addAndGet(bytes) <= limits.maxTotalBodyBytes()) {
            return true;
        }
        bodyBytes.addAndGet(-bytes);
        return false;
    }

    void release(long bytes) {
        bodyBytes.addAndGet(-bytes);
    }

    long reservedBytes() {
        return bodyBytes.get();
    }

    /** Whether there is room for one more connection; if so it is counted until it closes. */
    boolean admit(Channel connection) {
        if (stopping) {
            return false;
        }
        boolean room = count.incrementAndGet() <= limits.maxConnections();
        if (full.getAndSet(!room) == room) {
            if (room) {
                log.info("connections are accepted again");
            } else {
                log.warn(
                        "all {} connections are taken, further ones are closed",
                        limits.maxConnections());
            }
        }
        if (!room) {
            count.decrementAndGet();
            return false;
        }
        connections.add(connection);
        connection.closeFuture().addListener(closed -> count.decrementAndGet());
        return true;
    }

    ChannelGroup connections() {
        return connections;
    }

    boolean stopping() {
        return stopping;
    }

    void stop() {
        stopping = true;
    }
}
