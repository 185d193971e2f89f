// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real openssl as a certificate authority, in a folder of its own. */
final class TestAuthority {
    static final String UID = "0f7c3b6e-node";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final String SERVER =
            "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n";
    private static final String CLIENT = "extendedKeyUsage=clientAuth\n";

    final X509Certificate certificate;
    private final Path folder;
    private int issued;

    TestAuthority(Path parent) throws Exception {
        folder = Files.createTempDirectory(parent, "authority");
        Files.writeString(folder.resolve("ca.key"), Pem.privateKey(EcKeys.generate().getPrivate()));
        Files.writeString(folder.resolve("index.txt"), "");
        Files.writeString(folder.resolve("serial"), "1000\n");
        Files.writeString(
                folder.resolve("ca.cnf"),
                """
                [ca]
                default_ca = this
                [this]
                database = %1$s/index.txt
                new_certs_dir = %1$s
                certificate = %1$s/ca.pem
                private_key = %1$s/ca.key
                serial = %1$s/serial
                default_md = sha256
                policy = any
                unique_subject = no
                [any]
                organizationName = optional
                commonName = supplied
                """
                        .formatted(folder));
        run(
                "openssl req -x509 -new -key ca.key -out ca.pem -days 3650 -sha256 -subj /CN=test"
                        + " -addext keyUsage=critical,keyCertSign,cRLSign");
        certificate = Pem.readCertificate(Files.readString(folder.resolve("ca.pem")));
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
                        SERVER);
        return new TlsIdentity(keys.getPrivate(), List.of(issued), certificate);
    }

    /** Signs a gateway's request, for the subject that it asks. */
    X509Certificate sign(String request, Instant from, Instant to) throws Exception {
        return issue(request, from, to, CLIENT);
    }

    /** A gateway named {@code gw-1}. */
    GatewayIdentity gateway(KeyPair keys, URI connector, Instant from, Instant to)
            throws Exception {
        X509Certificate own =
                sign(CertificateRequest.pem(keys, "system:node:gw-1", "system:nodes"), from, to);
        return new GatewayIdentity(
                "gw-1", UID, connector, keys.getPrivate(), List.of(own), certificate);
    }

    private X509Certificate issue(String request, Instant from, Instant to, String extensions)
            throws Exception {
        String file = "issued-" + issued++;
        Files.writeString(folder.resolve(file + ".csr"), request);
        Files.writeString(folder.resolve(file + ".ext"), extensions);
        run(
                "openssl ca -batch -config ca.cnf -notext -preserveDN -in %1$s.csr -out %1$s.pem"
                                .formatted(file)
                        + " -extfile %s.ext -startdate %s -enddate %s"
                                .formatted(file, TIME.format(from), TIME.format(to)));
        return Pem.readCertificate(Files.readString(folder.resolve(file + ".pem")));
    }

    private void run(String command) throws Exception {
        Path output = folder.resolve("output");
        Process process;
        try {
            process =
                    new ProcessBuilder(new ArrayList<>(List.of(command.split(" "))))
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
        } catch (IOException e) {
            throw new AssertionError("these tests need openssl", e);
        }
        boolean ended = process.waitFor(20, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError(
                    command + " failed: " + Files.readString(output, StandardCharsets.ISO_8859_1));
        }
    }
}
