// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** Builds what both sides of TLS share: version 1.3 alone, our key, our trust, ALPN. */
final class TlsContexts {
    static final String HTTP_2 = "h2";
    static final String HTTP_1_1 = "http/1.1";

    private static final String[] VERSIONS = {"TLSv1.3"};

    private TlsContexts() {}

    static JdkSslContext build(
            boolean client,
            @Nullable TlsIdentity own,
            PeerTrust trust,
            ClientAuth clientAuth,
            List<String> protocols) {
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            KeyManager[] keys =
                    own == null ? new KeyManager[0] : new KeyManager[] {new OwnKey(own)};
            context.init(keys, new TrustManager[] {trust}, null);
            return new JdkSslContext(
                    context,
                    client,
                    null,
                    IdentityCipherSuiteFilter.INSTANCE,
                    new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.FATAL_ALERT,
                            SelectedListenerFailureBehavior.FATAL_ALERT,
                            protocols),
                    clientAuth,
                    VERSIONS,
                    false);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no TLS 1.3", e);
        }
    }
}
