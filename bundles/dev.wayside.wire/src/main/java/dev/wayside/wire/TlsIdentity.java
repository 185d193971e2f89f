// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Who we are in TLS, and whom we trust.
 *
 * @param key our private key; never logged
 * @param chain our certificate, then whatever lies between it and the authority
 * @param authority the only certificate authority that is trusted; peers' certificates must be
 *     issued by it directly
 */
public record TlsIdentity(PrivateKey key, List<X509Certificate> chain, X509Certificate authority) {

    /**
     * @throws IllegalArgumentException if the chain is empty or the authority is not one
     */
    public TlsIdentity {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("an identity needs a certificate");
        }
        CertificateChecks.requireAuthority(authority);
    }

    /** What is shown to the peer: the chain and the authority, which a newcomer pins by hash. */
    X509Certificate[] presented() {
        List<X509Certificate> shown = new ArrayList<>(chain);
        if (!shown.contains(authority)) {
            shown.add(authority);
        }
        return shown.toArray(X509Certificate[]::new);
    }

    @Override
    public String toString() {
        return "identity " + chain.get(0).getSubjectX500Principal();
    }
}
