// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections of one listener share. Safe for any thread. */
// What Netty returns is not asked: a close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
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

    private static final String UNKNOWN = "unknown";
    private static final String STRANGERS = "strangers";

    private final HttpHandler handler;
    private final ServerLimits limits;
    private final Refusal refusal;
    private final Budget bodies;
    private final Budget answers;
    private final Crowds crowds = new Crowds();
    private final ChannelGroup connections =
            new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicBoolean full = new AtomicBoolean();
    private volatile boolean stopping;

    ServerContext(HttpHandler handler, ServerLimits limits, Refusal refusal) {
        this.handler = handler;
        this.limits = limits;
        this.refusal = refusal;
        this.bodies = new Budget(limits.maxTotalBodyBytes(), limits.maxBodyBytes());
        this.answers = new Budget(limits.maxAnswerBytes(), 0);
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

    /** Of requests that arrive or are being answered. */
    Budget bodies() {
        return bodies;
    }

    /** What waits for slow readers. */
    Budget answers() {
        return answers;
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
        connection
                .closeFuture()
                .addListener(
                        closed -> {
                            count.decrementAndGet();
                            crowds.leave(connection);
                        });
        close(crowds.join(connection, UNKNOWN, limits.maxUnknown()));
        return true;
    }

    /** The handshake is done. */
    void known(Channel connection, ServerPeer peer) {
        close(
                peer.certificate() == null
                        ? crowds.join(connection, STRANGERS, limits.maxStrangers())
                        : crowds.join(connection, "=" + peer.identity(), limits.maxPerIdentity()));
        if (!connection.isOpen()) {
            crowds.leave(connection);
        }
    }

    private static void close(@Nullable Channel tooMany) {
        if (tooMany != null) {
            // From the pipeline's head: past TLS, which would wait for the peer's farewell.
            tooMany.eventLoop()
                    .execute(
                            () -> {
                                ChannelHandlerContext first = tooMany.pipeline().firstContext();
                                if (first == null) {
                                    tooMany.close();
                                } else {
                                    first.close();
                                }
                            });
        }
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
