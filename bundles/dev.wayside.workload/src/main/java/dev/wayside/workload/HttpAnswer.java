// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.function.Consumer;

/** What an HTTP check is answered with; the body does not matter, save that it comes. */
record HttpAnswer(int status, String location) {
    /** Of a body; the rest is not waited for. */
    private static final int MOST_BODY = 10 * 1024;

    /** Sends the request once it can, and reads the answer. */
    // What Netty returns is not asked: a write or close that fails ends the channel.
    @SuppressWarnings("FutureReturnValueIgnored")
    static final class Reader extends SimpleChannelInboundHandler<HttpObject> {
        private final Handler.Http request;
        private final Consumer<HttpAnswer> answered;
        private final Consumer<Outcome> failed;
        private HttpAnswer answer = new HttpAnswer(0, "");
        private int body;
        private boolean over;

        Reader(Handler.Http request, Consumer<HttpAnswer> answered, Consumer<Outcome> failed) {
            this.request = request;
            this.answered = answered;
            this.failed = failed;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (!request.tls()) {
                send(context);
            }
            context.fireChannelActive();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                send(context);
            }
            context.fireUserEventTriggered(event);
        }

        private void send(ChannelHandlerContext context) {
            try {
                context.writeAndFlush(message(request))
                        .addListener(
                                written -> {
                                    if (!written.isSuccess()) {
                                        fail(context, written.cause());
                                    }
                                });
            } catch (IllegalArgumentException e) {
                over = true;
                failed.accept(Outcome.unknown("no such request can be made: " + e.getMessage()));
                context.close();
            }
        }

        private static FullHttpRequest message(Handler.Http request) {
            FullHttpRequest message =
                    new DefaultFullHttpRequest(
                            HttpVersion.HTTP_1_1,
                            HttpMethod.GET,
                            request.path(),
                            Unpooled.EMPTY_BUFFER);
            String host =
                    request.host().indexOf(':') < 0 ? request.host() : "[" + request.host() + "]";
            message.headers()
                    .set(HttpHeaderNames.HOST, host + ":" + request.port())
                    .set(HttpHeaderNames.USER_AGENT, "kube-probe/1.35")
                    .set(HttpHeaderNames.ACCEPT, "*/*");
            for (Handler.Header header : request.headers()) {
                // These have one value, and a probe may choose it; others may come repeatedly.
                if (message.headers().contains(header.name())) {
                    message.headers().remove(header.name());
                }
            }
            for (Handler.Header header : request.headers()) {
                message.headers().add(header.name(), header.value());
            }
            message.headers().set(HttpHeaderNames.CONNECTION, "close");
            return message;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
            if (part.decoderResult().isFailure()) {
                fail(context, part.decoderResult().cause());
                return;
            }
            if (part instanceof HttpResponse response) {
                String location = response.headers().get(HttpHeaderNames.LOCATION);
                answer = new HttpAnswer(response.status().code(), location == null ? "" : location);
            }
            if (part instanceof HttpContent content) {
                body += content.content().readableBytes();
                boolean interim = answer.status() / 100 == 1;
                if ((part instanceof LastHttpContent && !interim) || body > MOST_BODY) {
                    finish(context);
                }
            }
        }

        private void finish(ChannelHandlerContext context) {
            if (!over) {
                over = true;
                context.close();
                answered.accept(answer);
            }
        }

        private void fail(ChannelHandlerContext context, Throwable cause) {
            if (!over) {
                over = true;
                failed.accept(Outcome.failure(NetworkChecks.message(cause)));
            }
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!over) {
                over = true;
                failed.accept(Outcome.failure("EOF: the connection was closed"));
            }
            context.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(context, cause);
        }
    }
}
