// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.store.DurableFile;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x500.X500Name;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A kubeconfig file with one cluster and one user: where the connector is, and who speaks to it.
 */
public record Kubeconfig(URI server, TlsIdentity identity) {
    private static final Logger LOG = LoggerFactory.getLogger(Kubeconfig.class);
    private static final Duration RENEW_BEFORE = Duration.ofDays(60);
    private static final Duration ADMIN_LIFETIME = Duration.ofDays(365);

    /** An identity that may do everything, with a new key. */
    public static Kubeconfig forAdmin(CertificateAuthority authority, URI server) {
        KeyPair keys = CertificateAuthority.newKey();
        X509Certificate certificate =
                authority.issue(
                        new X500Name("O=system:masters,CN=admin"),
                        keys.getPublic(),
                        ADMIN_LIFETIME,
                        CertificateAuthority.Purpose.CLIENT,
                        null);
        return new Kubeconfig(
                server,
                new TlsIdentity(keys.getPrivate(), List.of(certificate), authority.certificate()));
    }

    /**
     * Writes the admin's kubeconfig, unless the file is there, for this authority and this server,
     * and good for a while.
     */
    public static void ensure(Path file, CertificateAuthority authority, URI server, Clock clock)
            throws IOException {
        if (Files.exists(file)) {
            try {
                Kubeconfig there = read(file);
                Instant end = there.identity().chain().get(0).getNotAfter().toInstant();
                if (there.server().equals(server)
                        && there.identity().authority().equals(authority.certificate())
                        && end.isAfter(clock.instant().plus(RENEW_BEFORE))) {
                    return;
                }
            } catch (IOException e) {
                LOG.warn("{} is replaced: {}", file, e.getMessage());
            }
        }
        forAdmin(authority, server).write(file);
    }

    /** Writes it with mode 600. */
    public void write(Path file) throws IOException {
        String text =
                String.join(
                        "\n",
                        "apiVersion: v1",
                        "kind: Config",
                        "current-context: wayside",
                        "clusters:",
                        "- name: wayside",
                        "  cluster:",
                        "    server: " + server,
                        "    certificate-authority-data: "
                                + base64(Pem.certificate(identity.authority())),
                        "users:",
                        "- name: admin",
                        "  user:",
                        "    client-certificate-data: "
                                + base64(Pem.certificates(identity.chain())),
                        "    client-key-data: " + base64(Pem.privateKey(identity.key())),
                        "contexts:",
                        "- name: wayside",
                        "  context:",
                        "    cluster: wayside",
                        "    user: admin",
                        "preferences: {}",
                        "");
        DurableFile.writePrivate(file, text);
    }

    /**
     * Reads the first cluster and the first user of a file that {@link #write} wrote.
     *
     * @throws IOException if it is not such a file
     */
    public static Kubeconfig read(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(
                    "there is no " + file + "; has the connector been started there?");
        }
        try {
            Object root =
                    new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
            String authority = text(root, "clusters", "cluster", "certificate-authority-data");
            return new Kubeconfig(
                    URI.create(text(root, "clusters", "cluster", "server")),
                    new TlsIdentity(
                            Pem.readPrivateKey(
                                    decode(text(root, "users", "user", "client-key-data"))),
                            Pem.readCertificates(
                                    decode(text(root, "users", "user", "client-certificate-data"))),
                            Pem.readCertificate(decode(authority))));
        } catch (YamlEngineException | PemException | IllegalArgumentException e) {
            // Without the cause, whose message may quote the file.
            throw new IOException(file + " is not a kubeconfig that the connector wrote");
        }
    }

    private static String text(Object root, String list, String inner, String field) {
        Object entries = root instanceof Map<?, ?> map ? map.get(list) : null;
        Object entry = entries instanceof List<?> all && !all.isEmpty() ? all.get(0) : null;
        Object object = entry instanceof Map<?, ?> map ? map.get(inner) : null;
        Object value = object instanceof Map<?, ?> map ? map.get(field) : null;
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(field + " is missing");
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "kubeconfig for " + server;
    }
}
