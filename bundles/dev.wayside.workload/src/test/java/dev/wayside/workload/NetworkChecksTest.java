// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.Program;
import dev.wayside.wire.EventLoops;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a server that says what a test wants. */
final class NetworkChecksTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    private final EventLoops loops = new EventLoops("wayside-test-prober", 1);
    private final NetworkChecks checks = new NetworkChecks(loops.group().next());
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> answers = new CopyOnWriteArrayList<>();
    private final List<Socket> open = new ArrayList<>();
    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 10, HERE);
        Thread thread = new Thread(this::serve, "test-server");
        thread.setDaemon(true);
        thread.start();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        loops.close();
    }

    /** Answers each connection's request with the next answer; without one it stays silent. */
    private void serve() {
        try {
            while (true) {
                Socket socket = server.accept();
                open.add(socket);
                StringBuilder head = new StringBuilder();
                InputStream in = socket.getInputStream();
                for (int read = in.read(); read >= 0; read = in.read()) {
                    head.append((char) read);
                    if (head.toString().endsWith("\r\n\r\n")) {
                        break;
                    }
                }
                asked.add(head.toString());
                if (!answers.isEmpty()) {
                    socket.getOutputStream()
                            .write(answers.remove(0).getBytes(StandardCharsets.ISO_8859_1));
                    socket.close();
                }
            }
        } catch (IOException closed) {
            return;
        }
    }

    private static String head(int status, String... headers) {
        return "HTTP/1.1 " + status + " X\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    }

    private Handler.Http request(String path, Handler.Header... headers) {
        return new Handler.Http(false, "127.0.0.1", server.getLocalPort(), path, List.of(headers));
    }

    private Outcome http(Handler.Http request, Duration timeout) throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        checks.http(HERE, request, timeout, outcome::complete);
        return outcome.get(30, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @CsvSource({"200, SUCCESS", "204, SUCCESS", "399, SUCCESS", "400, FAILURE", "503, FAILURE"})
    void goesByTheStatus(int status, Outcome.Kind kind) throws Exception {
        answers.add(head(status, "Content-Length: 2") + "hi");
        Outcome outcome = http(request("/health?x=1"), TIMEOUT);
        assertThat(outcome.kind()).isEqualTo(kind);
        if (kind == Outcome.Kind.FAILURE) {
            assertThat(outcome.message()).isEqualTo("HTTP probe failed with statuscode: " + status);
        }
        assertThat(asked.get(0))
                .startsWith("GET /health?x=1 HTTP/1.1\r\n")
                .containsIgnoringCase("host: 127.0.0.1:" + server.getLocalPort())
                .containsIgnoringCase("user-agent: kube-probe/");
    }

    @Test
    void headersAreAddedAndMayTakeThePlaceOfOurs() throws Exception {
        answers.add(head(200, "Content-Length: 0"));
        http(
                request(
                        "/",
                        new Handler.Header("Host", "shop"),
                        new Handler.Header("X-A", "1"),
                        new Handler.Header("X-A", "2")),
                TIMEOUT);
        assertThat(asked.get(0))
                .contains("Host: shop\r\n", "X-A: 1\r\n", "X-A: 2\r\n")
                .doesNotContain("127.0.0.1");
    }

    @Test
    void followsRedirectsOnTheSameServerAndTakesOthersForWell() throws Exception {
        answers.add(head(302, "Location: /login?a=b", "Content-Length: 0"));
        answers.add(head(500, "Content-Length: 0"));
        assertThat(http(request("/"), TIMEOUT).kind()).isEqualTo(Outcome.Kind.FAILURE);
        assertThat(asked.get(1)).startsWith("GET /login?a=b ");
        answers.add(head(302, "Location: http://elsewhere.invalid/", "Content-Length: 0"));
        assertThat(http(request("/"), TIMEOUT)).isEqualTo(Outcome.success());
    }

    @Test
    void silenceIsAFailureAtItsTimeAndHoldsUpNobody() throws Exception {
        CompletableFuture<Outcome> silent = new CompletableFuture<>();
        checks.http(HERE, request("/"), Duration.ofSeconds(2), silent::complete);
        CompletableFuture<Outcome> tcp = new CompletableFuture<>();
        checks.tcp(HERE, server.getLocalPort(), TIMEOUT, tcp::complete);
        assertThat(tcp.get(30, TimeUnit.SECONDS)).isEqualTo(Outcome.success());
        assertThat(silent.get(30, TimeUnit.SECONDS))
                .isEqualTo(Outcome.failure("timeout: no answer within 2s"));
    }

    @Test
    void whatIsNotHttpAndWhatEndsEarlyAreFailures() throws Exception {
        answers.add("SSH-2.0-x\r\n");
        assertThat(http(request("/"), TIMEOUT).kind()).isEqualTo(Outcome.Kind.FAILURE);
        answers.add(head(200, "Content-Length: 10") + "hi");
        assertThat(http(request("/"), TIMEOUT).kind()).isEqualTo(Outcome.Kind.FAILURE);
    }

    @Test
    void anAnswerWithoutEndIsNotReadToItsEnd() throws Exception {
        answers.add(head(200, "Content-Length: 100000000") + "x".repeat(20_000));
        assertThat(http(request("/"), TIMEOUT)).isEqualTo(Outcome.success());
    }

    @Test
    void aPortThatNobodyListensToIsAFailure() throws Exception {
        int port = server.getLocalPort();
        server.close();
        CompletableFuture<Outcome> tcp = new CompletableFuture<>();
        checks.tcp(HERE, port, TIMEOUT, tcp::complete);
        Outcome outcome = tcp.get(30, TimeUnit.SECONDS);
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.FAILURE);
        assertThat(outcome.message()).startsWith("dial tcp: ").contains("refused");
    }

    @Test
    void speaksTlsToAnyCertificate(@TempDir Path temp) throws Exception {
        Path store = temp.resolve("server.p12");
        Program.run(
                temp,
                Duration.ofMinutes(1),
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=nobody",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "secret"));
        char[] password = "secret".toCharArray();
        KeyStore keys = KeyStore.getInstance(store.toFile(), password);
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        server.close();
        server = context.getServerSocketFactory().createServerSocket(0, 10, HERE);
        Thread thread = new Thread(this::serve, "test-tls-server");
        thread.setDaemon(true);
        thread.start();
        answers.add(head(200, "Content-Length: 0"));
        Handler.Http plain = request("/secure");
        Outcome outcome =
                http(
                        new Handler.Http(true, plain.host(), plain.port(), "/secure", List.of()),
                        TIMEOUT);
        assertThat(outcome).isEqualTo(Outcome.success());
        assertThat(asked.get(0)).startsWith("GET /secure ");
    }

    @Test
    void aHeaderThatCannotBeSentSaysNothingOfTheContainer() throws Exception {
        Outcome outcome = http(request("/", new Handler.Header("A", "x\r\ny: z")), TIMEOUT);
        assertThat(outcome.kind()).isEqualTo(Outcome.Kind.UNKNOWN);
    }
}
