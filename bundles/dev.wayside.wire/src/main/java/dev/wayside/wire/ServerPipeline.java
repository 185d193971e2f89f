// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandler;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol of a listener, top to bottom: TLS, then by ALPN HTTP/2 or HTTP/1.1, and in both one
 * {@link RequestReceiver}. A further protocol on the same port is one more entry in {@link
 * #protocols}, and its name in {@link ServerTls}.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ServerPipeline extends ChannelInitializer<SocketChannel> {
    private static final Logger log = LoggerFactory.getLogger(ServerPipeline.class);
    private static final int RESET_WINDOW_SECONDS = 30;

    private final ServerTls tls;
    private final ServerContext server;
    private final ServerLimits limits;
    private final Map<String, Consumer<Channel>> protocols =
            Map.of(TlsContexts.HTTP_2, this::http2, TlsContexts.HTTP_1_1, this::http1);

    ServerPipeline(ServerTls tls, ServerContext server) {
        this.tls = tls;
        this.server = server;
        this.limits = server.limits();
    }

    @Override
    protected void initChannel(SocketChannel connection) {
        if (!server.admit(connection)) {
            connection.close();
            return;
        }
        SslHandler ssl = tls.newHandler(connection.alloc());
        ssl.setHandshakeTimeoutMillis(limits.handshakeTimeout().toMillis());
        connection.pipeline().addLast(ssl, new ProtocolChoice());
    }

    private void http1(Channel connection) {
        HttpDecoderConfig decoding =
                new HttpDecoderConfig()
                        .setMaxInitialLineLength(limits.maxHeaderBytes())
                        .setMaxHeaderSize(limits.maxHeaderBytes());
        RequestReceiver requests = new RequestReceiver(server, ServerPeer.of(connection), false);
        connection
                .pipeline()
                .addLast(new FirstByte(requests), new HttpServerCodec(decoding), requests);
    }

    private void http2(Channel connection) {
        ServerPeer peer = ServerPeer.of(connection);
        ChannelPipeline pipeline = connection.pipeline();
        pipeline.addFirst(
                new KeepAlive(
                        limits.pingInterval(), limits.pingTimeout(), DefaultHttp2PingFrame::new));
        pipeline.addLast(
                frames(),
                new Http2MultiplexHandler(
                        new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel stream) {
                                stream.pipeline()
                                        .addLast(
                                                new Http2StreamFrameToHttpObjectCodec(true),
                                                new RequestReceiver(server, peer, true));
                            }
                        }),
                new Http2ServerConnection(limits.idleTimeout()));
    }

    private Http2FrameCodec frames() {
        return Http2FrameCodecBuilder.forServer()
                .initialSettings(
                        Http2Settings.defaultSettings()
                                .maxConcurrentStreams(limits.maxStreams())
                                .maxHeaderListSize(limits.maxHeaderBytes()))
                .decoderEnforceMaxRstFramesPerWindow(limits.maxResets(), RESET_WINDOW_SECONDS)
                .encoderEnforceMaxRstFramesPerWindow(limits.maxResets(), RESET_WINDOW_SECONDS)
                .encoderEnforceMaxQueuedControlFrames(1_000)
                .decoderEnforceMaxConsecutiveEmptyDataFrames(2)
                .decoderEnforceMaxSmallContinuationFrames(16)
                .gracefulShutdownTimeoutMillis(0)
                .build();
    }

    /** Waits for the end of the handshake; who does not speak ALPN speaks HTTP/1.1. */
    private final class ProtocolChoice extends ApplicationProtocolNegotiationHandler {
        ProtocolChoice() {
            super(TlsContexts.HTTP_1_1);
        }

        @Override
        protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
            Consumer<Channel> chosen = protocols.get(protocol);
            if (chosen == null) {
                ctx.close();
            } else {
                chosen.accept(ctx.channel());
            }
        }

        @Override
        protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
            // Anyone can fail a handshake as often as he likes: not worth a line each.
            log.debug("handshake with {}: {}", ctx.channel().remoteAddress(), cause.toString());
            ctx.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.debug("connection from {}: {}", ctx.channel().remoteAddress(), cause.toString());
            ctx.close();
        }
    }

    /** Starts the clock of a request before its header can be decoded. */
    private static final class FirstByte extends ChannelInboundHandlerAdapter {
        private final RequestReceiver requests;

        FirstByte(RequestReceiver requests) {
            this.requests = requests;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            requests.bytesArrived();
            ctx.fireChannelRead(message);
        }
    }
}
