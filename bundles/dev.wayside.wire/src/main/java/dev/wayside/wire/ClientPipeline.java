// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;

/** The protocol of a client, top to bottom: keep-alive, TLS, HTTP/2. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientPipeline extends ChannelInitializer<SocketChannel> {
    private static final long FAREWELL_MILLIS = 1_000;

    private final ClientTls tls;
    private final ClientLimits limits;
    private final String host;
    private final int port;
    private final ClientConnection state;

    ClientPipeline(
            ClientTls tls, ClientLimits limits, String host, int port, ClientConnection state) {
        this.tls = tls;
        this.limits = limits;
        this.host = host;
        this.port = port;
        this.state = state;
    }

    @Override
    protected void initChannel(SocketChannel connection) {
        SslHandler ssl = tls.newHandler(connection.alloc(), host, port);
        ssl.setHandshakeTimeoutMillis(limits.connectTimeout().toMillis());
        ssl.setCloseNotifyFlushTimeoutMillis(FAREWELL_MILLIS);
        // Here, since the channel closes before the pipeline is told why.
        ssl.handshakeFuture()
                .addListener(
                        done -> {
                            if (!done.isSuccess()) {
                                state.failed(done.cause());
                            }
                        });
        connection.pipeline().addLast(ssl, new Negotiated());
    }

    private void http2(Channel connection) {
        connection
                .pipeline()
                .addFirst(
                        new KeepAlive(
                                limits.pingInterval(),
                                limits.pingTimeout(),
                                DefaultHttp2PingFrame::new))
                .addLast(frames(), new Http2MultiplexHandler(new RefusePushed()), state);
    }

    private Http2FrameCodec frames() {
        return Http2FrameCodecBuilder.forClient()
                .initialSettings(
                        Http2Settings.defaultSettings()
                                .pushEnabled(false)
                                .initialWindowSize(limits.streamWindowBytes())
                                .maxHeaderListSize(limits.maxHeaderBytes()))
                .encoderEnforceMaxQueuedControlFrames(1_000)
                .decoderEnforceMaxConsecutiveEmptyDataFrames(2)
                .decoderEnforceMaxSmallContinuationFrames(16)
                .gracefulShutdownTimeoutMillis(0)
                .build();
    }

    /** Waits for the end of the handshake, which must have chosen HTTP/2. */
    private final class Negotiated extends ApplicationProtocolNegotiationHandler {
        Negotiated() {
            super("");
        }

        @Override
        protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
            if (protocol.equals(TlsContexts.HTTP_2)) {
                http2(ctx.channel());
            } else {
                state.failed(new IOException("the server does not speak HTTP/2"));
                ctx.close();
            }
        }

        @Override
        protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
            state.failed(cause);
            ctx.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            state.failed(cause);
            ctx.close();
        }
    }

    /** No stream begins at the server, since push is off. */
    private static final class RefusePushed extends ChannelInboundHandlerAdapter {
        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ctx.close();
        }
    }
}
