// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** One attempt to reach a server: name look-up, then its addresses in turn, then TLS and HTTP/2. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientDial {
    private static final int HTTPS_PORT = 443;

    private final String host;
    private final int port;
    private final ClientTls tls;
    private final ClientLimits limits;
    private final EventLoops loops;
    // All but the look-up happens here.
    private final EventLoop loop;
    private final CompletableFuture<HttpConnection> result = new CompletableFuture<>();
    private volatile @Nullable Channel current;

    ClientDial(URI server, ClientTls tls, ClientLimits limits, EventLoops loops) {
        if (!"https".equalsIgnoreCase(server.getScheme()) || server.getHost() == null) {
            throw new IllegalArgumentException("https://HOST[:PORT] expected, not " + server);
        }
        this.host = withoutBrackets(server.getHost());
        this.port = server.getPort() < 0 ? HTTPS_PORT : server.getPort();
        this.tls = tls;
        this.limits = limits;
        this.loops = loops;
        this.loop = loops.group().next();
    }

    CompletableFuture<HttpConnection> start() {
        try {
            ScheduledFuture<?> timer =
                    loop.schedule(
                            () -> fail("no connection in time", null),
                            limits.connectTimeout().toNanos(),
                            TimeUnit.NANOSECONDS);
            result.whenComplete(
                    (connection, failure) -> {
                        timer.cancel(false);
                        Channel begun = current;
                        if (failure != null && begun != null) {
                            begun.close();
                        }
                    });
            loops.lookUps().execute(this::lookUp);
        } catch (RejectedExecutionException e) {
            fail("the event loops have ended, or too many dial at once", e);
        }
        return result;
    }

    private void lookUp() {
        if (loop.isShuttingDown()) {
            fail("the event loops have ended", null);
            return;
        }
        try {
            InetAddress[] addresses = InetAddress.getAllByName(host);
            // The loops may have ended meanwhile, and could then not tell of a failure any more.
            loop.execute(() -> tryAddress(addresses, 0, null));
        } catch (UnknownHostException e) {
            fail("the name has no address", e);
        } catch (RejectedExecutionException e) {
            fail("the event loops have ended", e);
        }
    }

    private void tryAddress(InetAddress[] addresses, int at, @Nullable Throwable last) {
        if (result.isDone()) {
            return;
        }
        if (at == addresses.length) {
            fail("no address answers", last);
            return;
        }
        ClientConnection state = new ClientConnection(limits.connectionWindowBytes());
        ChannelFuture connecting =
                new Bootstrap()
                        .group(loop)
                        .channel(NioSocketChannel.class)
                        .option(ChannelOption.ALLOCATOR, Buffers.shared())
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.SO_KEEPALIVE, true)
                        .option(
                                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                                (int) limits.connectTimeout().toMillis() / addresses.length + 1)
                        .handler(new ClientPipeline(tls, limits, host, port, state))
                        .connect(new InetSocketAddress(addresses[at], port));
        current = connecting.channel();
        connecting.addListener(
                connected -> {
                    if (connected.isSuccess()) {
                        established(connecting.channel(), state);
                    } else {
                        tryAddress(addresses, at + 1, connected.cause());
                    }
                });
    }

    private void established(Channel channel, ClientConnection state) {
        if (result.isDone()) {
            channel.close();
            return;
        }
        channel.closeFuture().addListener(closed -> overSoon(channel, state));
        state.ready()
                .whenComplete(
                        (ready, failure) -> {
                            if (failure != null) {
                                fail("no connection", failure);
                            } else {
                                succeed(new HttpConnection(channel, authority(), limits, state));
                            }
                        });
    }

    /** Not at once: TLS closes the channel first and says why after it, in the same turn. */
    private static void overSoon(Channel channel, ClientConnection state) {
        try {
            channel.eventLoop().execute(state::over);
        } catch (RejectedExecutionException e) {
            state.over();
        }
    }

    private void succeed(HttpConnection connection) {
        if (!result.complete(connection)) {
            connection.close();
        }
    }

    private void fail(String what, @Nullable Throwable cause) {
        Throwable reason = cause;
        // The decoder's and the handshake's wrapping says nothing; what lies within does.
        while (reason != null
                && reason.getCause() != null
                && (reason instanceof io.netty.handler.codec.DecoderException
                        || reason instanceof SSLException)) {
            reason = reason.getCause();
        }
        String detail = reason == null ? "" : ": " + reason.getMessage();
        result.completeExceptionally(new IOException(what + " to " + authority() + detail, cause));
    }

    private String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == HTTPS_PORT ? name : name + ":" + port;
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
