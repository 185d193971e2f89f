// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** WebSockets, byte by byte. */
@Timeout(90)
class WebSocketTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

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

    /** A frame as it came. */
    private record Frame(int opcode, boolean last, byte[] bytes) {
        String text() {
            return new String(bytes, UTF_8);
        }
    }

    private static String opening(String... more) {
        return "GET /w HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive,"
                + " Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + String.join("", more)
                + "\r\n";
    }

    private static byte[] frame(int opcode, byte[] bytes) {
        byte[] mask = {1, 2, 3, 4};
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0x80 | opcode);
        if (bytes.length < 126) {
            out.write(0x80 | bytes.length);
        } else {
            out.write(0x80 | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) bytes.length >> shift));
            }
        }
        out.writeBytes(mask);
        for (int i = 0; i < bytes.length; i++) {
            out.write(bytes[i] ^ mask[i % 4]);
        }
        return out.toByteArray();
    }

    private static Frame read(RawTls client) throws IOException {
        DataInputStream in = new DataInputStream(client.in());
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = (int) in.readLong();
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return new Frame(first & 0x0f, (first & 0x80) != 0, bytes);
    }

    /** The stream of the one connection that a test opens. */
    private static final class Speaker implements HttpHandler {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch over = new CountDownLatch(1);
        final AtomicReference<HttpExchange.ResponseStream> stream = new AtomicReference<>();
        private final String protocol;

        Speaker(String protocol) {
            this.protocol = protocol;
        }

        @Override
        public void handle(HttpRequest request, HttpExchange exchange) {
            assertThat(WebSocketRequest.isOne(request)).isTrue();
            exchange.onClose(over::countDown);
            stream.set(exchange.webSocket(protocol));
            begun.countDown();
        }

        HttpExchange.ResponseStream stream() throws Exception {
            assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
            return stream.get();
        }

        void awaitOver() throws Exception {
            assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static RawTls dial(HttpServer server) throws Exception {
        return fixture.keep(new RawTls(fixture, server.address().getPort(), "http/1.1"));
    }

    private static ServerLimits patient() {
        return ServerLimits.gateway().withTimeouts(LONG, LONG, LONG, LONG).withPing(LONG, LONG);
    }

    @Test
    void eachChunkIsOneMessageAndTheEndIsNormal() throws Exception {
        Speaker speaker = new Speaker("b");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening("Sec-WebSocket-Protocol: a, b\r\n"));

        // The accept value is the one that RFC 6455 works out for this key.
        assertThat(client.readUntil("\r\n\r\n").toLowerCase(Locale.ROOT))
                .startsWith("http/1.1 101 ")
                .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=")
                .contains("sec-websocket-protocol: b\r\n");
        speaker.stream().write("one".getBytes(UTF_8));
        speaker.stream().write("zwei ü".getBytes(UTF_8));
        speaker.stream().end();
        assertThat(read(client).text()).isEqualTo("one");
        Frame second = read(client);
        assertThat(second.opcode()).isEqualTo(TEXT);
        assertThat(second.text()).isEqualTo("zwei ü");
        Frame farewell = read(client);
        assertThat(farewell.opcode()).isEqualTo(CLOSE);
        assertThat(farewell.bytes()).startsWith(0x03, 0xe8);
        client.write(frame(CLOSE, new byte[] {0x03, (byte) 0xe8}));
        assertThat(client.readToEnd()).isEmpty();
        speaker.awaitOver();
    }

    @Test
    void aLongMessageComesInFramesOfOneMessage() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        String text = "ü".repeat(50_000);
        speaker.stream().write(text.getBytes(UTF_8));
        speaker.stream().write("next".getBytes(UTF_8));

        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        Frame frame = read(client);
        assertThat(frame.opcode()).isEqualTo(TEXT);
        while (!frame.last()) {
            whole.writeBytes(frame.bytes());
            frame = read(client);
            assertThat(frame.opcode()).isZero();
        }
        whole.writeBytes(frame.bytes());
        assertThat(whole.toString(UTF_8)).isEqualTo(text);
        assertThat(read(client).text()).isEqualTo("next");
    }

    @Test
    void pingsAreAnsweredAndTalkIsDropped() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        client.write(frame(TEXT, "hello".getBytes(UTF_8)));
        client.write(frame(PING, "are you there".getBytes(UTF_8)));

        Frame answer = read(client);
        assertThat(answer.opcode()).isEqualTo(PONG);
        assertThat(answer.text()).isEqualTo("are you there");
        assertThat(speaker.over.getCount()).isEqualTo(1);
    }

    @Test
    void theFarewellIsAnswered() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        client.write(frame(CLOSE, new byte[] {0x03, (byte) 0xe9}));

        Frame answer = read(client);
        assertThat(answer.opcode()).isEqualTo(CLOSE);
        assertThat(answer.bytes()).containsExactly(0x03, 0xe9);
        assertThat(client.readToEnd()).isEmpty();
        speaker.awaitOver();
        assertThat(speaker.stream().write("unheard".getBytes(UTF_8))).isFalse();
    }

    @Test
    void aFrameThatIsTooLongEndsIt() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        byte[] header = frame(TEXT, new byte[100_000]);
        client.write(java.util.Arrays.copyOf(header, 14));

        Frame farewell = read(client);
        assertThat(farewell.opcode()).isEqualTo(CLOSE);
        assertThat(farewell.bytes()).startsWith(0x03, 0xf1);
        client.readToEnd();
        speaker.awaitOver();
    }

    @Test
    void anUnmaskedFrameEndsIt() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient(), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        client.write(new byte[] {(byte) 0x81, 1, 'x'});

        Frame farewell = read(client);
        assertThat(farewell.opcode()).isEqualTo(CLOSE);
        assertThat(farewell.bytes()).startsWith(0x03, 0xea);
        client.readToEnd();
        speaker.awaitOver();
    }

    @Test
    void whoIsSilentIsAskedForASignOfLife() throws Exception {
        Speaker speaker = new Speaker("");
        Duration often = Duration.ofMillis(200);
        RawTls client =
                dial(fixture.listen(patient().withPing(often, Duration.ofMillis(500)), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        assertThat(read(client).opcode()).isEqualTo(PING);
        client.write(frame(PONG, new byte[0]));
        assertThat(read(client).opcode()).isEqualTo(PING);

        client.readToEnd(); // and answers no more
        speaker.awaitOver();
    }

    @Test
    void aSlowReaderIsHeldBackAndThenCutOff() throws Exception {
        Speaker speaker = new Speaker("");
        RawTls client = dial(fixture.listen(patient().withMaxQueuedBytes(256 * 1024), speaker));
        client.write(opening()).readUntil("\r\n\r\n");
        AtomicBoolean room = new AtomicBoolean(true);
        speaker.stream().onWritable(() -> room.set(true));
        byte[] message = "x".repeat(8 * 1024).getBytes(UTF_8);
        int sent = 0;
        while (speaker.stream().write(message)) {
            sent++;
            assertThat(sent).isLessThan(10_000);
        }
        room.set(false);
        for (int i = 0; i < sent; i++) {
            assertThat(read(client).bytes()).hasSameSizeAs(message);
        }
        Fixture.await("room again", room::get);
        for (int i = 0; i < 10_000 && speaker.over.getCount() > 0; i++) {
            speaker.stream().write(message); // without heed
        }
        speaker.awaitOver();
    }

    @Test
    void whoDoesNotWaitForTheAnswerIsCutOff() throws Exception {
        CountDownLatch received = new CountDownLatch(1);
        AtomicReference<HttpExchange> exchange = new AtomicReference<>();
        RawTls client =
                dial(
                        fixture.listen(
                                patient(),
                                (request, given) -> {
                                    exchange.set(given);
                                    received.countDown();
                                }));
        client.write(opening() + "GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(received.await(20, TimeUnit.SECONDS)).isTrue();
        exchange.get().webSocket("");
        assertThat(client.readToEnd()).isEmpty();
    }

    @Test
    void whatIsWrongWithAnOpeningIsSaid() throws Exception {
        HttpServer server =
                fixture.listen(
                        patient(),
                        (request, exchange) ->
                                exchange.respond(
                                        Fixture.text(
                                                400,
                                                WebSocketRequest.isOne(request)
                                                        + " "
                                                        + WebSocketRequest.fault(request)
                                                                .orElse("good"))));
        assertThat(answer(server, opening())).endsWith("true good");
        assertThat(answer(server, opening().replace("GET", "POST"))).endsWith("with GET");
        assertThat(answer(server, opening().replace(" Upgrade\r\n", " x\r\n")))
                .endsWith("must name Upgrade");
        assertThat(answer(server, opening().replace(": 13", ": 8"))).endsWith("must be 13");
        assertThat(answer(server, opening().replace("dGhl", "")))
                .endsWith("must be 16 bytes in base64");
        assertThat(answer(server, opening().replace("HTTP/1.1", "HTTP/1.0"))).contains("false ");
    }

    private static String answer(HttpServer server, String opening) throws Exception {
        try (RawTls client = new RawTls(fixture, server.address().getPort(), "http/1.1")) {
            client.write(opening.replace("keep-alive", "close").getBytes(ISO_8859_1));
            return client.readToEnd();
        }
    }
}
