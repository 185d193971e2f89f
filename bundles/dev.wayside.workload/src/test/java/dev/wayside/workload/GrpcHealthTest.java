// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.wire.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrame;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The health protocol against a server that answers bytes. */
final class GrpcHealthTest {
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    private final EventLoops loops = new EventLoops("wayside-test-grpc", 1);
    private final List<String> asked = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        loops.close();
    }

    private int serve(String body, String grpcStatus) {
        Channel server =
                new ServerBootstrap()
                        .group(loops.group())
                        .channel(NioServerSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline()
                                                .addLast(
                                                        Http2FrameCodecBuilder.forServer().build(),
                                                        new Http2MultiplexHandler(
                                                                answer(body, grpcStatus)));
                                    }
                                })
                        .bind(new InetSocketAddress(HERE, 0))
                        .syncUninterruptibly()
                        .channel();
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    private ChannelInitializer<Channel> answer(String body, String grpcStatus) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.pipeline().addLast(new Answer(body, grpcStatus));
            }
        };
    }

    private final class Answer extends SimpleChannelInboundHandler<Http2StreamFrame> {
        private final String body;
        private final String grpcStatus;

        Answer(String body, String grpcStatus) {
            this.body = body;
            this.grpcStatus = grpcStatus;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Http2StreamFrame frame) {
            if (frame instanceof Http2HeadersFrame headers) {
                asked.add(String.valueOf(headers.headers().path()));
            }
            if (frame instanceof Http2DataFrame data) {
                asked.add(ByteBufUtil.hexDump(data.content()));
                DefaultHttp2Headers begin = new DefaultHttp2Headers();
                begin.status("200").add("content-type", "application/grpc");
                DefaultHttp2Headers end = new DefaultHttp2Headers();
                end.add("grpc-status", grpcStatus);
                var first = context.write(new DefaultHttp2HeadersFrame(begin));
                if (!body.isEmpty()) {
                    var second =
                            context.write(
                                    new DefaultHttp2DataFrame(
                                            Unpooled.wrappedBuffer(
                                                    ByteBufUtil.decodeHexDump(body))));
                    assertThat(second).isNotNull();
                }
                var last = context.writeAndFlush(new DefaultHttp2HeadersFrame(end, true));
                assertThat(first).isNotEqualTo(last);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "00000000020801, 0, SUCCESS, ''",
        "00000000020802, 0, FAILURE, 'service unhealthy (responded with \"NOT_SERVING\")'",
        "0000000000, 0, FAILURE, 'service unhealthy (responded with \"UNKNOWN\")'",
        "'', 5, FAILURE, 'rpc failed with status 5: null'",
        "'', 12, FAILURE, 'this server does not implement the grpc health protocol"
                + " (grpc.health.v1.Health)'",
    })
    void asksForTheServicesHealth(String body, String grpcStatus, Outcome.Kind kind, String message)
            throws Exception {
        int port = serve(body, grpcStatus);
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        new NetworkChecks(loops.group().next())
                .grpc(
                        HERE,
                        new Handler.Grpc("127.0.0.1", port, "web"),
                        Duration.ofSeconds(20),
                        outcome::complete);
        assertThat(outcome.get(30, TimeUnit.SECONDS)).isEqualTo(new Outcome(kind, message));
        assertThat(asked).containsExactly("/grpc.health.v1.Health/Check", "00000000050a03776562");
    }
}
