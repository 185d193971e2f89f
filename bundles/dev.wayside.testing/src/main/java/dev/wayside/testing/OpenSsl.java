// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * A certificate authority that is the real openssl in a folder of its own, so that what we write
 * and check is held against somebody else's code. Takes and gives PEM.
 */
public final class OpenSsl {
    public static final String SERVER = "extendedKeyUsage=serverAuth";
    public static final String CLIENT = "extendedKeyUsage=clientAuth";
    public static final String LOOPBACK = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Path folder;
    private int issued;

    /**
     * @param name the common name of the authority
     */
    public OpenSsl(Path parent, String name) throws IOException {
        folder = Files.createTempDirectory(parent, "authority-");
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
        run(folder, "ecparam -name prime256v1 -genkey -noout -out ca.key");
        run(
                folder,
                "req -x509 -new -key ca.key -out ca.pem -days 3650 -sha256 -subj",
                "/CN=" + name,
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign");
    }

    /** The file with the authority's certificate. */
    public Path certificate() {
        return folder.resolve("ca.pem");
    }

    /**
     * Signs a request for the subject that it asks.
     *
     * @param extensions lines such as {@link #CLIENT}
     */
    public String issue(String request, Instant from, Instant to, String... extensions)
            throws IOException {
        String file = "issued-" + issued++;
        Files.writeString(folder.resolve(file + ".csr"), request);
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
        return Files.readString(folder.resolve(file + ".pem"));
    }

    /** Runs openssl: the first argument is split at blanks, the others stay whole. */
    public static String run(Path folder, String words, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(words.split(" ")));
        command.addAll(List.of(more));
        return Program.run(folder, PATIENCE, command);
    }
}
