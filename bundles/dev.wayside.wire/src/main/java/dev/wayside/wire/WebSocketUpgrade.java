// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import org.jspecify.annotations.Nullable;

/** Turns an HTTP/1.1 connection into a WebSocket. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class WebSocketUpgrade {
    /** Nobody has to say much here: what comes in is dropped. More closes the connection, 1009. */
    private static final int MAX_FRAME_BYTES = 64 * 1024;

    private static final WebSocketDecoderConfig DECODING =
            WebSocketDecoderConfig.newBuilder()
                    .maxFramePayloadLength(MAX_FRAME_BYTES)
                    .allowExtensions(false)
                    .expectMaskedFrames(true)
                    .closeOnProtocolViolation(true)
                    .build();

    private WebSocketUpgrade() {}

    /**
     * Answers 101 and puts the frames' codec in the place of HTTP's. On the event loop.
     *
     * @param ctx the last handler, from which the messages will be written
     * @param protocol {@code ""} for none
     */
    static void accept(
            ChannelHandlerContext ctx,
            HttpRequest asked,
            String protocol,
            ServerLimits limits,
            ServerExchange exchange) {
        @Nullable String chosen = protocol.isEmpty() ? null : protocol;
        FullHttpRequest opening =
                new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, asked.target());
        asked.headers().forEach(opening.headers()::set);
        try {
            new WebSocketServerHandshaker13("", chosen, DECODING).handshake(ctx.channel(), opening);
        } finally {
            opening.release();
        }
        ctx.pipeline().addBefore(ctx.name(), null, new WebSocketPeer(exchange));
        ctx.pipeline()
                .addFirst(
                        new KeepAlive(
                                limits.pingInterval(),
                                limits.pingTimeout(),
                                number -> new PingWebSocketFrame()));
    }
}
