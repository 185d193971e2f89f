// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import dev.wayside.model.JsonObject;
import dev.wayside.testing.OpenSsl;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;

/**
 * The identity folder of a gateway that has joined, beside it the identity of its connector, both
 * issued by one authority, which is the real openssl.
 */
final class TestIdentity {
    static final String NODE = "gateway-1";
    static final String UID = "7d8f0d0c-27a5-4b63-9f0e-5a4c1c7a2b11";

    /** Nobody listens there. */
    private static final URI AWAY = URI.create("https://localhost:1");

    private static final String CONNECTOR = "connector";

    private TestIdentity() {}

    /** Writes both, for a connector that is away. */
    static void write(Path data) throws IOException {
        OpenSsl authority = new OpenSsl(data, "wayside test");
        issue(
                authority,
                Files.createDirectories(data.resolve(CONNECTOR)),
                "connector",
                "",
                OpenSsl.SERVER,
                OpenSsl.LOOPBACK);
        issue(
                authority,
                Files.createDirectories(identity(data)),
                "system:node:" + NODE,
                "system:nodes",
                OpenSsl.CLIENT);
        connector(data, AWAY);
    }

    /** Names the connector; the node bundle reads it when it starts. */
    static void connector(Path data, URI connector) throws IOException {
        Files.writeString(
                identity(data).resolve("identity.json"),
                JsonObject.of("nodeName", NODE)
                        .with("gatewayUid", UID)
                        .with("connector", connector.toString())
                        .toJson());
    }

    /** What the connector shows to its gateways. */
    static TlsIdentity ofConnector(Path data) throws IOException {
        Path folder = data.resolve(CONNECTOR);
        try {
            return new TlsIdentity(
                    Pem.readPrivateKey(Files.readString(folder.resolve("key.pem"))),
                    Pem.readCertificates(Files.readString(folder.resolve("certificate.pem"))),
                    Pem.readCertificate(Files.readString(folder.resolve("authority.pem"))));
        } catch (PemException e) {
            throw new IOException("openssl has written what we can't read", e);
        }
    }

    private static Path identity(Path data) {
        return data.resolve("identity");
    }

    private static void issue(
            OpenSsl authority,
            Path folder,
            String commonName,
            String organization,
            String... extensions)
            throws IOException {
        KeyPair keys = EcKeys.generate();
        Instant now = Instant.now();
        Files.writeString(folder.resolve("key.pem"), Pem.privateKey(keys.getPrivate()));
        Files.writeString(
                folder.resolve("certificate.pem"),
                authority.issue(
                        CertificateRequest.pem(keys, commonName, organization),
                        now.minus(Duration.ofHours(1)),
                        now.plus(Duration.ofDays(30)),
                        extensions));
        Files.copy(authority.certificate(), folder.resolve("authority.pem"));
    }
}
