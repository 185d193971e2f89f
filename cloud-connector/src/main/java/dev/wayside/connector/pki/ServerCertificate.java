// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.store.DurableFile;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that the listener shows. Kept in the folder, and replaced when it nears its end
 * or when the connector is to be known by other names. The listener asks for it at each connection.
 * Safe for any thread.
 */
public final class ServerCertificate implements Supplier<TlsIdentity> {
    private static final Logger LOG = LoggerFactory.getLogger(ServerCertificate.class);
    private static final Duration LIFETIME = Duration.ofDays(365);
    private static final Duration RENEW_BEFORE = Duration.ofDays(60);
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private final Path folder;
    private final CertificateAuthority authority;
    private final Set<String> names;
    private final Clock clock;
    private volatile TlsIdentity current;

    private ServerCertificate(
            Path folder,
            CertificateAuthority authority,
            Set<String> names,
            Clock clock,
            TlsIdentity current) {
        this.folder = folder;
        this.authority = authority;
        this.names = names;
        this.clock = clock;
        this.current = current;
    }

    /**
     * @param names host names and IP addresses; {@code localhost}, {@code 127.0.0.1} and {@code
     *     ::1} always belong to it
     */
    public static ServerCertificate open(
            Path folder, CertificateAuthority authority, Collection<String> names, Clock clock)
            throws IOException {
        Set<String> all = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "::1"));
        all.addAll(names);
        TlsIdentity stored = read(folder, authority);
        TlsIdentity current =
                stored != null && isGood(stored.chain().get(0), authority, all, clock)
                        ? stored
                        : make(folder, authority, all);
        return new ServerCertificate(folder, authority, all, clock, current);
    }

    @Override
    public TlsIdentity get() {
        return current;
    }

    /** To be called now and then; connections that are open keep what they have. */
    public void renewIfDue() throws IOException {
        if (!isGood(current.chain().get(0), authority, names, clock)) {
            current = make(folder, authority, names);
        }
    }

    private static @org.jspecify.annotations.Nullable TlsIdentity read(
            Path folder, CertificateAuthority authority) throws IOException {
        Path certificate = folder.resolve("server.crt");
        Path key = folder.resolve("server.key");
        if (!Files.exists(certificate) || !Files.exists(key)) {
            return null;
        }
        try {
            return new TlsIdentity(
                    Pem.readPrivateKey(Files.readString(key)),
                    Pem.readCertificates(Files.readString(certificate)),
                    authority.certificate());
        } catch (PemException e) {
            LOG.warn("The server certificate in {} is unreadable and will be replaced", folder, e);
            return null;
        }
    }

    private static boolean isGood(
            X509Certificate certificate,
            CertificateAuthority authority,
            Set<String> names,
            Clock clock) {
        try {
            certificate.verify(authority.certificate().getPublicKey());
            Set<String> known = new TreeSet<>();
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            for (List<?> name : alternatives == null ? List.<List<?>>of() : alternatives) {
                known.add(String.valueOf(name.get(1)));
            }
            Set<String> wanted = new TreeSet<>();
            names.forEach(name -> wanted.add(name.equals("::1") ? "0:0:0:0:0:0:0:1" : name));
            return certificate.getNotAfter().toInstant().isAfter(clock.instant().plus(RENEW_BEFORE))
                    && known.containsAll(wanted);
        } catch (CertificateParsingException e) {
            return false;
        } catch (GeneralSecurityException e) {
            LOG.info("The server certificate is of another authority and will be replaced");
            return false;
        }
    }

    private static TlsIdentity make(Path folder, CertificateAuthority authority, Set<String> names)
            throws IOException {
        KeyPair keys = CertificateAuthority.newKey();
        GeneralName[] alternatives =
                names.stream()
                        .map(name -> new GeneralName(isAddress(name) ? 7 : 2, name))
                        .toArray(GeneralName[]::new);
        X509Certificate certificate =
                authority.issue(
                        new X500Name("CN=wayside-connector"),
                        keys.getPublic(),
                        LIFETIME,
                        CertificateAuthority.Purpose.SERVER,
                        new GeneralNames(alternatives));
        PrivateKey key = keys.getPrivate();
        // A cut between the two leaves a pair that does not fit: the next start replaces it.
        Files.deleteIfExists(folder.resolve("server.crt"));
        DurableFile.writePrivate(folder.resolve("server.key"), Pem.privateKey(key));
        DurableFile.write(folder.resolve("server.crt"), Pem.certificate(certificate));
        LOG.info("Issued the server certificate for {}", names);
        return new TlsIdentity(key, List.of(certificate), authority.certificate());
    }

    private static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || IPV4.matcher(name).matches();
    }
}
