// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 over the engine's Unix socket. Owns one event-loop thread. Each request has a connection
 * of its own: on a Unix socket that costs next to nothing, and there is no pooled connection that
 * the engine has closed meanwhile. At most {@value #MAX_CONNECTIONS} calls are under way at once.
 */
final class DockerSocket implements AutoCloseable {
    // Stops wait for grace periods and pulls for the network: they must leave room for the rest.
    private static final int MAX_CONNECTIONS = 32;
    private static final int MAX_BODY = 3 * 1024 * 1024;

    private final Path socket;
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(
                    1,
                    new DefaultThreadFactory("wayside-driver-docker-io", true),
                    NioIoHandler.newFactory());
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final Set<Stream> underWay = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    DockerSocket(Path socket) {
        this.socket = socket;
    }

    /** What the engine answered. */
    record Answer(int status, byte[] body) {}

    /**
     * What to send; the body may hold secrets.
     *
     * @param keep if above 0, an answer may be longer than that, and is cut
     */
    record Question(HttpMethod method, String path, String contentType, byte[] body, int keep) {
        Question(HttpMethod method, String path, String contentType, byte[] body) {
            this(method, path, contentType, body, 0);
        }

        static Question of(HttpMethod method, String path) {
            return new Question(method, path, "", new byte[0]);
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    /** The engine works on it, but has not come to an end. */
    static final class LateException extends IOException {
        private static final long serialVersionUID = 1L;

        LateException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    Path path() {
        return socket;
    }

    EventLoopGroup loop() {
        return loop;
    }

    /** Sends, and waits for the whole answer. */
    Answer call(Question question, Duration atMost) throws IOException {
        return call(question, atMost, null, Duration.ZERO);
    }

    /**
     * Sends, and waits for the end of an answer that comes line by line.
     *
     * @param line is given each line of a good answer, on the event loop; the body of the answer is
     *     empty then
     * @param silence the longest pause
     */
    Answer call(
            Question question, Duration atMost, @Nullable Consumer<byte[]> line, Duration silence)
            throws IOException {
        long begin = System.nanoTime();
        try {
            if (!connections.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IOException("too many calls under way");
            }
        } catch (InterruptedException e) {
            throw interrupted(question);
        }
        Stream stream = null;
        try {
            stream = open(question, line, silence);
            long left = atMost.toNanos() - (System.nanoTime() - begin);
            return stream.answer.get(Math.max(left, 0), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted(question);
        } catch (TimeoutException e) {
            throw new LateException(
                    question + ": no answer within " + atMost.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(question + ": " + cause, cause);
        } finally {
            if (stream != null) {
                stream.close();
            }
            connections.release();
        }
    }

    /** An exchange under way. Closing it gives it up. */
    static final class Stream implements AutoCloseable {
        private final CompletableFuture<Answer> answer;
        private final @Nullable Channel channel;

        Stream(CompletableFuture<Answer> answer, @Nullable Channel channel) {
            this.answer = answer;
            this.channel = channel;
        }

        /** Completes with the end of the answer, or of the connection. */
        CompletableFuture<Answer> answer() {
            return answer;
        }

        @Override
        public void close() {
            if (channel != null) {
                var unused = channel.close();
            }
        }
    }

    /** Sends, and returns at once. */
    Stream open(Question question, @Nullable Consumer<byte[]> line, Duration silence) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        if (closed) {
            answer.completeExceptionally(stopped());
            return new Stream(answer, null);
        }
        ChannelFuture connected =
                new Bootstrap()
                        .group(loop)
                        .channel(NioDomainSocketChannel.class)
                        .handler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        if (!silence.isZero()) {
                                            channel.pipeline()
                                                    .addLast(
                                                            new ReadTimeoutHandler(
                                                                    silence.toMillis(),
                                                                    TimeUnit.MILLISECONDS));
                                        }
                                        channel.pipeline()
                                                .addLast(new HttpClientCodec())
                                                .addLast(
                                                        new AnswerReader(
                                                                answer,
                                                                line,
                                                                question.keep() > 0
                                                                        ? question.keep()
                                                                        : MAX_BODY,
                                                                question.keep() > 0));
                                    }
                                })
                        .connect(UnixDomainSocketAddress.of(socket));
        Channel channel = connected.channel();
        connected.addListener(
                done -> {
                    if (done.isSuccess()) {
                        channel.writeAndFlush(request(question))
                                .addListener(
                                        written -> {
                                            if (!written.isSuccess()) {
                                                answer.completeExceptionally(written.cause());
                                                var unused = channel.close();
                                            }
                                        });
                    } else {
                        answer.completeExceptionally(done.cause());
                    }
                });
        Stream stream = new Stream(answer, channel);
        underWay.add(stream);
        var unused = answer.whenComplete((done, failure) -> underWay.remove(stream));
        if (closed) {
            answer.completeExceptionally(stopped());
        }
        return stream;
    }

    private static FullHttpRequest request(Question question) {
        FullHttpRequest request =
                new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1,
                        question.method(),
                        question.path(),
                        Unpooled.wrappedBuffer(question.body()));
        request.headers()
                .set(HttpHeaderNames.HOST, "docker")
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                .set(HttpHeaderNames.CONTENT_LENGTH, question.body().length);
        if (!question.contentType().isEmpty()) {
            request.headers().set(HttpHeaderNames.CONTENT_TYPE, question.contentType());
        }
        return request;
    }

    private static InterruptedIOException interrupted(Question question) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException(question + ": interrupted");
    }

    private static IOException stopped() {
        return new IOException("the driver is stopped");
    }

    /** Gives up what is under way and ends the thread, within 5 s. */
    @Override
    public void close() {
        closed = true;
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
        // A connection that the loop did not take any more tells nobody that it failed.
        underWay.forEach(stream -> stream.answer.completeExceptionally(stopped()));
    }
}
