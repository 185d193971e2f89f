// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * One call of {@code grpc.health.v1.Health/Check} over clear text HTTP/2. Its messages have one
 * field each, so that they are written and read by hand.
 */
// What Netty returns is not asked: a write or close that fails ends the channel, which is told.
@SuppressWarnings("FutureReturnValueIgnored")
final class GrpcHealth extends SimpleChannelInboundHandler<Http2StreamFrame> {
    private static final int MOST_BODY = 4096;
    private static final int SERVING = 1;
    private static final String UNIMPLEMENTED = "12";
    private static final String[] STATES = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

    private final Consumer<Outcome> then;
    private final Runnable close;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    private GrpcHealth(Consumer<Outcome> then, Runnable close) {
        this.then = then;
        this.close = close;
    }

    /** For the pipeline of a new connection. */
    static ChannelHandler[] handlers(Handler.Grpc request, Consumer<Outcome> then) {
        return new ChannelHandler[] {
            Http2FrameCodecBuilder.forClient().build(),
            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
            new Opener(request, then)
        };
    }

    /** Opens the one stream. */
    private static final class Opener extends ChannelInboundHandlerAdapter {
        private final Handler.Grpc request;
        private final Consumer<Outcome> then;

        Opener(Handler.Grpc request, Consumer<Outcome> then) {
            this.request = request;
            this.then = then;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            new Http2StreamChannelBootstrap(context.channel())
                    .handler(new GrpcHealth(then, context.channel()::close))
                    .open()
                    .addListener(
                            (io.netty.util.concurrent.Future<
                                                    io.netty.handler.codec.http2.Http2StreamChannel>
                                            opened) -> {
                                if (opened.isSuccess()) {
                                    send(opened.getNow());
                                } else {
                                    fail(context, opened.cause());
                                }
                            });
            context.fireChannelActive();
        }

        private void send(io.netty.handler.codec.http2.Http2StreamChannel stream) {
            Http2Headers headers =
                    new DefaultHttp2Headers()
                            .method("POST")
                            .scheme("http")
                            .path("/grpc.health.v1.Health/Check")
                            .authority(request.host() + ":" + request.port())
                            .add("content-type", "application/grpc")
                            .add("user-agent", "kube-probe/1.35")
                            .add("te", "trailers");
            stream.write(new DefaultHttp2HeadersFrame(headers));
            stream.writeAndFlush(new DefaultHttp2DataFrame(message(request.service()), true));
        }

        private void fail(ChannelHandlerContext context, Throwable cause) {
            then.accept(Outcome.failure(NetworkChecks.message(cause)));
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            then.accept(Outcome.failure("EOF: the connection was closed"));
            context.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(context, cause);
        }
    }

    /** {@code HealthCheckRequest}: field 1, the service's name. */
    private static ByteBuf message(String service) {
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        ByteBuf field = Unpooled.buffer();
        if (name.length > 0) {
            field.writeByte(0x0a);
            int length = name.length;
            for (; length > 0x7f; length >>= 7) {
                field.writeByte((length & 0x7f) | 0x80);
            }
            field.writeByte(length).writeBytes(name);
        }
        return Unpooled.buffer().writeByte(0).writeInt(field.readableBytes()).writeBytes(field);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Http2StreamFrame frame) {
        if (frame instanceof Http2DataFrame data) {
            int length = Math.min(data.content().readableBytes(), MOST_BODY - body.size());
            byte[] bytes = new byte[length];
            data.content().readBytes(bytes);
            body.write(bytes, 0, length);
            if (data.isEndStream()) {
                finish(Outcome.failure("the answer has no grpc-status"));
            }
        } else if (frame instanceof Http2HeadersFrame headers) {
            if (headers.isEndStream()) {
                finish(outcome(headers.headers()));
            } else if (!"200".contentEquals(String.valueOf(headers.headers().status()))) {
                finish(Outcome.failure("HTTP status " + headers.headers().status()));
            }
        } else if (frame instanceof Http2ResetFrame) {
            finish(Outcome.failure("the stream was reset"));
        }
    }

    private Outcome outcome(Http2Headers trailers) {
        String status = String.valueOf(trailers.get("grpc-status"));
        if (status.equals(UNIMPLEMENTED)) {
            return Outcome.failure(
                    "this server does not implement the grpc health protocol"
                            + " (grpc.health.v1.Health)");
        }
        if (!status.equals("0")) {
            return Outcome.failure(
                    "rpc failed with status " + status + ": " + trailers.get("grpc-message"));
        }
        int state = state(body.toByteArray());
        return state == SERVING
                ? Outcome.success()
                : Outcome.failure(
                        "service unhealthy (responded with \""
                                + (state >= 0 && state < STATES.length ? STATES[state] : state)
                                + "\")");
    }

    /** {@code HealthCheckResponse}: field 1, a small number; absent means 0. */
    private static int state(byte[] message) {
        int head = 5;
        return message.length >= head + 2 && message[head] == 0x08 ? message[head + 1] : 0;
    }

    private void finish(Outcome outcome) {
        then.accept(outcome);
        close.run();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        finish(Outcome.failure(NetworkChecks.message(cause)));
    }
}
