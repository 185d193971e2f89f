// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Reads and writes PEM (RFC 7468): PKCS#8 private keys, X.509 certificates and certificate
 * requests. Text outside of the blocks is skipped. Reading is bounded: at most {@link #MAX_LENGTH}
 * characters and {@link #MAX_BLOCKS} blocks. Pure, safe for any thread.
 */
public final class Pem {
    /** The longest text that is read, in characters. */
    public static final int MAX_LENGTH = 256 * 1024;

    /** The most blocks in one text. */
    public static final int MAX_BLOCKS = 64;

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String CERTIFICATE_REQUEST = "CERTIFICATE REQUEST";
    private static final String PRIVATE_KEY = "PRIVATE KEY";
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    private Pem() {}

    /**
     * All certificates of the text, in its order; other blocks are skipped.
     *
     * @throws PemException if there is none, or one is malformed
     */
    public static List<X509Certificate> readCertificates(String text) throws PemException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (byte[] der : blocks(text, CERTIFICATE)) {
            certificates.add(certificate(der));
        }
        return List.copyOf(certificates);
    }

    /**
     * The first certificate of the text.
     *
     * @throws PemException if there is none, or one is malformed
     */
    public static X509Certificate readCertificate(String text) throws PemException {
        return readCertificates(text).get(0);
    }

    /**
     * The one private key of the text: PKCS#8, not encrypted, EC or RSA.
     *
     * @throws PemException if there is none or more than one, or it is malformed
     */
    public static PrivateKey readPrivateKey(String text) throws PemException {
        List<byte[]> blocks = blocks(text, PRIVATE_KEY);
        if (blocks.size() > 1) {
            throw new PemException("one private key expected, found " + blocks.size(), null);
        }
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(blocks.get(0));
        GeneralSecurityException notEc;
        try {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        } catch (GeneralSecurityException e) {
            notEc = e;
        }
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (GeneralSecurityException e) {
            e.addSuppressed(notEc);
            throw new PemException("the private key is neither EC nor RSA in PKCS#8", e);
        }
    }

    /**
     * The first certificate request of the text, in DER; its content is not checked.
     *
     * @throws PemException if there is none, or its base64 is malformed
     */
    public static byte[] readCertificateRequest(String text) throws PemException {
        return blocks(text, CERTIFICATE_REQUEST).get(0);
    }

    /** The certificates in PEM, one after the other. */
    public static String certificates(List<X509Certificate> certificates) {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            text.append(certificate(certificate));
        }
        return text.toString();
    }

    /** The certificate in PEM. */
    public static String certificate(X509Certificate certificate) {
        try {
            return block(CERTIFICATE, certificate.getEncoded());
        } catch (CertificateException e) {
            throw new IllegalArgumentException("the certificate has no encoding", e);
        }
    }

    /**
     * The key in PEM, PKCS#8, not encrypted: for a file that only its owner can read.
     *
     * @throws IllegalArgumentException if the key does not give away its content
     */
    public static String privateKey(PrivateKey key) {
        byte[] encoded = key.getEncoded();
        if (encoded == null || !"PKCS#8".equals(key.getFormat())) {
            throw new IllegalArgumentException("the key cannot be written as PKCS#8");
        }
        return block(PRIVATE_KEY, encoded);
    }

    /** A certificate request in PEM, from its DER. */
    public static String certificateRequest(byte[] der) {
        return block(CERTIFICATE_REQUEST, der);
    }

    private static X509Certificate certificate(byte[] der) throws PemException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(der));
        } catch (CertificateException e) {
            throw new PemException("malformed certificate", e);
        }
    }

    private static String block(String label, byte[] der) {
        Base64.Encoder encoder =
                Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
        return BEGIN
                + label
                + "-----\n"
                + encoder.encodeToString(der)
                + "\n"
                + END
                + label
                + "-----\n";
    }

    private static List<byte[]> blocks(String text, String label) throws PemException {
        if (text.length() > MAX_LENGTH) {
            throw new PemException(
                    "PEM text of " + text.length() + " characters, at most " + MAX_LENGTH, null);
        }
        List<byte[]> found = new ArrayList<>();
        int blocks = 0;
        int at = text.indexOf(BEGIN);
        while (at >= 0) {
            if (++blocks > MAX_BLOCKS) {
                throw new PemException("more than " + MAX_BLOCKS + " PEM blocks", null);
            }
            int labelEnd = text.indexOf(DASHES, at + BEGIN.length());
            String name = labelEnd < 0 ? "" : text.substring(at + BEGIN.length(), labelEnd);
            String closing = END + name + DASHES;
            int end = labelEnd < 0 ? -1 : text.indexOf(closing, labelEnd);
            if (end < 0) {
                throw new PemException("a PEM block without its end", null);
            }
            if (name.equals(label)) {
                found.add(decoded(text.substring(labelEnd + DASHES.length(), end), label));
            }
            at = text.indexOf(BEGIN, end + closing.length());
        }
        if (found.isEmpty()) {
            throw new PemException("no PEM block " + label, null);
        }
        return found;
    }

    private static byte[] decoded(String body, String label) throws PemException {
        try {
            return Base64.getDecoder().decode(body.replaceAll("\\s+", ""));
        } catch (IllegalArgumentException e) {
            // Without the cause: its message quotes the text, which may be a key.
            throw new PemException("malformed base64 in PEM block " + label, null);
        }
    }
}
