// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.util.NetUtil;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The questions asked of a peer's certificate. Each check throws with the reason.
 *
 * <p>There is one authority and it issues every certificate directly, so there is no path to build.
 * The JDK's path validation is not used for a second reason: it reads the JDK's own list of
 * authorities (for fingerprints only, but it costs the gateway time and memory).
 */
final class CertificateChecks {
    static final String SERVER = "1.3.6.1.5.5.7.3.1";
    static final String CLIENT = "1.3.6.1.5.5.7.3.2";

    private static final int DIGITAL_SIGNATURE = 0;
    private static final int CERTIFICATE_SIGN = 5;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;
    private static final Set<String> SIGNATURES =
            Set.of(
                    "SHA256WITHECDSA",
                    "SHA384WITHECDSA",
                    "SHA512WITHECDSA",
                    "SHA256WITHRSA",
                    "SHA384WITHRSA",
                    "SHA512WITHRSA",
                    "RSASSA-PSS",
                    "ED25519");

    private CertificateChecks() {}

    static void requireAuthority(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        if (certificate.getBasicConstraints() < 0 || (usage != null && !usage[CERTIFICATE_SIGN])) {
            throw new IllegalArgumentException(
                    "not a certificate authority: " + certificate.getSubjectX500Principal());
        }
    }

    /** That the authority issued it, by a signature that is still held to be safe. */
    static void issuedBy(X509Certificate certificate, X509Certificate authority)
            throws CertificateException {
        String subject = certificate.getSubjectX500Principal().getName();
        if (!certificate.getIssuerX500Principal().equals(authority.getSubjectX500Principal())) {
            throw new CertificateException(
                    subject
                            + " is issued by "
                            + certificate.getIssuerX500Principal()
                            + ", trusted is only "
                            + authority.getSubjectX500Principal());
        }
        if (!SIGNATURES.contains(certificate.getSigAlgName().toUpperCase(Locale.ROOT))) {
            throw new CertificateException(
                    subject + " is signed by " + certificate.getSigAlgName() + ", which is weak");
        }
        try {
            certificate.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    subject + " is not signed by the trusted " + CaPin.of(authority), e);
        }
    }

    /** That it may be used for this, and asks for nothing that we do not know. */
    static void allows(X509Certificate certificate, String purpose) throws CertificateException {
        String subject = certificate.getSubjectX500Principal().getName();
        if (certificate.hasUnsupportedCriticalExtension()) {
            throw new CertificateException(subject + " has an unknown critical extension");
        }
        if (certificate.getBasicConstraints() >= 0) {
            throw new CertificateException(subject + " is an authority, not a peer");
        }
        List<String> purposes = certificate.getExtendedKeyUsage();
        if (purposes == null || !purposes.contains(purpose)) {
            throw new CertificateException(
                    subject
                            + " is not for "
                            + (purpose.equals(SERVER) ? "servers" : "clients")
                            + " (extended key usage)");
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && !usage[DIGITAL_SIGNATURE]) {
            throw new CertificateException(subject + " is not for digital signatures");
        }
    }

    static void begun(X509Certificate certificate, Instant now) throws CertificateException {
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            throw new CertificateNotYetValidException(
                    certificate.getSubjectX500Principal()
                            + " is not valid before "
                            + certificate.getNotBefore().toInstant()
                            + ", the clock here says "
                            + now);
        }
    }

    static void notEnded(X509Certificate certificate, Instant now) throws CertificateException {
        if (now.isAfter(certificate.getNotAfter().toInstant())) {
            throw new CertificateExpiredException(
                    certificate.getSubjectX500Principal()
                            + " expired at "
                            + certificate.getNotAfter().toInstant()
                            + ", the clock here says "
                            + now);
        }
    }

    /** That it names the host, a DNS name or an IP address, among its subject alternative names. */
    static void names(X509Certificate certificate, String host) throws CertificateException {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        for (List<?> name : names == null ? List.<List<?>>of() : names) {
            int kind = (Integer) name.get(0);
            String value = String.valueOf(name.get(1));
            boolean same =
                    address == null
                            ? kind == DNS_NAME && covers(value, host)
                            : kind == IP_ADDRESS
                                    && Arrays.equals(
                                            address,
                                            NetUtil.createByteArrayFromIpAddressString(value));
            if (same) {
                return;
            }
        }
        throw new CertificateException(
                certificate.getSubjectX500Principal() + " does not name the host " + host);
    }

    /** A wildcard stands for exactly one whole first label (RFC 6125). */
    private static boolean covers(String pattern, String host) {
        String wanted = withoutFinalDot(host);
        String given = withoutFinalDot(pattern);
        if (given.equalsIgnoreCase(wanted)) {
            return true;
        }
        int dot = wanted.indexOf('.');
        return given.startsWith("*.")
                && given.indexOf('.', 2) > 0
                && dot > 0
                && given.substring(1).equalsIgnoreCase(wanted.substring(dot));
    }

    private static String withoutFinalDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
