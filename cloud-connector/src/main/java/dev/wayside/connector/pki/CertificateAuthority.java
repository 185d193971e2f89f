// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.store.DurableFile;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connector's own certificate authority: an EC P-256 key in a file of mode 600, and a
 * self-signed certificate beside it. Made at the first start, read at every other. Safe for any
 * thread.
 */
public final class CertificateAuthority {
    /** What a certificate may be used for. */
    public enum Purpose {
        SERVER,
        CLIENT;

        private KeyPurposeId id() {
            return this == SERVER ? KeyPurposeId.id_kp_serverAuth : KeyPurposeId.id_kp_clientAuth;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(CertificateAuthority.class);
    private static final Duration LIFETIME = Duration.ofDays(3652);
    // Clocks of devices lag behind: a new certificate must be good for them at once.
    private static final Duration BACKDATE = Duration.ofMinutes(10);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final X509Certificate certificate;
    private final PrivateKey key;
    private final Clock clock;

    private CertificateAuthority(X509Certificate certificate, PrivateKey key, Clock clock) {
        this.certificate = certificate;
        this.key = key;
        this.clock = clock;
    }

    /**
     * Reads the authority of the folder, or makes one if the folder has none.
     *
     * @throws IOException if its files cannot be read or written, do not belong together, or only
     *     one of them is there
     */
    public static CertificateAuthority open(Path folder, Clock clock) throws IOException {
        Path keyFile = folder.resolve("ca.key");
        Path certificateFile = folder.resolve("ca.crt");
        if (!Files.exists(folder)) {
            Files.createDirectories(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        }
        // The certificate is written last; a key alone is what a cut at the first start left over.
        if (!Files.exists(certificateFile)) {
            return create(keyFile, certificateFile, clock);
        }
        try {
            X509Certificate certificate = Pem.readCertificate(Files.readString(certificateFile));
            PrivateKey key = Pem.readPrivateKey(Files.readString(keyFile));
            CertificateAuthority authority = new CertificateAuthority(certificate, key, clock);
            authority.checkKey();
            return authority;
        } catch (PemException | GeneralSecurityException e) {
            throw new IOException(
                    "the certificate authority in "
                            + folder
                            + " is damaged; restore ca.key and ca.crt from a backup",
                    e);
        }
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** SHA-256 over the public key (SubjectPublicKeyInfo, DER), as {@code sha256:HEX}. */
    public String pin() {
        return "sha256:" + sha256Hex(certificate.getPublicKey().getEncoded());
    }

    /**
     * Issues a certificate.
     *
     * @param names alternative names, null for none
     */
    public X509Certificate issue(
            X500Name subject,
            PublicKey publicKey,
            Duration lifetime,
            Purpose purpose,
            @Nullable GeneralNames names) {
        Instant now = clock.instant();
        Instant end = now.plus(lifetime);
        Instant ownEnd = certificate.getNotAfter().toInstant();
        try {
            JcaX509v3CertificateBuilder builder =
                    new JcaX509v3CertificateBuilder(
                            certificate,
                            serial(),
                            Date.from(now.minus(BACKDATE)),
                            Date.from(end.isAfter(ownEnd) ? ownEnd : end),
                            subject,
                            publicKey);
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose.id()));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(certificate.getPublicKey()));
            if (names != null) {
                builder.addExtension(Extension.subjectAlternativeName, false, names);
            }
            return sign(builder, key);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("cannot issue a certificate for " + subject, e);
        }
    }

    /** A new EC P-256 key. */
    static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no EC P-256 keys", e);
        }
    }

    static String sha256Hex(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }

    private static CertificateAuthority create(Path keyFile, Path certificateFile, Clock clock)
            throws IOException {
        KeyPair keys = newKey();
        Instant now = clock.instant();
        // A name of its own, so that two connectors' authorities are told apart by people.
        X500Name name =
                new X500Name("CN=wayside-ca-" + HexFormat.of().toHexDigits(RANDOM.nextInt()));
        X509Certificate certificate;
        try {
            JcaX509v3CertificateBuilder builder =
                    new JcaX509v3CertificateBuilder(
                            name,
                            serial(),
                            Date.from(now.minus(BACKDATE)),
                            Date.from(now.plus(LIFETIME)),
                            name,
                            keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
            certificate = sign(builder, keys.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot make a certificate authority", e);
        }
        DurableFile.writePrivate(keyFile, Pem.privateKey(keys.getPrivate()));
        DurableFile.write(certificateFile, Pem.certificate(certificate));
        CertificateAuthority authority =
                new CertificateAuthority(certificate, keys.getPrivate(), clock);
        LOG.info("Made a certificate authority, {}, {}", name, authority.pin());
        return authority;
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
            throws IOException, GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(
                                    new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException("cannot sign with the authority's key", e);
        }
    }

    private void checkKey() throws GeneralSecurityException {
        byte[] probe = new byte[32];
        RANDOM.nextBytes(probe);
        java.security.Signature signature = java.security.Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(probe);
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("ca.key is not the key of ca.crt");
        }
    }

    private static BigInteger serial() {
        return new BigInteger(127, RANDOM).add(BigInteger.ONE);
    }
}
