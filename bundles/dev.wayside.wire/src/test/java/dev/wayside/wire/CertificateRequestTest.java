// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.testing.OpenSsl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateRequestTest {
    @TempDir Path folder;

    @Test
    void opensslVerifiesWhatWeWrite() throws Exception {
        KeyPair keys = EcKeys.generate();
        Files.writeString(
                folder.resolve("request.pem"),
                CertificateRequest.pem(keys, "system:node:gateway-1", "system:nodes"));

        String text =
                OpenSsl.run(folder, "req -verify -text -noout -nameopt RFC2253 -in request.pem");

        assertThat(text)
                .contains("self-signature verify OK")
                .contains("Subject: CN=system:node:gateway-1,O=system:nodes")
                .contains("id-ecPublicKey")
                .contains("NIST CURVE: P-256")
                .contains("Signature Algorithm: ecdsa-with-SHA256")
                .contains("Version: 1 (0x0)");
    }

    @Test
    void carriesTheKeyThatItIsFor() throws Exception {
        KeyPair keys = EcKeys.generate();
        Files.writeString(
                folder.resolve("request.pem"), CertificateRequest.pem(keys, "somebody", ""));
        Files.writeString(folder.resolve("key.pem"), Pem.privateKey(keys.getPrivate()));

        assertThat(OpenSsl.run(folder, "req -in request.pem -noout -pubkey"))
                .isEqualTo(OpenSsl.run(folder, "pkey -in key.pem -pubout"));
    }

    @Test
    void namesOfAnyAlphabetAndLengthStayWhole() throws Exception {
        String name = "Straßenlaterne-Łódź-東京-" + "x".repeat(200);
        Files.writeString(
                folder.resolve("request.pem"),
                CertificateRequest.pem(EcKeys.generate(), name.substring(0, 60), "o"));

        assertThat(
                        OpenSsl.run(
                                folder,
                                "req -verify -noout -subject -nameopt utf8,sep_comma_plus -in"
                                        + " request.pem"))
                .contains("verify OK")
                .contains("xxx");
    }
}
