// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslHandler;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The dialling side of TLS 1.3. The server's certificate must be issued by the authority for
 * servers, be within its dates, and name the host that was dialled. Safe for any thread.
 */
public final class ClientTls {
    /** Finds the authority to check a presented chain by, or throws. */
    @FunctionalInterface
    interface AuthorityChoice {
        X509Certificate choose(X509Certificate[] chain) throws CertificateException;
    }

    private final AuthorityChoice authority;
    private final @Nullable TlsIdentity identity;
    private final Supplier<Instant> clock;

    ClientTls(AuthorityChoice authority, @Nullable TlsIdentity identity, Supplier<Instant> clock) {
        this.authority = authority;
        this.identity = identity;
        this.clock = clock;
    }

    /**
     * Shows our certificate, trusts its authority.
     *
     * @param clock the later of the clock and a saved floor, so that a boot in 1970 does not take a
     *     good server for one whose time has not begun
     */
    public static ClientTls mutual(TlsIdentity identity, Supplier<Instant> clock) {
        return new ClientTls(chain -> identity.authority(), identity, clock);
    }

    /**
     * Shows no certificate, as when joining.
     *
     * @param clock as for {@link #mutual}
     * @throws IllegalArgumentException if the certificate is not an authority's
     */
    public static ClientTls anonymous(X509Certificate authority, Supplier<Instant> clock) {
        CertificateChecks.requireAuthority(authority);
        return new ClientTls(chain -> authority, null, clock);
    }

    /** The certificate that is shown, empty if none. */
    public Optional<X509Certificate> shown() {
        return Optional.ofNullable(identity).map(own -> own.chain().get(0));
    }

    /** A new context each time: the client keeps no sessions, so each connection checks anew. */
    SslHandler newHandler(ByteBufAllocator buffers, String host, int port) {
        return TlsContexts.build(
                        true,
                        identity,
                        new PeerTrust(chain -> check(chain, host)),
                        ClientAuth.NONE,
                        List.of(TlsContexts.HTTP_2))
                .newHandler(buffers, host, port);
    }

    private void check(X509Certificate[] chain, String host) throws CertificateException {
        X509Certificate trusted = authority.choose(chain);
        Instant now = clock.get();
        CertificateChecks.issuedBy(chain[0], trusted);
        CertificateChecks.notEnded(trusted, now);
        CertificateChecks.allows(chain[0], CertificateChecks.SERVER);
        CertificateChecks.begun(chain[0], now);
        CertificateChecks.notEnded(chain[0], now);
        CertificateChecks.names(chain[0], host);
    }
}
