// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A certificate authority that is the real openssl in a folder of its own, so that what this bundle
 * writes and checks is held against somebody else's code.
 */
final class OpenSslAuthority {
    static final String SERVER = "extendedKeyUsage=serverAuth";
    static final String CLIENT = "extendedKeyUsage=clientAuth";
    static final String LOOPBACK = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Path folder;
    private final X509Certificate certificate;
    private int issued;

    OpenSslAuthority(Path parent, String name) throws Exception {
        folder = Files.createDirectories(parent.resolve("authority-" + System.nanoTime()));
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
                folder,
                "req -x509 -new -key ca.key -out ca.pem -days 3650 -sha256 -subj",
                "/CN=" + name,
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign");
        certificate = Pem.readCertificate(Files.readString(folder.resolve("ca.pem")));
    }

    X509Certificate certificate() {
        return certificate;
    }

    Path pem() {
        return folder.resolve("ca.pem");
    }

    /** A server on loopback, from an hour ago for a day. */
    TlsIdentity server() throws Exception {
        Instant now = Instant.now();
        return issue(
                "server", "", now.minusSeconds(3600), now.plusSeconds(86400), SERVER, LOOPBACK);
    }

    /** A gateway, from an hour ago for a day. */
    TlsIdentity client(String commonName, String organization) throws Exception {
        Instant now = Instant.now();
        return issue(
                commonName, organization, now.minusSeconds(3600), now.plusSeconds(86400), CLIENT);
    }

    TlsIdentity issue(
            String commonName, String organization, Instant from, Instant to, String... extensions)
            throws Exception {
        String file = "issued-" + issued++;
        KeyPair keys = EcKeys.generate();
        Files.writeString(folder.resolve(file + ".key"), Pem.privateKey(keys.getPrivate()));
        Files.writeString(
                folder.resolve(file + ".csr"),
                CertificateRequest.pem(keys, commonName, organization));
        Files.writeString(folder.resolve(file + ".ext"), String.join("\n", extensions) + "\n");
        run(
                folder,
                "ca -batch -config ca.cnf -notext -preserveDN -in "
                        + file
                        + ".csr -out "
                        + file
                        + ".pem -extfile "
                        + file
                        + ".ext -startdate "
                        + TIME.format(from)
                        + " -enddate "
                        + TIME.format(to));
        String pem = Files.readString(folder.resolve(file + ".pem"));
        return new TlsIdentity(keys.getPrivate(), Pem.readCertificates(pem), certificate);
    }

    /** Runs openssl: the first argument is split at blanks, the others stay whole. */
    static String run(Path folder, String words, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(words.split(" ")));
        command.addAll(List.of(more));
        return Command.run(folder, Duration.ofSeconds(20), command);
    }

    /** A program whose failure fails the test. */
    static final class Command {
        private Command() {}

        static String run(Path folder, Duration limit, List<String> command) throws Exception {
            Path output = Files.createTempFile(folder, "command", ".out");
            Process process;
            try {
                process =
                        new ProcessBuilder(command)
                                .directory(folder.toFile())
                                .redirectErrorStream(true)
                                .redirectOutput(output.toFile())
                                .start();
            } catch (IOException e) {
                throw new AssertionError("these tests need " + command.get(0), e);
            }
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String text = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(command + " failed: " + text);
            }
            return text;
        }
    }
}
