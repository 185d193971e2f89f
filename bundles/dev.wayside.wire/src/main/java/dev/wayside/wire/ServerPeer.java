// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of an accepted connection.
 *
 * @param identity whose share of this listener it uses: the certificate's subject, else the address
 */
record ServerPeer(
        @Nullable X509Certificate certificate, InetSocketAddress remote, String identity) {

    /** How long its connection may be without a first request. */
    Duration firstWithin(ServerContext server) {
        return certificate == null
                ? server.limits().requestTimeout()
                : server.limits().idleTimeout();
    }

    /** Of a connection whose TLS handshake is done. */
    static ServerPeer of(Channel connection) {
        SslHandler tls = connection.pipeline().get(SslHandler.class);
        X509Certificate certificate = null;
        try {
            Certificate[] chain = tls.engine().getSession().getPeerCertificates();
            certificate = (X509Certificate) chain[0];
        } catch (SSLPeerUnverifiedException e) {
            // It showed none, which is allowed.
        }
        InetSocketAddress remote = (InetSocketAddress) connection.remoteAddress();
        return new ServerPeer(
                certificate,
                remote,
                certificate == null
                        ? String.valueOf(remote.getAddress())
                        : certificate.getSubjectX500Principal().getName());
    }
}
