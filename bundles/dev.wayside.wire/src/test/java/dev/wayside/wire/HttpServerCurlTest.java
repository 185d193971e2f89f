// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The listener as curl sees it, in both versions of HTTP. */
@Timeout(90)
class HttpServerCurlTest {
    private static final String ENDING = "\\n%{http_version} %{http_code} %{num_connects}\\n";

    @TempDir static Path folder;
    static Fixture fixture;
    static HttpServer server;

    @BeforeAll
    static void open() throws Exception {
        fixture = new Fixture(folder);
        Fixture.write(folder, "client", fixture.gateway);
        Files.write(folder.resolve("2MiB"), new byte[2 * 1024 * 1024]);
        Files.write(folder.resolve("4MiB"), new byte[4 * 1024 * 1024]);
        Files.write(folder.resolve("100MiB"), new byte[100 * 1024 * 1024]);
        server = fixture.listen(ServerLimits.gateway(), HttpServerCurlTest::answer);
    }

    @AfterAll
    static void close() throws Exception {
        fixture.close();
    }

    private static void answer(HttpRequest request, HttpExchange exchange) {
        switch (request.target()) {
            case "/stream" -> {
                HttpExchange.ResponseStream stream =
                        exchange.stream(200, Map.of("content-type", "application/json"));
                stream.write("one\n".getBytes(UTF_8));
                stream.write("two\n".getBytes(UTF_8));
                stream.end();
            }
            case "/abort" -> {
                HttpExchange.ResponseStream stream = exchange.stream(200, Map.of());
                stream.write("half".getBytes(UTF_8));
                stream.abort();
            }
            case "/throws" -> throw new IllegalStateException("as a test asks");
            case "/large" ->
                    exchange.respond(
                            new HttpResponse(200, Map.of(), new byte[9 * 1024 * 1024 + 1]));
            case "/nothing" -> exchange.respond(new HttpResponse(204, Map.of(), new byte[0]));
            default ->
                    exchange.respond(
                            Fixture.text(
                                    200,
                                    "%s %s %d %s"
                                            .formatted(
                                                    request.method(),
                                                    request.target(),
                                                    request.body().length,
                                                    request.header("x-test"))));
        }
    }

    @ParameterizedTest
    @CsvSource({"--http1.1,1.1", "--http2,2"})
    void answersRequestsOneAfterTheOtherOnOneConnection(String option, String version)
            throws Exception {
        String output =
                curl(option, "-H", "X-Test: a", "-H", "x-test: b", url("/a?b=c%20d"), url("/e"));

        assertThat(output.lines())
                .containsExactly(
                        "GET /a?b=c%20d 0 a, b",
                        version + " 200 1", "GET /e 0 a, b", version + " 200 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void takesABodyAndLetsTheClientContinue(String option) throws Exception {
        String output =
                curl(
                        option,
                        "-H",
                        "Expect: 100-continue",
                        "--expect100-timeout",
                        "60",
                        "--data-binary",
                        "@2MiB",
                        url("/post"));

        assertThat(output).startsWith("POST /post 2097152 \n").contains(" 200 1");
    }

    @ParameterizedTest
    @CsvSource({"--http1.1,1.1", "--http2,2"})
    void aBodyThatSaysItIsTooLargeIsRefusedUnread(String option, String version) throws Exception {
        String output = curl(option, "--data-binary", "@4MiB", url("/post"));

        assertThat(output)
                .startsWith("the body is longer than 3145728 bytes")
                .contains(version + " 413");
        Fixture.await("all bodies are given back", () -> server.bodyBytes() == 0);
    }

    @ParameterizedTest
    @CsvSource({"--http1.1,1.1", "--http2,2"})
    void aBodyWithoutEndIsCutOffAtTheLimit(String option, String version) throws Exception {
        String output =
                curl(
                        option,
                        "-H",
                        "Expect:",
                        "-H",
                        "Transfer-Encoding: chunked",
                        "-T",
                        "100MiB",
                        url("/put"));

        assertThat(output).contains(version + " 413");
        Fixture.await("all bodies are given back", () -> server.bodyBytes() == 0);
    }

    @ParameterizedTest
    @CsvSource({"--http1.1,40000", "--http2,17000"})
    void aHeaderThatIsTooLargeIsRefused(String option, int length) throws Exception {
        String output = curl(option, "-H", "X-Large: " + "x".repeat(length), url("/"));

        assertThat(output).contains(" 431 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void headHasTheLengthAndNoBody(String option) throws Exception {
        String output = curl(option, "-I", url("/large"), url("/stream"), url("/x"));

        assertThat(output).containsIgnoringCase("content-length: 9437185");
        assertThat(output).endsWith(" 200 0\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void streamsAndLargeBodiesArriveWhole(String option) throws Exception {
        assertThat(curl(option, url("/stream"))).startsWith("one\ntwo\n");
        assertThat(curl(option, "-o", "large", url("/large"), url("/nothing"))).contains(" 204 0");
        assertThat(Files.size(folder.resolve("large"))).isEqualTo(9 * 1024 * 1024 + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void anAbortedAnswerIsSeenAsNotComplete(String option) throws Exception {
        // curl: 18 partial file, 56 receive failure, 92 stream error
        String status =
                Program.run(
                        folder,
                        Fixture.PATIENCE,
                        List.of(
                                "sh",
                                "-c",
                                "curl -sS "
                                        + option
                                        + " --cacert "
                                        + fixture.authority.pem()
                                        + " "
                                        + url("/abort")
                                        + "; echo status $?"));

        assertThat(status).containsPattern("status (18|56|92)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--http1.1", "--http2"})
    void aHandlerThatThrowsAnswers500WithoutDetail(String option) throws Exception {
        String output = curl(option, url("/throws"), url("/after"));

        assertThat(output).startsWith("internal error\n").contains(" 500 1").contains(" 200 0");
        assertThat(output).doesNotContain("as a test asks");
    }

    @Test
    void theOldestHttpGetsAStreamToo() throws Exception {
        assertThat(curl("--http1.0", "--no-alpn", url("/stream")))
                .startsWith("one\ntwo\n")
                .contains(" 200 1");
    }

    @Test
    void aLineThatIsTooLongIsRefused() throws Exception {
        assertThat(curl("--http1.1", url("/" + "x".repeat(20_000)))).contains("1.1 414 ");
    }

    private static String url(String target) {
        return Fixture.uri(server.address().getPort()) + target;
    }

    private static String curl(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "curl",
                                "-sS",
                                "--max-time",
                                "20",
                                "-w",
                                ENDING,
                                "--cacert",
                                fixture.authority.pem().toString(),
                                "--cert",
                                "client.pem",
                                "--key",
                                "client.key"));
        command.addAll(List.of(arguments));
        return Program.run(folder, Fixture.PATIENCE.plusSeconds(5), command);
    }
}
