// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.testing.OpenSsl;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.TlsIdentity;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** The real openssl as a certificate authority, in a folder of its own. */
final class TestAuthority {
    static final String UID = "0f7c3b6e-node";

    final X509Certificate certificate;
    private final OpenSsl openssl;

    TestAuthority(Path parent) throws Exception {
        openssl = new OpenSsl(parent, "test");
        certificate = Pem.readCertificate(Files.readString(openssl.certificate()));
    }

    /** A server on loopback, from a day ago for a year. */
    TlsIdentity server() throws Exception {
        KeyPair keys = EcKeys.generate();
        Instant now = Instant.now();
        X509Certificate issued =
                issue(
                        CertificateRequest.pem(keys, "server", ""),
                        now.minusSeconds(86_400),
                        now.plusSeconds(365 * 86_400L),
                        OpenSsl.SERVER,
                        OpenSsl.LOOPBACK);
        return new TlsIdentity(keys.getPrivate(), List.of(issued), certificate);
    }

    /** Signs a gateway's request, for the subject that it asks. */
    X509Certificate sign(String request, Instant from, Instant to) throws Exception {
        return issue(request, from, to, OpenSsl.CLIENT);
    }

    /** A gateway named {@code gw-1}. */
    GatewayIdentity gateway(KeyPair keys, URI connector, Instant from, Instant to)
            throws Exception {
        X509Certificate own =
                sign(CertificateRequest.pem(keys, "system:node:gw-1", "system:nodes"), from, to);
        return new GatewayIdentity(
                "gw-1", UID, connector, keys.getPrivate(), List.of(own), certificate);
    }

    private X509Certificate issue(String request, Instant from, Instant to, String... extensions)
            throws Exception {
        return Pem.readCertificate(openssl.issue(request, from, to, extensions));
    }
}
