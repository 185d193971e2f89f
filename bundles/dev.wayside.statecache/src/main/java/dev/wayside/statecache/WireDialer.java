// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.node.CertificateTime;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.ClientLimits;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpConnection;
import dev.wayside.wire.TlsIdentity;
import java.util.concurrent.CompletableFuture;

/** Dials the connector: HTTP/2 over TLS 1.3, our certificate shown, one authority trusted. */
final class WireDialer implements Uplink.Dialer {
    // A page of a list has at most 100 objects; most are some KiB.
    private static final int MAX_BODY_BYTES = 8 << 20;

    private final EventLoops loops;
    private final CertificateTime time;

    WireDialer(EventLoops loops, CertificateTime time) {
        this.loops = loops;
        this.time = time;
    }

    @Override
    public CompletableFuture<Upstream> dial(GatewayIdentity identity) {
        TlsIdentity tls =
                new TlsIdentity(identity.key(), identity.certificates(), identity.authority());
        return HttpConnection.connect(
                        identity.connector(),
                        ClientTls.mutual(tls, time::now),
                        ClientLimits.defaults().withMaxBodyBytes(MAX_BODY_BYTES),
                        loops)
                .thenApply(WireUpstream::new);
    }
}
