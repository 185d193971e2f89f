// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.wire.Buffers;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Checks over the network, any number at once on one event loop. Every one has a connection of its
 * own, which is closed with it.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which is told.
@SuppressWarnings("FutureReturnValueIgnored")
final class NetworkChecks {
    private static final int MOST_HEADER = 16 * 1024;
    private static final int MOST_REDIRECTS = 10;

    private final EventLoop loop;
    private final SSLContext tls = trustingAll();

    NetworkChecks(EventLoop loop) {
        this.loop = loop;
    }

    void tcp(InetAddress address, int port, Duration timeout, Consumer<Outcome> then) {
        connect(address, port, timeout, then, new ChannelHandler[0])
                .addListener(
                        connected -> {
                            if (connected.isSuccess()) {
                                then.accept(Outcome.success());
                                ((ChannelFuture) connected).channel().close();
                            }
                        });
    }

    void http(InetAddress address, Handler.Http request, Duration timeout, Consumer<Outcome> then) {
        http(address, request, timeout, then, MOST_REDIRECTS);
    }

    private void http(
            InetAddress address,
            Handler.Http request,
            Duration timeout,
            Consumer<Outcome> then,
            int redirects) {
        long begun = System.nanoTime();
        Consumer<HttpAnswer> answered =
                answer -> {
                    Optional<Handler.Http> elsewhere =
                            answer.status() / 100 == 3 && redirects > 0
                                    ? redirect(request, answer.location())
                                    : Optional.empty();
                    Duration left = timeout.minusNanos(System.nanoTime() - begun);
                    if (elsewhere.isPresent() && !left.isNegative()) {
                        http(address, elsewhere.get(), left, then, redirects - 1);
                    } else if (answer.status() >= 200 && answer.status() < 400) {
                        then.accept(Outcome.success());
                    } else {
                        then.accept(
                                Outcome.failure(
                                        "HTTP probe failed with statuscode: " + answer.status()));
                    }
                };
        HttpClientCodec codec = new HttpClientCodec(4096, MOST_HEADER, 8192);
        HttpAnswer.Reader reader = new HttpAnswer.Reader(request, answered, then);
        connect(
                address,
                request.port(),
                timeout,
                then,
                request.tls()
                        ? new ChannelHandler[] {new SslHandler(engine()), codec, reader}
                        : new ChannelHandler[] {codec, reader});
    }

    /** The same server under another path; others are not followed. */
    private static Optional<Handler.Http> redirect(Handler.Http request, String location) {
        try {
            String scheme = request.tls() ? "https" : "http";
            URI from = new URI(scheme, null, "server", request.port(), "/", null, null);
            URI to = from.resolve(request.path()).resolve(location);
            boolean same =
                    scheme.equals(to.getScheme())
                            && request.port() == to.getPort()
                            && ("server".equals(to.getHost())
                                    || request.host().equals(to.getHost()));
            if (!same || location.isEmpty()) {
                return Optional.empty();
            }
            String query = to.getRawQuery() == null ? "" : "?" + to.getRawQuery();
            String path = to.getRawPath().isEmpty() ? "/" : to.getRawPath();
            return Optional.of(
                    new Handler.Http(
                            request.tls(),
                            request.host(),
                            request.port(),
                            path + query,
                            request.headers()));
        } catch (java.net.URISyntaxException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    void grpc(InetAddress address, Handler.Grpc request, Duration timeout, Consumer<Outcome> then) {
        connect(address, request.port(), timeout, then, GrpcHealth.handlers(request, then));
    }

    /** Tells of a failure to connect, of the timeout, and of the end of the connection. */
    private ChannelFuture connect(
            InetAddress address,
            int port,
            Duration timeout,
            Consumer<Outcome> then,
            ChannelHandler[] handlers) {
        ChannelFuture connecting =
                new Bootstrap()
                        .group(loop)
                        .channel(NioSocketChannel.class)
                        .option(ChannelOption.ALLOCATOR, Buffers.shared())
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                        .handler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline().addLast(handlers);
                                    }
                                })
                        .connect(new InetSocketAddress(address, port));
        Channel channel = connecting.channel();
        var late =
                loop.schedule(
                        () -> {
                            then.accept(
                                    Outcome.failure(
                                            "timeout: no answer within "
                                                    + Math.max(1, timeout.toSeconds())
                                                    + "s"));
                            channel.close();
                        },
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS);
        connecting.addListener(
                connected -> {
                    if (!connected.isSuccess()) {
                        then.accept(Outcome.failure("dial tcp: " + message(connected.cause())));
                    }
                });
        channel.closeFuture().addListener(closed -> late.cancel(false));
        return connecting;
    }

    static String message(Throwable cause) {
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }

    private SSLEngine engine() {
        SSLEngine engine = tls.createSSLEngine();
        engine.setUseClientMode(true);
        return engine;
    }

    /** As Kubernetes: a probe asks whether the server answers, not who it is. */
    private static SSLContext trustingAll() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no TLS", e);
        }
    }

    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(
                X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(
                X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
