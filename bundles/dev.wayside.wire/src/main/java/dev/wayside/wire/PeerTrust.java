// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Decides about the peer's certificate alone, so that the JDK's trust store is never read. */
final class PeerTrust extends X509ExtendedTrustManager {
    /** Accepts the chain by returning, refuses it by throwing. */
    @FunctionalInterface
    interface Check {
        void accept(X509Certificate[] chain) throws CertificateException;
    }

    private final Check check;
    private final X509Certificate[] acceptedIssuers;

    PeerTrust(Check check, X509Certificate... acceptedIssuers) {
        this.check = check;
        this.acceptedIssuers = acceptedIssuers.clone();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check.accept(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return acceptedIssuers.clone();
    }
}
