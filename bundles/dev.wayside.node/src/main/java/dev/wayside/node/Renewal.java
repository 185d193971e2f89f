// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * Renews our certificate for the same key, over a short connection made with the present one: an
 * expired certificate is good for that. Blocks.
 */
final class Renewal implements CertificateKeeper.Renewing {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Supplier<Instant> time;

    Renewal(Supplier<Instant> time) {
        this.time = time;
    }

    @Override
    public List<X509Certificate> renew(GatewayIdentity identity)
            throws IOException, RefusedException, InterruptedException {
        X509Certificate old = identity.certificates().get(0);
        KeyPair keys = new KeyPair(old.getPublicKey(), identity.key());
        TlsIdentity tls =
                new TlsIdentity(identity.key(), identity.certificates(), identity.authority());
        // The old certificate's number makes the name new each time, and the same at each try.
        String name =
                "gateway-"
                        + KeyPairs.hash(keys.getPublic(), old.getSerialNumber().abs().toString(16));
        try (EventLoops loops = new EventLoops("wayside-node-renew", 1);
                ShortConnection connection =
                        new ShortConnection(
                                identity.connector(), ClientTls.mutual(tls, time), loops, "")) {
            return new Enrolment(connection, PATIENCE, PAUSE)
                    .certificate(name, keys, identity.nodeName(), identity.authority());
        }
    }
}
