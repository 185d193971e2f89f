// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.apiserver.User;
import dev.wayside.model.Names;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * A certificate request of a client whose signature was found good.
 *
 * @param commonName the one CN
 * @param organizations in their order
 */
public record ClientRequest(String commonName, List<String> organizations, PublicKey key) {
    private static final int MAX_LENGTH = 16 * 1024;
    private static final int P256_BITS = 256;

    public ClientRequest {
        organizations = List.copyOf(organizations);
    }

    /** It is refused; the message says why. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }

        RefusedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Reads {@code spec.request} of a CertificateSigningRequest: PEM in base64.
     *
     * @throws RefusedException if it is malformed, its signature is wrong, or it asks for more than
     *     a subject of one CN and any O
     */
    public static ClientRequest read(String base64) throws RefusedException {
        if (base64.length() > MAX_LENGTH) {
            throw new RefusedException("the request is longer than " + MAX_LENGTH + " characters");
        }
        try {
            String pem = new String(Base64.getDecoder().decode(base64), StandardCharsets.US_ASCII);
            JcaPKCS10CertificationRequest request =
                    new JcaPKCS10CertificationRequest(Pem.readCertificateRequest(pem));
            PublicKey key = request.getPublicKey();
            boolean proven =
                    request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
            if (!proven) {
                throw new RefusedException("the request is not signed by its own key");
            }
            if (request.getAttributes().length > 0) {
                throw new RefusedException(
                        "the request asks for extensions; only a subject may be asked for");
            }
            return ofSubject(request.getSubject(), key);
        } catch (IllegalArgumentException
                | PemException
                | IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException e) {
            throw new RefusedException("the request is no PEM certificate request in base64", e);
        }
    }

    /**
     * The node's name, if this is what a gateway has to ask for.
     *
     * @throws RefusedException if subject or key are not as they must be
     */
    public String nodeName() throws RefusedException {
        if (!(key instanceof ECPublicKey ec)
                || ec.getParams().getCurve().getField().getFieldSize() != P256_BITS) {
            throw new RefusedException("the key must be EC P-256");
        }
        boolean wellFormed =
                organizations.equals(List.of(User.NODES_GROUP))
                        && commonName.startsWith(User.NODE_PREFIX)
                        && Names.isDnsSubdomain(commonName.substring(User.NODE_PREFIX.length()));
        if (!wellFormed) {
            throw new RefusedException(
                    "the subject must be exactly CN=system:node:NAME, O=system:nodes");
        }
        return commonName.substring(User.NODE_PREFIX.length());
    }

    /**
     * @throws RefusedException if it is no ordinary user's request: a weak key, or a name that
     *     Kubernetes keeps for itself
     */
    public void requireUser() throws RefusedException {
        boolean strong =
                key instanceof RSAPublicKey rsa
                        ? rsa.getModulus().bitLength() >= 2048
                                && rsa.getModulus().bitLength() <= 8192
                        : key instanceof ECPublicKey ec
                                && ec.getParams().getCurve().getField().getFieldSize() >= P256_BITS;
        if (!strong) {
            throw new RefusedException("the key must be EC of 256 bits, or RSA of 2048, or more");
        }
        boolean reserved =
                commonName.startsWith("system:")
                        || organizations.stream().anyMatch(group -> group.startsWith("system:"));
        if (reserved) {
            throw new RefusedException(
                    "users and groups that begin with system: are not given out on request");
        }
    }

    /** The subject for the certificate. */
    X500Name subject() {
        org.bouncycastle.asn1.x500.X500NameBuilder builder =
                new org.bouncycastle.asn1.x500.X500NameBuilder(BCStyle.INSTANCE);
        organizations.forEach(group -> builder.addRDN(BCStyle.O, group));
        return builder.addRDN(BCStyle.CN, commonName).build();
    }

    /** SHA-256 over the public key, in hexadecimal. */
    public String keyHash() {
        return CertificateAuthority.sha256Hex(key.getEncoded());
    }

    private static ClientRequest ofSubject(X500Name subject, PublicKey key)
            throws RefusedException {
        List<String> names = new ArrayList<>();
        List<String> groups = new ArrayList<>();
        for (RDN rdn : subject.getRDNs()) {
            if (rdn.isMultiValued()) {
                throw new RefusedException("the subject has a part with several values");
            }
            String value = IETFUtils.valueToString(rdn.getFirst().getValue());
            if (rdn.getFirst().getType().equals(BCStyle.CN)) {
                names.add(value);
            } else if (rdn.getFirst().getType().equals(BCStyle.O)) {
                groups.add(value);
            } else {
                throw new RefusedException("the subject may have nothing but CN and O");
            }
        }
        if (names.size() != 1 || names.get(0).isEmpty()) {
            throw new RefusedException("the subject must have one CN");
        }
        return new ClientRequest(names.get(0), groups, key);
    }
}
