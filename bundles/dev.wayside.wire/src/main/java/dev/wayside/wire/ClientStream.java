// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2NoMoreStreamIdsException;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** One request and its response on a connection. All state belongs to the event loop. */
// What Netty returns is not asked: a write or close that fails ends the channel, which all see.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientStream extends ChannelInboundHandlerAdapter implements StreamHandle {
    private final HttpConnection connection;
    private final StreamListener listener;
    private @Nullable Channel stream;
    private boolean over;

    ClientStream(HttpConnection connection, StreamListener listener) {
        this.connection = connection;
        this.listener = listener;
    }

    /** From any thread. */
    void open(String method, String target, Map<String, String> headers, byte[] body) {
        FullHttpRequest request =
                new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1,
                        HttpMethod.valueOf(method),
                        target,
                        Unpooled.wrappedBuffer(body));
        headers.forEach((name, value) -> request.headers().set(name, value));
        request.headers().set(HttpHeaderNames.HOST, connection.authority());
        if (body.length > 0) {
            request.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        }
        try {
            connection.channel().eventLoop().execute(() -> openNow(request));
        } catch (RejectedExecutionException e) {
            // The loop has ended, so nothing else can call the listener now.
            fail(new NotSentException("the event loop has ended", e));
        }
    }

    private void openNow(FullHttpRequest request) {
        if (over) {
            return;
        }
        if (!connection.usable()) {
            fail(new NotSentException("the connection " + connection + " takes no requests", null));
            return;
        }
        new Http2StreamChannelBootstrap(connection.channel())
                .handler(
                        new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel opened) {
                                opened.pipeline()
                                        .addLast(
                                                new Http2StreamFrameToHttpObjectCodec(false),
                                                ClientStream.this);
                            }
                        })
                .open()
                .addListener(
                        opened -> {
                            if (opened.isSuccess()) {
                                send((Channel) opened.getNow(), request);
                            } else {
                                fail(
                                        new NotSentException(
                                                "no stream on " + connection, opened.cause()));
                            }
                        });
    }

    private void send(Channel opened, FullHttpRequest request) {
        stream = opened;
        if (over) {
            opened.close();
            return;
        }
        opened.writeAndFlush(request)
                .addListener(
                        written -> {
                            if (!written.isSuccess()) {
                                fail(notWritten(written.cause()));
                                opened.close();
                            }
                        });
    }

    /** Only if the stream could not even begin is it certain that the server knows nothing. */
    private IOException notWritten(Throwable cause) {
        boolean neverBegun =
                cause instanceof Http2NoMoreStreamIdsException
                        || (cause instanceof Http2Exception refused
                                && refused.error() == Http2Error.REFUSED_STREAM)
                        || (cause instanceof Http2FrameStreamException stream
                                && stream.error() == Http2Error.REFUSED_STREAM);
        return neverBegun
                ? new NotSentException("too many requests at once " + connection, cause)
                : connection.failure("the request was not written", cause);
    }

    private static boolean informational(Object message) {
        return message instanceof io.netty.handler.codec.http.HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (over || informational(message)) {
                return;
            }
            if (message instanceof io.netty.handler.codec.http.HttpResponse response) {
                listener.onHeaders(
                        response.status().code(), HttpMessages.headers(response.headers()));
            }
            if (message instanceof HttpContent content && content.content().isReadable()) {
                if (!listener.onData(ByteBufUtil.getBytes(content.content()))) {
                    ctx.channel().config().setAutoRead(false);
                }
            }
            if (message instanceof LastHttpContent && !over) {
                over = true;
                listener.onEnd();
            }
        } catch (RuntimeException e) {
            fail(e);
            reset(ctx.channel());
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Http2ResetFrame reset) {
            Http2Error reason = Http2Error.valueOf(reset.errorCode());
            String message = "the server broke off the answer: " + reason;
            fail(
                    reason == Http2Error.REFUSED_STREAM
                            ? new NotSentException(message, null)
                            : new IOException(message));
        }
        if (event instanceof Http2GoAwayFrame) {
            fail(new NotSentException("the server goes away and left this request out", null));
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(connection.failure("the connection was lost before the answer was complete", null));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(new IOException("the answer cannot be read", cause));
        reset(ctx.channel());
    }

    @Override
    public void resume() {
        onLoop(
                () -> {
                    if (stream != null) {
                        stream.config().setAutoRead(true);
                    }
                });
    }

    @Override
    public void cancel() {
        onLoop(
                () -> {
                    over = true;
                    if (stream != null) {
                        reset(stream);
                    }
                });
    }

    private void fail(Throwable cause) {
        if (!over) {
            over = true;
            listener.onError(cause);
        }
    }

    private static void reset(Channel stream) {
        if (stream.isActive()) {
            stream.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL))
                    .addListener(written -> stream.close());
        }
    }

    private void onLoop(Runnable task) {
        try {
            connection.channel().eventLoop().execute(task);
        } catch (RejectedExecutionException e) {
            over = true; // The loop has ended, and the stream with it.
        }
    }
}
