// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that has arrived whole.
 *
 * @param method in capitals
 * @param target path and query, undecoded
 * @param headers names in lower case; values of a repeated header joined by {@code ", "}
 * @param body at most the listener's limit; not to be changed
 * @param peer the client's certificate, issued for clients by our authority; null if it showed
 *     none. It <em>may have expired</em>, see {@link #peerExpired}: such a one is good for its own
 *     renewal and nothing else
 * @param remote where it came from
 */
public record HttpRequest(
        String method,
        String target,
        Map<String, String> headers,
        byte[] body,
        @Nullable X509Certificate peer,
        InetSocketAddress remote) {

    /** The header's value, {@code ""} if absent. The name in lower case. */
    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** Whether the peer showed a certificate whose time is over. Revocation is not known here. */
    public boolean peerExpired(Instant now) {
        return peer != null && now.isAfter(peer.getNotAfter().toInstant());
    }

    @Override
    public String toString() {
        return method + " " + target;
    }
}
