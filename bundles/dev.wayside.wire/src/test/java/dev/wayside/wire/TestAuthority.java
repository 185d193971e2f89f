// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import dev.wayside.testing.OpenSsl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;

/** Identities that the real openssl has signed. */
final class TestAuthority {
    private final OpenSsl openssl;
    private final X509Certificate certificate;

    TestAuthority(Path parent, String name) throws Exception {
        openssl = new OpenSsl(parent, name);
        certificate = Pem.readCertificate(Files.readString(openssl.certificate()));
    }

    X509Certificate certificate() {
        return certificate;
    }

    Path pem() {
        return openssl.certificate();
    }

    /** A server on loopback, from an hour ago for a day. */
    TlsIdentity server() throws Exception {
        Instant now = Instant.now();
        return issue(
                "server",
                "",
                now.minusSeconds(3600),
                now.plusSeconds(86400),
                OpenSsl.SERVER,
                OpenSsl.LOOPBACK);
    }

    /** A gateway, from an hour ago for a day. */
    TlsIdentity client(String commonName, String organization) throws Exception {
        Instant now = Instant.now();
        return issue(
                commonName,
                organization,
                now.minusSeconds(3600),
                now.plusSeconds(86400),
                OpenSsl.CLIENT);
    }

    TlsIdentity issue(
            String commonName, String organization, Instant from, Instant to, String... extensions)
            throws Exception {
        KeyPair keys = EcKeys.generate();
        String pem =
                openssl.issue(
                        CertificateRequest.pem(keys, commonName, organization),
                        from,
                        to,
                        extensions);
        return new TlsIdentity(keys.getPrivate(), Pem.readCertificates(pem), certificate);
    }
}
