// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That one peer that floods the listener does not keep out the others, and leaves nothing. */
@Timeout(90)
class HttpServerFairnessTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String GET = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    private static final int MIB = 1024 * 1024;

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
        return ServerLimits.gateway()
                .withTimeouts(LONG, LONG, LONG, LONG)
                .withConnections(64, 250)
                .withMaxAnswerBytes(4 * MIB);
    }

    private static HttpServer listen(ServerLimits limits) throws Exception {
        return fixture.listen(limits, HttpServerFairnessTest::answer);
    }

    private static void answer(HttpRequest request, HttpExchange exchange) {
        if (request.target().equals("/big")) {
            exchange.respond(new HttpResponse(200, Map.of(), new byte[MIB / 2]));
        } else {
            exchange.respond(Fixture.text(200, request.target()));
        }
    }

    private static void othersAreServed(HttpServer server) throws Exception {
        TlsIdentity other = fixture.authority.client("system:node:b", "system:nodes");
        try (HttpConnection connection =
                HttpConnection.connect(
                                Fixture.uri(server.address().getPort()),
                                ClientTls.mutual(other, java.time.Instant::now),
                                ClientLimits.defaults(),
                                fixture.loops)
                        .get()) {
            assertThat(Fixture.send(connection, "GET", "/ok", new byte[0]).status()).isEqualTo(200);
            assertThat(Fixture.send(connection, "GET", "/big", new byte[0]).body())
                    .hasSize(MIB / 2);
        }
    }

    private static void nothingIsLeft(HttpServer server) {
        Fixture.await("no connection is left", () -> server.connections() == 0);
        assertThat(server.bodyBytes()).isZero();
        Fixture.await("no answer is left", () -> server.answerBytes() == 0);
    }

    @Test
    void halfOpenConnectionsMakeWayForNewOnes() throws Exception {
        HttpServer server = listen(patient());
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                Socket socket =
                        new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
                silent.add(socket);
                if (i % 2 == 0) {
                    // The beginning of a ClientHello that does not go on.
                    socket.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0});
                }
            }
            Fixture.await("only so many are kept", () -> server.connections() <= 48);
            othersAreServed(server);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
        nothingIsLeft(server);
    }

    @Test
    void theConnectionsOfOneCertificateAreBounded() throws Exception {
        HttpServer server = listen(patient());
        List<RawTls> many = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                many.add(new RawTls(fixture, server.address().getPort(), "http/1.1"));
            }
            Fixture.await("only so many are kept", () -> server.connections() <= 8);
            // The oldest had to go, the newest is served.
            assertThat(many.get(0).readToEnd()).isEmpty();
            assertThat(many.get(29).write(GET).readUntil("/a")).startsWith("HTTP/1.1 200");
            othersAreServed(server);
        } finally {
            for (RawTls one : many) {
                one.close();
            }
        }
        nothingIsLeft(server);
    }

    @Test
    void answersThatNobodyReadsAreBounded() throws Exception {
        HttpServer server = listen(patient());
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(
                    Frames.join(
                            Frames.preface(),
                            // SETTINGS_INITIAL_WINDOW_SIZE of 0: it takes nothing.
                            Frames.frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0})));
            for (int stream = 1; stream < 200; stream += 2) {
                hostile.write(Frames.headers(stream, true, "/big"));
            }
            // A share is a quarter of the 4 MiB, so two of these; all others are refused.
            Frames.Frame refused = Frames.next(hostile.in(), 5);
            assertThat(new String(refused.payload(), ISO_8859_1)).contains("429");
            Frames.next(hostile.in(), 199);
            assertThat(server.answerBytes()).isEqualTo(MIB);
            othersAreServed(server);
        }
        nothingIsLeft(server);
    }

    @Test
    void streamsThatNobodyReadsWaitForTheirShare() throws Exception {
        AtomicLong written = new AtomicLong();
        HttpServer server =
                fixture.listen(
                        patient(),
                        (request, exchange) -> {
                            if (!request.target().equals("/watch")) {
                                answer(request, exchange);
                                return;
                            }
                            HttpExchange.ResponseStream out = exchange.stream(200, Map.of());
                            Runnable more =
                                    () -> {
                                        do {
                                            written.addAndGet(8 * 1024);
                                        } while (out.write(new byte[8 * 1024]));
                                    };
                            out.onWritable(more);
                            more.run();
                        });
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(
                    Frames.join(
                            Frames.preface(),
                            Frames.frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0})));
            for (int stream = 1; stream < 400; stream += 2) {
                hostile.write(Frames.headers(stream, true, "/watch"));
            }
            Frames.next(hostile.in(), 399);
            // Beyond the share each has one piece more: that is when it learns to wait.
            Fixture.await("all have begun", () -> written.get() >= MIB);
            assertThat(server.answerBytes()).isBetween((long) MIB, 3L * MIB);
            othersAreServed(server);
        }
        nothingIsLeft(server);
    }

    /** SETTINGS, PING, CONTINUATION without end, empty DATA, and RST_STREAM of what never was. */
    @ParameterizedTest
    @ValueSource(strings = {"settings", "ping", "continuation", "data", "reset", "priority"})
    void floodsOfFramesAreCutOffOrCostNothing(String kind) throws Exception {
        HttpServer server = listen(patient());
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(Frames.preface());
            byte[] flood = flood(kind);
            try {
                for (int i = 0; i < 40; i++) {
                    hostile.write(flood); // and nothing is read
                }
            } catch (IOException e) {
                // It closes while we write.
            }
            othersAreServed(server);
        }
        nothingIsLeft(server);
    }

    private static byte[] flood(String kind) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (kind.equals("continuation")) {
            out.writeBytes(Frames.frame(1, 0, 1, new byte[] {(byte) 0x82}));
        } else if (kind.equals("data")) {
            out.writeBytes(Frames.headers(1, false));
        }
        for (int i = 0; i < 2_000; i++) {
            out.writeBytes(
                    switch (kind) {
                        case "settings" -> Frames.frame(4, 0, 0, new byte[0]);
                        case "ping" -> Frames.frame(6, 0, 0, new byte[8]);
                        case "continuation" -> Frames.frame(9, 0, 1, new byte[0]);
                        case "data" -> Frames.frame(0, 0, 1, new byte[0]);
                        case "reset" -> Frames.frame(3, 0, 1, new byte[4]);
                        default -> Frames.frame(2, 0, 2 * i + 1, new byte[5]);
                    });
        }
        return out.toByteArray();
    }

    @Test
    void aHeaderWithoutEndInHttp2EndsTheConnection() throws Exception {
        HttpServer server = listen(patient());
        try (RawTls hostile = new RawTls(fixture, server.address().getPort(), "h2")) {
            hostile.write(Frames.preface());
            byte[] field = Frames.literal("x-long", "y".repeat(8_000));
            hostile.write(Frames.frame(1, 0, 1, field));
            try {
                for (int i = 0; i < 1_000; i++) {
                    hostile.write(Frames.frame(9, 0, 1, field));
                }
            } catch (IOException e) {
                // It closes while we write.
            }
            hostile.readToEnd();
            othersAreServed(server);
        }
        nothingIsLeft(server);
    }

    @Test
    void aBodyWithTwoLengthsHidesNoRequestFromOthers() throws Exception {
        HttpServer server = listen(patient());
        try (RawTls smuggler = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            smuggler.write(
                    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
                            + "123456");
            assertThat(smuggler.readToEnd()).startsWith("HTTP/1.1 400 ");
        }
        try (RawTls smuggler = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            smuggler.write(
                    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                            + GET.replace("/a", "/b"));
            // Read in chunks, whatever the length says; and it is the last request here.
            assertThat(smuggler.readToEnd()).startsWith("HTTP/1.1 ").doesNotContain("/b");
        }
        nothingIsLeft(server);
    }
}
