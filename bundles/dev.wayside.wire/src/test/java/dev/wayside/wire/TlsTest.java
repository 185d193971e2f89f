// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.testing.OpenSsl;
import dev.wayside.testing.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class TlsTest {
    private static final Instant NOW = Instant.now();
    private static final Instant YESTERDAY = NOW.minusSeconds(86_400);
    private static final Instant TOMORROW = NOW.plusSeconds(86_400);

    @TempDir static Path folder;
    static Fixture fixture;
    static HttpServer server;

    @BeforeAll
    static void open() throws Exception {
        fixture = new Fixture(folder);
        server = fixture.listen(ServerLimits.gateway(), TlsTest::whoIsIt);
    }

    @AfterAll
    static void close() throws Exception {
        fixture.close();
    }

    private static void whoIsIt(HttpRequest request, HttpExchange exchange) {
        String who =
                request.peer() == null
                        ? "nobody"
                        : request.peer().getSubjectX500Principal().getName();
        exchange.respond(Fixture.text(200, who + ", expired " + request.peerExpired(NOW)));
    }

    @Test
    void bothSidesShowTheirCertificate() throws Exception {
        assertThat(seenBy(server, ClientTls.mutual(fixture.gateway, Instant::now)))
                .isEqualTo("CN=system:node:a,O=system:nodes, expired false");
    }

    @Test
    void whoHasNoCertificateYetMayStillAsk() throws Exception {
        assertThat(
                        seenBy(
                                server,
                                ClientTls.anonymous(fixture.authority.certificate(), Instant::now)))
                .isEqualTo("nobody, expired false");
    }

    @Test
    void anExpiredClientCertificateGetsThroughAndIsKnownAsExpired() throws Exception {
        TlsIdentity expired = client(YESTERDAY, NOW.minusSeconds(10), OpenSsl.CLIENT);

        assertThat(seenBy(server, ClientTls.mutual(expired, Instant::now)))
                .isEqualTo("CN=c,O=o, expired true");
    }

    @Test
    void aClientCertificateWhoseTimeHasNotBegunIsRefused() throws Exception {
        TlsIdentity early = client(NOW.plusSeconds(3_600), TOMORROW, OpenSsl.CLIENT);

        refused(ClientTls.mutual(early, Instant::now));
    }

    @Test
    void aServersCertificateIsNoClients() throws Exception {
        refused(ClientTls.mutual(client(YESTERDAY, TOMORROW, OpenSsl.SERVER), Instant::now));
        refused(
                ClientTls.mutual(
                        client(YESTERDAY, TOMORROW, "keyUsage=digitalSignature"), Instant::now));
    }

    @Test
    void aClientOfAnotherAuthorityIsRefusedEvenUnderTheSameName() throws Exception {
        TestAuthority same = new TestAuthority(folder, "wayside");
        TlsIdentity theirs = same.client("system:node:a", "system:nodes");

        refused(
                ClientTls.mutual(
                        new TlsIdentity(
                                theirs.key(), theirs.chain(), fixture.authority.certificate()),
                        Instant::now));
    }

    @Test
    void aServerOfAnotherAuthorityIsRefusedEvenUnderTheSameName() throws Exception {
        TestAuthority same = new TestAuthority(folder, "wayside");
        HttpServer impostor =
                fixture.listen(same.server(), ServerLimits.gateway(), TlsTest::whoIsIt);

        assertThatThrownBy(() -> seenBy(impostor, ours(Instant::now)))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not signed by the trusted sha256:");

        TestAuthority other = new TestAuthority(folder, "other");
        HttpServer stranger =
                fixture.listen(other.server(), ServerLimits.gateway(), TlsTest::whoIsIt);
        assertThatThrownBy(() -> seenBy(stranger, ours(Instant::now)))
                .cause()
                .hasMessageContaining("CN=server is issued by CN=other")
                .hasMessageContaining("trusted is only CN=wayside");
    }

    @Test
    void aGatewayCannotPoseAsTheConnector() throws Exception {
        Instant soon = TOMORROW;
        TlsIdentity clientOnly =
                fixture.authority.issue(
                        "server", "", YESTERDAY, soon, OpenSsl.CLIENT, OpenSsl.LOOPBACK);
        HttpServer posing = fixture.listen(clientOnly, ServerLimits.gateway(), TlsTest::whoIsIt);

        assertThatThrownBy(() -> seenBy(posing, ours(Instant::now)))
                .cause()
                .hasMessageContaining("is not for servers");
    }

    @Test
    void anExpiredServerIsRefusedByTheClockThatIsGiven() throws Exception {
        TlsIdentity expired = serverFor(YESTERDAY, NOW.minusSeconds(10));
        HttpServer old = fixture.listen(expired, ServerLimits.gateway(), TlsTest::whoIsIt);

        assertThatThrownBy(() -> seenBy(old, ours(Instant::now)))
                .cause()
                .hasMessageContaining("expired at");
        assertThat(seenBy(old, ours(() -> NOW.minusSeconds(3_600)))).startsWith("CN=system:node:a");
        // A floor does not let in what it knows to be over.
        assertThatThrownBy(() -> seenBy(old, ours(laterOf(Instant.EPOCH, NOW)))).cause();
    }

    @Test
    void aBootIn1970LocksNobodyOutIfTheFloorKnowsBetter() throws Exception {
        assertThatThrownBy(() -> seenBy(server, ours(() -> Instant.EPOCH)))
                .cause()
                .hasMessageContaining("is not valid before")
                .hasMessageContaining("1970-01-01");

        assertThat(seenBy(server, ours(laterOf(Instant.EPOCH, NOW))))
                .startsWith("CN=system:node:a");
    }

    @Test
    void theHostMustBeNamed() throws Exception {
        TlsIdentity elsewhere =
                fixture.authority.issue(
                        "localhost",
                        "",
                        YESTERDAY,
                        TOMORROW,
                        OpenSsl.SERVER,
                        "subjectAltName=DNS:elsewhere.example,IP:127.0.0.2");
        HttpServer other = fixture.listen(elsewhere, ServerLimits.gateway(), TlsTest::whoIsIt);

        assertThatThrownBy(() -> seenBy(other, ours(Instant::now)))
                .cause()
                .hasMessageContaining("does not name the host localhost");
    }

    @Test
    void olderTlsIsRefused() throws Exception {
        assertThat(sClient("-tls1_2")).contains("alert protocol version");
        assertThat(sClient("-tls1_3")).contains("TLSv1.3").contains("Verify return code: 0 (ok)");
    }

    @Test
    void theApplicationProtocolIsAgreedInTheHandshake() throws Exception {
        assertThat(sClient("-alpn h2,http/1.1")).contains("ALPN protocol: h2");
        assertThat(sClient("-alpn http/1.1")).contains("ALPN protocol: http/1.1");
        assertThat(sClient("-alpn spdy/3")).contains("no application protocol");
    }

    @Test
    void aRenewedServerCertificateNeedsNoNewListener() throws Exception {
        AtomicReference<TlsIdentity> current = new AtomicReference<>(serverFor(YESTERDAY, NOW));
        HttpServer renewed =
                fixture.keep(
                        HttpServer.start(
                                new java.net.InetSocketAddress(
                                        java.net.InetAddress.getLoopbackAddress(), 0),
                                new ServerTls(current::get, Instant::now),
                                ServerLimits.gateway(),
                                Refusal::plainText,
                                fixture.loops,
                                TlsTest::whoIsIt));
        assertThatThrownBy(() -> seenBy(renewed, ours(Instant::now))).cause();

        current.set(fixture.server);

        assertThat(seenBy(renewed, ours(Instant::now))).startsWith("CN=system:node:a");
    }

    @Test
    void whatIsNoAuthorityIsNotTakenForOne() {
        assertThatThrownBy(
                        () ->
                                new TlsIdentity(
                                        fixture.server.key(),
                                        fixture.server.chain(),
                                        fixture.server.chain().get(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a certificate authority");
    }

    /** openssl as the client, which trusts our authority and ends at once. */
    private static String sClient(String options) throws Exception {
        String command =
                "openssl s_client -connect localhost:%d -CAfile %s -verify_return_error %s </dev/null; true"
                        .formatted(server.address().getPort(), fixture.authority.pem(), options);
        Path script = folder.resolve("s_client.sh");
        Files.writeString(script, command);
        return Program.run(folder, Fixture.PATIENCE, java.util.List.of("sh", script.toString()));
    }

    private static ClientTls ours(Supplier<Instant> clock) {
        return ClientTls.mutual(fixture.gateway, clock);
    }

    private static Supplier<Instant> laterOf(Instant clock, Instant floor) {
        return () -> clock.isAfter(floor) ? clock : floor;
    }

    private static TlsIdentity client(Instant from, Instant to, String extension) throws Exception {
        return fixture.authority.issue("c", "o", from, to, extension);
    }

    private static TlsIdentity serverFor(Instant from, Instant to) throws Exception {
        return fixture.authority.issue("server", "", from, to, OpenSsl.SERVER, OpenSsl.LOOPBACK);
    }

    private static void refused(ClientTls tls) {
        assertThatThrownBy(() -> seenBy(server, tls))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no connection to localhost")
                .hasMessageContaining("fatal alert: certificate_unknown");
    }

    private static String seenBy(HttpServer server, ClientTls tls) throws Exception {
        try (HttpConnection connection =
                fixture.connect(server.address().getPort(), tls, ClientLimits.defaults())) {
            HttpResponse response = Fixture.send(connection, "GET", "/", new byte[0]);
            return new String(response.body(), UTF_8);
        }
    }
}
