// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.testing.OpenSsl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemTest {
    @TempDir static Path folder;

    @Test
    void opensslReadsTheKeyThatWeWrite() throws Exception {
        PrivateKey key = EcKeys.generate().getPrivate();
        Files.writeString(folder.resolve("key.pem"), Pem.privateKey(key));

        assertThat(OpenSsl.run(folder, "pkey -in key.pem -check -noout")).contains("Key is valid");
        assertThat(Pem.readPrivateKey(Pem.privateKey(key))).isEqualTo(key);
    }

    @Test
    void readsTheKeysThatOpensslWrites() throws Exception {
        OpenSsl.run(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
        OpenSsl.run(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");

        assertThat(Pem.readPrivateKey(Files.readString(folder.resolve("ec.pem"))).getAlgorithm())
                .isEqualTo("EC");
        assertThat(Pem.readPrivateKey(Files.readString(folder.resolve("rsa.pem"))).getAlgorithm())
                .isEqualTo("RSA");
    }

    @Test
    void readsCertificatesAmongOtherTextAndBlocks() throws Exception {
        TestAuthority authority = new TestAuthority(folder, "somebody");
        TlsIdentity identity = authority.server();
        String text =
                "subject=/CN=server\r\n"
                        + Pem.certificates(identity.chain()).replace("\n", "\r\n")
                        + Pem.privateKey(identity.key())
                        + "issuer\n"
                        + Pem.certificate(authority.certificate());

        assertThat(Pem.readCertificates(text))
                .containsExactly(identity.chain().get(0), authority.certificate());
        assertThat(Pem.readPrivateKey(text)).isEqualTo(identity.key());
    }

    @Test
    void saysWhatIsMissingOrMalformedWithoutQuotingIt() {
        String secret = "AAAABBBBCCCC****";
        assertThatThrownBy(() -> Pem.readCertificates("")).hasMessage("no PEM block CERTIFICATE");
        assertThatThrownBy(() -> Pem.readPrivateKey("-----BEGIN PRIVATE KEY-----\n" + secret))
                .isInstanceOf(PemException.class)
                .hasMessage("a PEM block without its end");
        assertThatThrownBy(
                        () ->
                                Pem.readPrivateKey(
                                        "-----BEGIN PRIVATE KEY-----\n"
                                                + secret
                                                + "\n-----END PRIVATE KEY-----\n"))
                .isInstanceOf(PemException.class)
                .hasNoCause()
                .hasMessageNotContaining(secret);
        assertThatThrownBy(() -> Pem.readPrivateKey("-----BEGIN "))
                .isInstanceOf(PemException.class);
        assertThatThrownBy(
                        () ->
                                Pem.readCertificate(
"""
-----BEGIN CERTIFICATE-----
AAAA
-----END CERTIFICATE-----
"""))
                .isInstanceOf(PemException.class)
                .hasMessage("malformed certificate");
    }

    @Test
    void readsNoMoreThanItMust() {
        String block = "-----BEGIN X-----\n-----END X-----\n";
        assertThatThrownBy(() -> Pem.readCertificates("x".repeat(Pem.MAX_LENGTH + 1)))
                .isInstanceOf(PemException.class)
                .hasMessageContaining("at most");
        assertThatThrownBy(() -> Pem.readCertificates(block.repeat(Pem.MAX_BLOCKS + 1)))
                .isInstanceOf(PemException.class)
                .hasMessageContaining("more than");
    }
}
