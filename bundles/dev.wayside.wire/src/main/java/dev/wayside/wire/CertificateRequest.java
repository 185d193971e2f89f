// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;

/**
 * Writes certificate requests: PKCS#10 (RFC 2986) for an EC P-256 key, signed with it by
 * ecdsa-with-SHA256. No extensions: what the certificate may be used for is the signer's to decide.
 */
public final class CertificateRequest {
    private CertificateRequest() {}

    /**
     * The request in DER.
     *
     * @param keys from {@link EcKeys#generate}
     * @param commonName for instance {@code system:node:NAME}
     * @param organization for instance {@code system:nodes}; {@code ""} for none
     * @throws IllegalArgumentException if the key is not for ECDSA
     */
    public static byte[] der(KeyPair keys, String commonName, String organization) {
        byte[] information =
                DerWriter.sequence(
                        DerWriter.integer(BigInteger.ZERO),
                        DerWriter.name(commonName, organization),
                        keys.getPublic().getEncoded(),
                        DerWriter.tagged(0));
        byte[] algorithm = DerWriter.sequence(DerWriter.objectIdentifier("1.2.840.10045.4.3.2"));
        return DerWriter.sequence(
                information, algorithm, DerWriter.bitString(0, signature(keys, information)));
    }

    /** The request in PEM, as {@code spec.request} of a CertificateSigningRequest wants it. */
    public static String pem(KeyPair keys, String commonName, String organization) {
        return Pem.certificateRequest(der(keys, commonName, organization));
    }

    private static byte[] signature(KeyPair keys, byte[] content) {
        try {
            Signature signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(keys.getPrivate());
            signer.update(content);
            return signer.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key cannot sign by ECDSA", e);
        }
    }
}
