// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.wayside.model.JsonObject;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

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
    private static final long OPENSSL_SECONDS = 30;

    private TestIdentity() {}

    /** Writes both, for a connector that is away. */
    static void write(Path data) throws IOException {
        Path authority = Files.createDirectories(data.resolve("authority"));
        Files.writeString(authority.resolve("ca.key"), key(EcKeys.generate()));
        openssl(
                authority,
                "req -x509 -new -key ca.key -out ca.pem -days 30 -sha256",
                "-subj",
                "/CN=wayside test",
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign");
        issue(
                authority,
                Files.createDirectories(data.resolve(CONNECTOR)),
                "connector",
                "",
                "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n");
        issue(
                authority,
                Files.createDirectories(identity(data)),
                "system:node:" + NODE,
                "system:nodes",
                "extendedKeyUsage=clientAuth\n");
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
            Path authority, Path folder, String commonName, String organization, String extensions)
            throws IOException {
        KeyPair keys = EcKeys.generate();
        Files.writeString(folder.resolve("key.pem"), key(keys));
        Files.writeString(
                authority.resolve("request.pem"),
                CertificateRequest.pem(keys, commonName, organization));
        Files.writeString(authority.resolve("extensions"), extensions);
        openssl(
                authority,
                "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
                        + " -sha256 -extfile extensions -out certificate.pem");
        Files.move(authority.resolve("certificate.pem"), folder.resolve("certificate.pem"));
        Files.copy(authority.resolve("ca.pem"), folder.resolve("authority.pem"));
    }

    private static String key(KeyPair keys) {
        return Pem.privateKey(keys.getPrivate());
    }

    /** The first argument is split at blanks, the others stay whole. */
    private static void openssl(Path folder, String words, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(words.split(" ")));
        command.addAll(List.of(more));
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("openssl.out").toFile())
                        .start();
        try {
            if (!process.waitFor(OPENSSL_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(
                        command
                                + " failed: "
                                + Files.readString(folder.resolve("openssl.out"), UTF_8));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while openssl ran", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
