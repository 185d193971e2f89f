// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.node;

import java.net.URI;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A gateway that has joined. Registered as a service by the node bundle; when the certificate is
 * renewed the old service is replaced by a new one, so that whoever holds connections makes new
 * ones.
 *
 * @param nodeName the Node's name, {@code NAME} in {@code system:node:NAME}
 * @param gatewayUid the UID of our Node object, given at joining; containers carry it as a label
 * @param connector for instance {@code https://host:8443}
 * @param key our private key; never logged, never leaves the device
 * @param certificates our certificate, then the intermediates if there are any
 * @param authority the only certificate authority that is trusted
 */
public record GatewayIdentity(
        String nodeName,
        String gatewayUid,
        URI connector,
        PrivateKey key,
        List<X509Certificate> certificates,
        X509Certificate authority) {

    public GatewayIdentity {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("an identity needs a certificate");
        }
    }

    @Override
    public String toString() {
        return "gateway " + nodeName + " (" + gatewayUid + ") of " + connector;
    }
}
