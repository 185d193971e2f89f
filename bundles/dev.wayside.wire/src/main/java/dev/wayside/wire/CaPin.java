// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The hash of a certificate authority's public key: SHA-256 over its SubjectPublicKeyInfo in DER,
 * as kubeadm's {@code --discovery-token-ca-cert-hash}. By it a newcomer knows the right server.
 *
 * @param sha256 64 hexadecimal digits in lower case
 */
public record CaPin(String sha256) {
    private static final String PREFIX = "sha256:";
    private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{64}");

    /**
     * @throws IllegalArgumentException if it is not 64 hexadecimal digits in lower case
     */
    public CaPin {
        if (!DIGITS.matcher(sha256).matches()) {
            throw new IllegalArgumentException(
                    "a CA hash is sha256: and 64 hexadecimal digits, not " + sha256);
        }
    }

    /**
     * Reads {@code sha256:HEX}.
     *
     * @throws IllegalArgumentException if it is not of that form
     */
    public static CaPin parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        return new CaPin(lower.startsWith(PREFIX) ? lower.substring(PREFIX.length()) : text);
    }

    /** The pin of this certificate's key. */
    public static CaPin of(X509Certificate certificate) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] hash = digest.digest(certificate.getPublicKey().getEncoded());
            return new CaPin(HexFormat.of().formatHex(hash));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }

    /** Whether the certificate has the pinned key. */
    public boolean matches(X509Certificate certificate) {
        return equals(of(certificate));
    }

    /**
     * Asks a server for its authority's certificate: connects, looks for the pinned certificate in
     * the chain that the server presents, checks the server's own certificate by it as {@link
     * ClientTls} does, and disconnects. Nothing is sent before the check.
     *
     * @param clock as for {@link ClientTls#mutual}
     * @return completes exceptionally with an {@link java.io.IOException} that names both hashes if
     *     the server has another authority
     */
    public CompletableFuture<X509Certificate> fetch(
            URI server, Supplier<Instant> clock, ClientLimits limits, EventLoops loops) {
        CompletableFuture<X509Certificate> found = new CompletableFuture<>();
        ClientTls tls =
                new ClientTls(
                        chain -> {
                            X509Certificate authority = pinned(chain);
                            found.complete(authority);
                            return authority;
                        },
                        null,
                        clock);
        return HttpConnection.connect(server, tls, limits, loops)
                .thenCompose(
                        connection -> {
                            connection.close();
                            return found;
                        });
    }

    private X509Certificate pinned(X509Certificate[] chain) throws CertificateException {
        X509Certificate authority =
                Arrays.stream(chain)
                        .filter(this::matches)
                        .findFirst()
                        .orElseThrow(() -> new CertificateException(mismatch(chain)));
        try {
            CertificateChecks.requireAuthority(authority);
        } catch (IllegalArgumentException e) {
            throw new CertificateException(e.getMessage(), e);
        }
        return authority;
    }

    private String mismatch(X509Certificate[] chain) {
        X509Certificate last = chain[chain.length - 1];
        return "the CA hash does not match: expected "
                + this
                + ", the server presents "
                + of(last)
                + " ("
                + last.getSubjectX500Principal()
                + "); it is another server, or the hash was mistyped";
    }

    @Override
    public String toString() {
        return PREFIX + sha256;
    }
}
