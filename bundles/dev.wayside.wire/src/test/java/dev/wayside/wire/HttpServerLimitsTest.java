// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the listener does with peers that mean no good, or are only slow. */
@Timeout(90)
class HttpServerLimitsTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String GET = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

    @TempDir static Path folder;
    static Fixture fixture;

    @BeforeAll
    static void open() throws Exception {
        fixture = new Fixture(folder);
    }

    @AfterAll
    static void close() throws Exception {
        fixture.close();
    }

    private static ServerLimits patient() {
        return ServerLimits.gateway().withTimeouts(LONG, LONG, LONG, LONG);
    }

    private static void echo(HttpRequest request, HttpExchange exchange) {
        exchange.respond(Fixture.text(200, request.target()));
    }

    @Test
    void whoConnectsAndSaysNothingIsCutOff() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withTimeouts(SHORT, LONG, LONG, LONG),
                        HttpServerLimitsTest::echo);

        try (Socket silent =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            silent.setSoTimeout((int) Fixture.PATIENCE.toMillis());
            assertThat(silent.getInputStream().readAllBytes()).hasSizeLessThan(100);
        }
        Fixture.await("the connection is given back", () -> server.connections() == 0);
    }

    @Test
    void aHeaderThatDripsIsAnswered408() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withTimeouts(LONG, SHORT, LONG, LONG),
                        HttpServerLimitsTest::echo);

        try (RawTls slow = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            slow.write("GET /a HTTP/1.1\r\nHost:");
            assertThat(slow.readToEnd()).startsWith("HTTP/1.1 408 ").contains("connection: close");
        }
    }

    @Test
    void aBodyThatDripsIsAnswered408() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withTimeouts(LONG, SHORT, LONG, LONG),
                        HttpServerLimitsTest::echo);

        try (RawTls slow = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            slow.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
            assertThat(slow.readToEnd()).startsWith("HTTP/1.1 408 ");
        }
        try (RawTls slow = new RawTls(fixture, server.address().getPort(), "h2")) {
            slow.write(Frames.preface()).write(Frames.headers(1, false));
            slow.write(Frames.frame(0, 0, 1, new byte[] {1, 2, 3}));
            // HEADERS of stream 1 with a status from the static table's neighbourhood, then an
            // RST_STREAM: the connection itself goes on.
            Frames.Frame headers = Frames.next(slow.in(), 1);
            assertThat(headers.type()).isEqualTo(1);
            assertThat(new String(headers.payload(), ISO_8859_1)).contains("408");
        }
        Fixture.await("all bodies are given back", () -> server.bodyBytes() == 0);
    }

    @Test
    void idleConnectionsAreClosed() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withTimeouts(LONG, LONG, SHORT, LONG),
                        HttpServerLimitsTest::echo);

        try (RawTls first = new RawTls(fixture, server.address().getPort(), "http/1.1");
                RawTls second = new RawTls(fixture, server.address().getPort(), "h2")) {
            assertThat(first.write(GET).readUntil("/a")).startsWith("HTTP/1.1 200");
            assertThat(first.readToEnd()).isEmpty();
            second.write(Frames.preface());
            second.readToEnd();
        }
        Fixture.await("the connections are given back", () -> server.connections() == 0);
    }

    @Test
    void aConnectionTooManyIsClosedAtOnceAndRoomIsGivenBack() throws Exception {
        HttpServer server =
                fixture.listen(patient().withConnections(2, 10), HttpServerLimitsTest::echo);
        int port = server.address().getPort();

        try (RawTls first = new RawTls(fixture, port, "http/1.1");
                RawTls second = new RawTls(fixture, port, "http/1.1")) {
            assertThatThrownBy(() -> new RawTls(fixture, port, "http/1.1"))
                    .isInstanceOf(IOException.class);
            assertThat(first.write(GET).readUntil("/a")).startsWith("HTTP/1.1 200");
            assertThat(second.write(GET).readUntil("/a")).startsWith("HTTP/1.1 200");
        }
        Fixture.await("the connections are given back", () -> server.connections() == 0);
        try (RawTls again = new RawTls(fixture, port, "http/1.1")) {
            assertThat(again.write(GET).readUntil("/a")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void requestsSentAheadAreAnsweredInOrderButNotWithoutEnd() throws Exception {
        List<HttpExchange> held = new CopyOnWriteArrayList<>();
        HttpServer server =
                fixture.listen(
                        patient(),
                        (request, exchange) -> {
                            if (request.target().equals("/hold")) {
                                held.add(exchange);
                            } else {
                                echo(request, exchange);
                            }
                        });
        try (RawTls eager = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            eager.write(GET.replace("/a", "/hold") + GET + GET.replace("/a", "/b"));
            Fixture.await("the first request is there", () -> held.size() == 1);
            held.get(0).respond(Fixture.text(200, "held"));
            assertThat(eager.readUntil("/b")).containsSubsequence("held", "/a", "/b");

            eager.write(GET.replace("/a", "/hold"));
            Fixture.await("the next request is there", () -> held.size() == 2);
            CompletableFuture<Void> over = new CompletableFuture<>();
            held.get(1).onClose(() -> over.complete(null));
            eager.write(GET.repeat(100));
            over.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void bodiesOfAllRequestsTogetherHaveALimit() throws Exception {
        HttpServer server =
                fixture.listen(patient().withBodies(1_000, 1_500), HttpServerLimitsTest::echo);
        int port = server.address().getPort();
        String post = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";

        try (RawTls first = new RawTls(fixture, port, "http/1.1");
                RawTls second = new RawTls(fixture, port, "http/1.1")) {
            first.write(post + "x".repeat(900));
            Fixture.await("the first body is held", () -> server.bodyBytes() == 900);
            assertThat(second.write(post + "x".repeat(900)).readToEnd())
                    .startsWith("HTTP/1.1 503 ");
            assertThat(first.write("x".repeat(100)).readUntil("/a")).startsWith("HTTP/1.1 200 ");
        }
        Fixture.await("all bodies are given back", () -> server.bodyBytes() == 0);
    }

    @Test
    void aWriterThatHeedsTheReaderWaitsForItAndLosesNothing() throws Exception {
        int limit = 256 * 1024;
        int chunks = 4_000;
        Pump pump = new Pump(chunks);
        HttpServer server = fixture.listen(patient().withMaxQueuedBytes(limit), pump);
        for (String protocol : List.of("http/1.1", "h2")) {
            pump.reset();
            try (RawTls slow = new RawTls(fixture, server.address().getPort(), protocol)) {
                slow.write(
                        protocol.equals("h2")
                                ? Frames.join(Frames.preface(), Frames.headers(1, true))
                                : GET.getBytes(ISO_8859_1));
                Fixture.await("the writer has to wait", pump.waiting::get);
                long whenFull = pump.written.get();
                // TCP's own buffers take some megabytes of the 32 at the most.
                assertThat(whenFull).isLessThan(16L * 1024 * 1024);
                assertThat(pump.mostQueued.get()).isLessThanOrEqualTo(limit / 4 + Pump.CHUNK);

                if (protocol.equals("http/1.1")) {
                    assertThat(slow.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
                    slow.skip((long) chunks * Pump.CHUNK);
                    Fixture.await(
                            "all is written",
                            () -> pump.written.get() == (long) chunks * Pump.CHUNK);
                }
            }
        }
    }

    @Test
    void aWriterThatHeedsNothingIsCutOffAtTheLimit() throws Exception {
        int limit = 256 * 1024;
        CompletableFuture<Void> over = new CompletableFuture<>();
        AtomicLong written = new AtomicLong();
        HttpServer server =
                fixture.listen(
                        patient().withMaxQueuedBytes(limit),
                        (request, exchange) -> {
                            exchange.onClose(() -> over.complete(null));
                            HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
                            new Thread(
                                            () -> {
                                                while (!over.isDone()) {
                                                    stream.write(new byte[1024]);
                                                    written.addAndGet(1024);
                                                }
                                            })
                                    .start();
                        });
        try (RawTls slow = new RawTls(fixture, server.address().getPort(), "h2")) {
            slow.write(Frames.preface()).write(Frames.headers(1, true));
            over.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void anAnswerOfWhichNothingIsTakenIsAborted() throws Exception {
        for (String protocol : List.of("http/1.1", "h2")) {
            CompletableFuture<Void> over = new CompletableFuture<>();
            HttpServer server =
                    fixture.listen(
                            ServerLimits.gateway().withTimeouts(LONG, LONG, LONG, SHORT),
                            (request, exchange) -> {
                                exchange.onClose(() -> over.complete(null));
                                exchange.respond(
                                        new HttpResponse(
                                                200, Map.of(), new byte[32 * 1024 * 1024]));
                            });
            try (RawTls deaf = new RawTls(fixture, server.address().getPort(), protocol)) {
                deaf.write(
                        protocol.equals("h2")
                                ? Frames.join(Frames.preface(), Frames.headers(1, true))
                                : GET.getBytes(ISO_8859_1));
                over.get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void aPeersGoingIsSeenWhileItsRequestIsAnswered() throws Exception {
        for (String protocol : List.of("http/1.1", "h2")) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Void> over = new CompletableFuture<>();
            HttpServer server =
                    fixture.listen(
                            patient(),
                            (request, exchange) -> {
                                exchange.stream(200, Map.of()).write("x".getBytes(UTF_8));
                                exchange.onClose(() -> over.complete(null));
                                begun.countDown();
                            });
            RawTls peer = new RawTls(fixture, server.address().getPort(), protocol);
            peer.write(
                    protocol.equals("h2")
                            ? Frames.join(Frames.preface(), Frames.headers(1, true))
                            : GET.getBytes(ISO_8859_1));
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(over).isNotDone();
            peer.close();
            over.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void afterTheEndOnCloseRunsAtOnceAndASecondAnswerIsRefused() throws Exception {
        CompletableFuture<HttpExchange> exchange = new CompletableFuture<>();
        HttpServer server =
                fixture.listen(
                        patient(),
                        (request, given) -> {
                            given.respond(Fixture.text(200, "first"));
                            exchange.complete(given);
                        });
        try (RawTls peer = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            peer.write(GET).readUntil("first");
            HttpExchange over = exchange.get(20, TimeUnit.SECONDS);
            CompletableFuture<Void> ran = new CompletableFuture<>();
            over.onClose(() -> ran.complete(null));
            ran.get(20, TimeUnit.SECONDS);
            assertThatThrownBy(() -> over.respond(Fixture.text(200, "second")))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> over.stream(200, Map.of()))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aFloodOfResetsEndsTheConnection() throws Exception {
        AtomicLong handled = new AtomicLong();
        HttpServer server =
                fixture.listen(
                        patient(),
                        (request, exchange) -> {
                            handled.incrementAndGet();
                            exchange.onClose(() -> {});
                        });
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(Frames.preface());
            ByteArrayOutputStream flood = new ByteArrayOutputStream();
            for (int stream = 1; stream < 20_000; stream += 2) {
                flood.writeBytes(Frames.headers(stream, true));
                flood.writeBytes(Frames.frame(3, 0, stream, new byte[] {0, 0, 0, 8}));
            }
            try {
                hostile.write(flood.toByteArray());
            } catch (IOException e) {
                // It closes while we write.
            }
            hostile.readToEnd();
        }
        Fixture.await("the connection is closed", () -> server.connections() == 0);
        assertThat(handled.get()).isLessThanOrEqualTo(1_000);
    }

    @Test
    void moreStreamsThanAllowedAreRefused() throws Exception {
        List<HttpExchange> held = new CopyOnWriteArrayList<>();
        HttpServer server =
                fixture.listen(
                        patient().withConnections(10, 3),
                        (request, exchange) -> held.add(exchange));
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(Frames.preface());
            for (int stream = 1; stream <= 9; stream += 2) {
                hostile.write(Frames.headers(stream, true));
            }
            Frames.Frame refused = Frames.next(hostile.in(), 7);
            assertThat(refused.type()).isEqualTo(3);
            // REFUSED_STREAM
            assertThat(ByteBuffer.wrap(refused.payload()).getInt()).isEqualTo(7);
            assertThat(held).hasSize(3);
        }
    }

    /** Writes chunks as long as there is room. */
    private static final class Pump implements HttpHandler {
        static final int CHUNK = 8 * 1024;

        final AtomicBoolean waiting = new AtomicBoolean();
        final AtomicLong written = new AtomicLong();
        final AtomicLong mostQueued = new AtomicLong();
        private final int chunks;

        Pump(int chunks) {
            this.chunks = chunks;
        }

        void reset() {
            waiting.set(false);
            written.set(0);
        }

        @Override
        public void handle(HttpRequest request, HttpExchange exchange) {
            HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
            AtomicLong sent = new AtomicLong();
            Runnable more =
                    () -> {
                        waiting.set(false);
                        while (sent.get() < chunks) {
                            sent.incrementAndGet();
                            written.addAndGet(CHUNK);
                            boolean room = stream.write(new byte[CHUNK]);
                            mostQueued.accumulateAndGet(
                                    ((ServerExchange) exchange).queued(), Math::max);
                            if (!room) {
                                waiting.set(true);
                                return;
                            }
                        }
                        stream.end();
                    };
            stream.onWritable(more);
            more.run();
        }
    }
}
