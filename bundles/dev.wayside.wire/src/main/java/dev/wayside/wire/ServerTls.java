// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * The listening side of TLS 1.3. A client certificate is asked for, not demanded: who joins has
 * none yet. One that is shown must be issued by our authority for clients, and must have begun; it
 * <em>may have expired</em>, since an expired certificate is good for its own renewal. Whoever
 * handles the request decides, by {@link HttpRequest#peerExpired}. Safe for any thread.
 */
public final class ServerTls {
    private final Supplier<TlsIdentity> identity;
    private final Supplier<Instant> clock;

    private record Built(TlsIdentity identity, JdkSslContext context) {}

    private volatile Built built;

    /**
     * @param identity asked at each connection, so that a renewed certificate needs no new
     *     listener; must give the same object until there is a new one
     * @param clock the later of the clock and a saved floor
     */
    public ServerTls(Supplier<TlsIdentity> identity, Supplier<Instant> clock) {
        this.identity = identity;
        this.clock = clock;
        this.built = build(identity.get());
    }

    SslHandler newHandler(ByteBufAllocator buffers) {
        Built last = built;
        TlsIdentity wanted = identity.get();
        if (!last.identity().equals(wanted)) {
            last = build(wanted);
            built = last;
        }
        return last.context().newHandler(buffers);
    }

    private Built build(TlsIdentity wanted) {
        return new Built(
                wanted,
                TlsContexts.build(
                        false,
                        wanted,
                        new PeerTrust(chain -> check(chain, wanted), wanted.authority()),
                        ClientAuth.OPTIONAL,
                        List.of(TlsContexts.HTTP_2, TlsContexts.HTTP_1_1)));
    }

    private void check(X509Certificate[] chain, TlsIdentity wanted) throws CertificateException {
        Instant now = clock.get();
        CertificateChecks.issuedBy(chain[0], wanted.authority());
        CertificateChecks.notEnded(wanted.authority(), now);
        CertificateChecks.allows(chain[0], CertificateChecks.CLIENT);
        CertificateChecks.begun(chain[0], now);
    }
}
