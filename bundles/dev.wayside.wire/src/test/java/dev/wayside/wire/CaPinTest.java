// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.testing.OpenSsl;
import dev.wayside.testing.Program;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class CaPinTest {
    @TempDir static Path folder;
    static Fixture fixture;
    static HttpServer server;

    @BeforeAll
    static void open() throws Exception {
        fixture = new Fixture(folder);
        server =
                fixture.listen(
                        ServerLimits.gateway(),
                        (request, exchange) -> exchange.respond(Fixture.text(200, "")));
    }

    @AfterAll
    static void close() throws Exception {
        fixture.close();
    }

    @Test
    void isTheHashThatKubeadmDocuments() throws Exception {
        String command =
                "openssl x509 -pubkey -noout -in "
                        + fixture.authority.pem()
                        + " | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex";
        String output = Program.run(folder, Fixture.PATIENCE, List.of("sh", "-c", command));

        assertThat(CaPin.of(fixture.authority.certificate()).sha256())
                .isEqualTo(output.strip().replaceAll(".*= *", ""));
    }

    @Test
    void fetchesTheAuthorityOfTheRightServer() throws Exception {
        CaPin pin = CaPin.of(fixture.authority.certificate());

        assertThat(fetch(CaPin.parse(pin.toString()), uri("localhost")))
                .isEqualTo(fixture.authority.certificate());
        assertThat(fetch(pin, uri("127.0.0.1"))).isEqualTo(fixture.authority.certificate());
    }

    @Test
    void theWrongPinNamesBothHashes() {
        CaPin wrong = new CaPin("0".repeat(64));

        assertThatThrownBy(() -> fetch(wrong, uri("localhost")))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining(wrong.toString())
                .hasMessageContaining(CaPin.of(fixture.authority.certificate()).toString());
    }

    @Test
    void theServersOwnKeyIsNotAnAuthority() {
        CaPin leaf = CaPin.of(fixture.server.chain().get(0));

        assertThatThrownBy(() -> fetch(leaf, uri("localhost")))
                .cause()
                .hasMessageContaining("not a certificate authority");
    }

    @Test
    void theRightAuthorityDoesNotExcuseTheWrongHost() throws Exception {
        Instant now = Instant.now();
        TlsIdentity elsewhere =
                fixture.authority.issue(
                        "other",
                        "",
                        now.minusSeconds(60),
                        now.plusSeconds(3600),
                        OpenSsl.SERVER,
                        "subjectAltName=DNS:elsewhere.example");
        HttpServer other =
                fixture.listen(
                        elsewhere,
                        ServerLimits.gateway(),
                        (request, exchange) -> exchange.respond(Fixture.text(200, "")));

        assertThatThrownBy(
                        () ->
                                fetch(
                                        CaPin.of(fixture.authority.certificate()),
                                        Fixture.uri(other.address().getPort())))
                .cause()
                .hasMessageContaining("does not name the host localhost");
    }

    @Test
    void refusesWhatIsNotAHash() {
        for (String text : List.of("", "sha256:", "sha1:" + "0".repeat(64), "sha256:zz")) {
            assertThatThrownBy(() -> CaPin.parse(text))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(CaPin.parse(" SHA256:" + "AB".repeat(32) + "\n").sha256())
                .isEqualTo("ab".repeat(32));
    }

    private static URI uri(String host) {
        return URI.create("https://" + host + ":" + server.address().getPort());
    }

    private static X509Certificate fetch(CaPin pin, URI uri) throws ExecutionException, Exception {
        return pin.fetch(uri, Instant::now, ClientLimits.defaults(), fixture.loops)
                .get(Fixture.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }
}
