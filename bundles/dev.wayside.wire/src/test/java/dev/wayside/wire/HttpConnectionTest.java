// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class HttpConnectionTest {
    private static final byte[] NONE = {};
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir static Path folder;
    private Fixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new Fixture(folder);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void oneHundredRequestsAreUnderWayAtOnce() throws Exception {
        List<HttpExchange> held = new CopyOnWriteArrayList<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.connector(),
                        (request, exchange) -> {
                            held.add(exchange);
                            if (held.size() == 100) {
                                held.forEach(each -> each.respond(Fixture.text(200, "all")));
                            }
                        });
        HttpConnection connection = fixture.connect(server);

        List<CompletableFuture<HttpResponse>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(connection.send("GET", "/" + i, Map.of(), NONE, Fixture.PATIENCE));
        }
        for (CompletableFuture<HttpResponse> answer : answers) {
            assertThat(answer.get(20, TimeUnit.SECONDS).status()).isEqualTo(200);
        }
        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void aRequestMoreThanTheServerAllowsIsKnownNotToBeSent() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withConnections(4, 2), (request, exchange) -> {});
        HttpConnection connection = fixture.connect(server);
        connection.stream("GET", "/1", Map.of(), NONE, new Recorder());
        connection.stream("GET", "/2", Map.of(), NONE, new Recorder());
        Recorder third = new Recorder();
        connection.stream("GET", "/3", Map.of(), NONE, third);

        assertThat(third.error()).isInstanceOf(NotSentException.class);
        assertThat(connection.usable()).isTrue();
    }

    @Test
    void largeBodiesGoUpAndComeDown() throws Exception {
        byte[] up = new byte[3 * 1024 * 1024];
        byte[] down = new byte[10 * 1024 * 1024];
        up[up.length - 1] = 1;
        down[down.length - 1] = 2;
        HttpServer server =
                fixture.listen(
                        ServerLimits.connector(),
                        (request, exchange) ->
                                exchange.respond(
                                        request.body().length == up.length
                                                        && request.body()[up.length - 1] == 1
                                                ? new HttpResponse(200, Map.of(), down)
                                                : Fixture.text(400, "not what was sent")));
        HttpConnection connection = fixture.connect(server);

        HttpResponse response = Fixture.send(connection, "PUT", "/", up);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("content-length")).isEqualTo("" + down.length);
        assertThat(response.body()).isEqualTo(down);
    }

    @Test
    void anAnswerWithoutEndIsBounded() throws Exception {
        CompletableFuture<Void> over = new CompletableFuture<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> {
                            exchange.onClose(() -> over.complete(null));
                            HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
                            Runnable more =
                                    () -> {
                                        while (stream.write(new byte[1000])) {
                                            // As long as there is room.
                                        }
                                    };
                            stream.onWritable(more);
                            more.run();
                        });
        HttpConnection connection =
                fixture.connect(
                        server.address().getPort(),
                        ClientLimits.defaults().withMaxBodyBytes(100_000));

        assertThatThrownBy(() -> Fixture.send(connection, "GET", "/", NONE))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("longer than 100000 bytes");
        over.get(20, TimeUnit.SECONDS);
        assertThat(connection.usable()).isTrue();
    }

    @Test
    void aRequestThatTakesTooLongIsCancelled() throws Exception {
        CompletableFuture<Void> over = new CompletableFuture<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> exchange.onClose(() -> over.complete(null)));
        HttpConnection connection = fixture.connect(server);

        assertThatThrownBy(
                        () ->
                                connection
                                        .send("GET", "/slow?token=x", Map.of(), NONE, SHORT)
                                        .get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(TimeoutException.class)
                .hasMessage("GET /slow took longer than 300 ms");
        over.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aStreamIsHeardInOrderToItsEnd() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> {
                            HttpExchange.ResponseStream stream =
                                    exchange.stream(201, Map.of("x-a", "b"));
                            for (int i = 0; i < 1_000; i++) {
                                stream.write((i + "\n").getBytes(UTF_8));
                            }
                            stream.end();
                        });
        Recorder recorder = new Recorder();

        fixture.connect(server).stream("GET", "/", Map.of(), NONE, recorder);

        recorder.ended.get(20, TimeUnit.SECONDS);
        assertThat(recorder.status).isEqualTo(201);
        assertThat(recorder.headers).containsEntry("x-a", "b");
        String[] lines = recorder.text.toString().split("\n");
        assertThat(lines).hasSize(1_000).startsWith("0", "1").endsWith("999");
    }

    @Test
    void aStreamBrokenOffByTheServerIsAnError() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> {
                            HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
                            stream.write("half".getBytes(UTF_8));
                            stream.abort();
                        });
        HttpConnection connection = fixture.connect(server);
        Recorder recorder = new Recorder();

        connection.stream("GET", "/", Map.of(), NONE, recorder);

        assertThat(recorder.error()).hasMessageContaining("the server broke off the answer");
        assertThat(connection.usable()).isTrue();
    }

    @Test
    void aCancelledStreamIsSeenByTheServerAndHeardNoMore() throws Exception {
        CompletableFuture<HttpExchange.ResponseStream> begun = new CompletableFuture<>();
        CompletableFuture<Void> over = new CompletableFuture<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> {
                            exchange.onClose(() -> over.complete(null));
                            begun.complete(exchange.stream(200, Map.of()));
                        });
        Recorder recorder = new Recorder();
        StreamHandle handle = fixture.connect(server).stream("GET", "/", Map.of(), NONE, recorder);
        HttpExchange.ResponseStream stream = begun.get(20, TimeUnit.SECONDS);

        handle.cancel();
        handle.cancel();

        over.get(20, TimeUnit.SECONDS);
        assertThat(stream.write(new byte[1])).isFalse();
        assertThat(recorder.ended).isNotDone();
        assertThat(recorder.failed).isNotDone();
    }

    @Test
    void aListenerThatThrowsHearsItself() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> exchange.respond(Fixture.text(200, "x")));
        HttpConnection connection = fixture.connect(server);
        Recorder recorder =
                new Recorder() {
                    @Override
                    public boolean onData(byte[] chunk) {
                        throw new IllegalStateException("as a test asks");
                    }
                };
        connection.stream("GET", "/", Map.of(), NONE, recorder);

        assertThat(recorder.error()).hasMessage("as a test asks");
        assertThat(Fixture.send(connection, "GET", "/", NONE).status()).isEqualTo(200);
    }

    @Test
    void whoDoesNotReadHoldsUpTheServerAndNobodyElse() throws Exception {
        long total = 8L * 1024 * 1024;
        AtomicLong written = new AtomicLong();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withTimeouts(LONG, LONG, LONG, LONG),
                        (request, exchange) -> {
                            if (request.target().equals("/other")) {
                                exchange.respond(Fixture.text(200, "other"));
                                return;
                            }
                            HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
                            Runnable more =
                                    () -> {
                                        boolean room = true;
                                        while (room && written.get() < total) {
                                            written.addAndGet(1024);
                                            room = stream.write(new byte[1024]);
                                        }
                                        if (written.get() == total) {
                                            stream.end();
                                        }
                                    };
                            stream.onWritable(more);
                            more.run();
                        });
        HttpConnection connection = fixture.connect(server);
        Recorder paused =
                new Recorder() {
                    @Override
                    public boolean onData(byte[] chunk) {
                        super.onData(chunk);
                        return received.get() > 100_000;
                    }
                };
        StreamHandle handle = connection.stream("GET", "/much", Map.of(), NONE, paused);
        Fixture.await("the first chunk is there", () -> paused.received.get() > 0);

        // The window, what the server queues, and a chunk: bounded, however long it waits.
        assertThat(Fixture.send(connection, "GET", "/other", NONE).status()).isEqualTo(200);
        assertThat(Fixture.send(connection, "GET", "/other", NONE).status()).isEqualTo(200);
        assertThat(paused.received.get()).isLessThan(100_000);
        assertThat(written.get()).isLessThan(256 * 1024 + 512 * 1024);

        while (paused.received.get() <= 100_000) {
            handle.resume();
        }
        handle.resume();
        paused.ended.get(20, TimeUnit.SECONDS);
        assertThat(paused.received.get()).isEqualTo(total);
    }

    @Test
    void aHalfOpenConnectionIsFoundByTheClient() throws Exception {
        HttpServer server = fixture.listen(ServerLimits.gateway(), (request, exchange) -> {});
        TcpProxy proxy = fixture.keep(new TcpProxy(server.address().getPort()));
        HttpConnection connection =
                fixture.connect(
                        proxy.port(),
                        ClientLimits.defaults().withTimeouts(Fixture.PATIENCE, SHORT, SHORT));
        Recorder watch = new Recorder();
        connection.stream("GET", "/watch", Map.of(), NONE, watch);

        // As long as PINGs are answered, silence is no reason.
        assertThatThrownBy(() -> connection.closed().get(1_500, TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class);
        proxy.fallSilent();

        assertThatThrownBy(() -> connection.closed().get(5, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("no sign of life");
        assertThat(watch.error()).hasStackTraceContaining("no sign of life");
        assertThat(connection.usable()).isFalse();
    }

    @Test
    void aHalfOpenConnectionIsFoundByTheServer() throws Exception {
        CompletableFuture<Void> begun = new CompletableFuture<>();
        CompletableFuture<Void> over = new CompletableFuture<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway().withPing(SHORT, SHORT),
                        (request, exchange) -> {
                            exchange.onClose(() -> over.complete(null));
                            exchange.stream(200, Map.of());
                            begun.complete(null);
                        });
        TcpProxy proxy = fixture.keep(new TcpProxy(server.address().getPort()));
        fixture.connect(proxy.port(), ClientLimits.defaults()).stream(
                "GET", "/watch", Map.of(), NONE, new Recorder());
        begun.get(20, TimeUnit.SECONDS);

        proxy.fallSilent();

        over.get(20, TimeUnit.SECONDS);
        Fixture.await("the connection is given back", () -> server.connections() == 0);
    }

    @Test
    void aStoppingServerSaysGoAwayAndAnswersWhatIsUnderWay() throws Exception {
        List<HttpExchange> held = new CopyOnWriteArrayList<>();
        HttpServer server =
                fixture.listen(ServerLimits.gateway(), (request, exchange) -> held.add(exchange));
        HttpConnection connection = fixture.connect(server);
        CompletableFuture<HttpResponse> answer =
                connection.send("GET", "/", Map.of(), NONE, Fixture.PATIENCE);
        Fixture.await("the request is there", () -> held.size() == 1);

        CompletableFuture<Void> stopped =
                CompletableFuture.runAsync(() -> server.stop(Fixture.PATIENCE));
        Fixture.await("GOAWAY is there", () -> !connection.usable());
        Recorder late = new Recorder();
        connection.stream("GET", "/late", Map.of(), NONE, late);

        assertThat(late.error()).isInstanceOf(NotSentException.class);
        held.get(0).respond(Fixture.text(200, "in time"));
        assertThat(answer.get(20, TimeUnit.SECONDS).body()).asString(UTF_8).isEqualTo("in time");
        stopped.get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> connection.closed().get(20, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("GOAWAY");
        assertThat(server.connections()).isZero();
    }

    @Test
    void aStoppingServerDoesNotWaitBeyondItsGrace() throws Exception {
        List<HttpExchange> held = new CopyOnWriteArrayList<>();
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> {
                            exchange.stream(200, Map.of());
                            held.add(exchange);
                        });
        HttpConnection connection = fixture.connect(server);
        Recorder watch = new Recorder();
        connection.stream("GET", "/watch", Map.of(), NONE, watch);
        Fixture.await("the request is there", () -> held.size() == 1);

        long begun = System.nanoTime();
        server.stop(SHORT);

        assertThat(Duration.ofNanos(System.nanoTime() - begun))
                .isBetween(SHORT.minusMillis(50), Duration.ofSeconds(5));
        assertThat(watch.error()).isInstanceOf(IOException.class);
        assertThat(server.connections()).isZero();
    }

    @Test
    void closedByUsIsNoError() throws Exception {
        HttpServer server = fixture.listen(ServerLimits.gateway(), (request, exchange) -> {});
        HttpConnection connection = fixture.connect(server);
        Recorder watch = new Recorder();
        connection.stream("GET", "/watch", Map.of(), NONE, watch);

        connection.close();
        connection.close();

        connection.closed().get(20, TimeUnit.SECONDS);
        assertThat(watch.error()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Fixture.send(connection, "GET", "/", NONE))
                .cause()
                .isInstanceOf(NotSentException.class);
    }

    @Test
    void saysWhyItCannotConnect() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() -> fixture.connect(free, ClientLimits.defaults()))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no address answers to localhost:" + free)
                .hasMessageContaining("refused");

        assertThatThrownBy(
                        () ->
                                HttpConnection.connect(
                                                URI.create("https://no-such-host.invalid"),
                                                ClientTls.mutual(fixture.gateway, Instant::now),
                                                ClientLimits.defaults(),
                                                fixture.loops)
                                        .get(20, TimeUnit.SECONDS))
                .cause()
                .hasMessageContaining("the name has no address to no-such-host.invalid");

        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(
                            () ->
                                    fixture.connect(
                                            silent.getLocalPort(),
                                            ClientLimits.defaults()
                                                    .withTimeouts(SHORT, LONG, LONG)))
                    .cause()
                    .hasMessageContaining("in time to localhost");
        }
        assertThatThrownBy(
                        () ->
                                HttpConnection.connect(
                                        URI.create("http://localhost"),
                                        ClientTls.mutual(fixture.gateway, Instant::now),
                                        ClientLimits.defaults(),
                                        fixture.loops))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whoseNameIsFoundAfterTheLoopsHaveEndedHearsOfIt() throws Exception {
        EventLoops ending = fixture.keep(new EventLoops("wayside-test-ending", 1));
        CountDownLatch slowName = new CountDownLatch(1);
        ending.lookUps().execute(awaiting(slowName));
        CompletableFuture<HttpConnection> dial = dial(ending);
        ending.group().shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
        slowName.countDown();
        hearsOfTheEnd(dial);
    }

    @Test
    void whoseNameIsNotLookedUpBeforeTheLoopsEndHearsOfIt() throws Exception {
        EventLoops ending = fixture.keep(new EventLoops("wayside-test-ending", 1));
        ending.lookUps().execute(awaiting(new CountDownLatch(1)));
        CompletableFuture<HttpConnection> dial = dial(ending);
        ending.close();
        hearsOfTheEnd(dial);
    }

    private CompletableFuture<HttpConnection> dial(EventLoops loops) {
        return HttpConnection.connect(
                Fixture.uri(1),
                ClientTls.mutual(fixture.gateway, Instant::now),
                ClientLimits.defaults(),
                loops);
    }

    private static void hearsOfTheEnd(CompletableFuture<HttpConnection> dial) {
        assertThatThrownBy(() -> dial.get(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("the event loops have ended");
    }

    private static Runnable awaiting(CountDownLatch latch) {
        return () -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    @Test
    void noThreadIsLeftAfterTheEnd() throws Exception {
        HttpServer server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> exchange.respond(Fixture.text(200, "x")));
        Fixture.send(fixture.connect(server), "GET", "/", NONE);
        assertThat(threads()).contains("wayside-test-net");

        fixture.close();

        // Netty's own helper thread ends by itself after a second without work.
        Fixture.await(
                "all threads have ended",
                () ->
                        threads().stream()
                                .noneMatch(
                                        name ->
                                                name.startsWith("wayside-")
                                                        || name.startsWith("globalEvent")));
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
    }

    /** Keeps what it hears. */
    private static class Recorder implements StreamListener {
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        final CompletableFuture<Throwable> failed = new CompletableFuture<>();
        final StringBuilder text = new StringBuilder();
        final AtomicLong received = new AtomicLong();
        volatile int status;
        volatile Map<String, String> headers = Map.of();

        @Override
        public void onHeaders(int status, Map<String, String> headers) {
            this.status = status;
            this.headers = headers;
        }

        @Override
        public boolean onData(byte[] chunk) {
            received.addAndGet(chunk.length);
            if (received.get() < 100_000) {
                text.append(new String(chunk, UTF_8));
            }
            return true;
        }

        @Override
        public void onEnd() {
            ended.complete(null);
        }

        @Override
        public void onError(Throwable cause) {
            failed.complete(cause);
        }

        Throwable error() throws Exception {
            return failed.get(20, TimeUnit.SECONDS);
        }
    }
}
