// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener on one TCP port: TLS 1.3, and in it HTTP/2 or HTTP/1.1 as the client asks. One handler
 * answers both. Safe for any thread.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
    private static final int BACKLOG = 1024;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

    private final ServerContext server;
    private final Channel listener;

    private HttpServer(ServerContext server, Channel listener) {
        this.server = server;
        this.listener = listener;
    }

    /**
     * Listens from now on.
     *
     * @param address port 0 for any free one, then see {@link #address}
     * @param refusal words the answers of the listener itself, for instance {@link
     *     Refusal#plainText}
     * @param loops the caller's, closed by him after this listener
     * @throws IOException if the address cannot be had, for instance since the port is taken
     */
    public static HttpServer start(
            InetSocketAddress address,
            ServerTls tls,
            ServerLimits limits,
            Refusal refusal,
            EventLoops loops,
            HttpHandler handler)
            throws IOException {
        ServerContext server = new ServerContext(handler, limits, refusal);
        var bound =
                new ServerBootstrap()
                        .group(loops.group())
                        .channel(NioServerSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .option(ChannelOption.ALLOCATOR, Buffers.shared())
                        .childOption(ChannelOption.ALLOCATOR, Buffers.shared())
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childHandler(new ServerPipeline(tls, server))
                        .bind(address)
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on " + address, bound.cause());
        }
        return new HttpServer(server, bound.channel());
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** How many connections there are now. */
    public int connections() {
        return server.connections().size();
    }

    /** How many bytes of requests are held now, of those arriving and those being answered. */
    public long bodyBytes() {
        return server.bodies().taken();
    }

    /** How many bytes of answers wait for slow readers now. */
    public long answerBytes() {
        return server.answers().taken();
    }

    /**
     * Takes no more connections, lets requests under way be answered (HTTP/2 peers are told by
     * GOAWAY), and breaks off what is left after the grace. Blocks for the grace and 2 s at the
     * most; not to be called on an event loop. May be called twice.
     */
    public void stop(Duration grace) {
        ChannelGroup connections = server.connections();
        server.stop();
        listener.close().awaitUninterruptibly(CLOSE_WITHIN.toMillis());
        for (Channel connection : connections) {
            connection.pipeline().fireUserEventTriggered(ServerContext.STOPPING);
        }
        connections.newCloseFuture().awaitUninterruptibly(grace.toMillis());
        for (Channel connection : connections) {
            // From the pipeline's head: past all that would wait for the peer.
            ChannelHandlerContext first = connection.pipeline().firstContext();
            if (first == null) {
                connection.close();
            } else {
                first.close();
            }
        }
        if (!connections.newCloseFuture().awaitUninterruptibly(CLOSE_WITHIN.toMillis())) {
            log.warn("{} connections did not close in time", connections.size());
        }
    }

    /** Stops without grace. */
    @Override
    public void close() {
        stop(Duration.ZERO);
    }
}
