// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** Who is at the other end of an accepted connection. */
record ServerPeer(@Nullable X509Certificate certificate, InetSocketAddress remote) {

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
        return new ServerPeer(certificate, (InetSocketAddress) connection.remoteAddress());
    }
}
