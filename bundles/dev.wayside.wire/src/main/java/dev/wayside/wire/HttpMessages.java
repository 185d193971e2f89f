// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpVersion;
import java.net.URI;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Turns Netty's messages into ours. */
final class HttpMessages {
    /** What Netty's HTTP/2 translation adds; no peer's header. */
    private static final String TRANSLATION = "x-http2-";

    private HttpMessages() {}

    /**
     * @throws IllegalArgumentException if the target is not one of this server
     */
    static HttpRequest request(
            io.netty.handler.codec.http.HttpRequest request, byte[] body, ServerPeer peer) {
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            request.headers().remove(HttpHeaderNames.UPGRADE); // to be ignored there: RFC 9110, 7.8
        }
        return new HttpRequest(
                request.method().name(),
                target(request.uri()),
                headers(request.headers()),
                body,
                peer.certificate(),
                peer.remote());
    }

    /** Names in lower case, values of a repeated header joined. */
    static Map<String, String> headers(HttpHeaders headers) {
        Map<String, String> joined = new LinkedHashMap<>();
        for (Map.Entry<String, String> header : headers) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!name.startsWith(TRANSLATION)) {
                String separator = name.equals("cookie") ? "; " : ", ";
                joined.merge(name, header.getValue(), (one, two) -> one + separator + two);
            }
        }
        return Collections.unmodifiableMap(joined);
    }

    /** For logs and messages: a query may hold what is nobody's business. */
    static String withoutQuery(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    private static String target(String given) {
        if (given.startsWith("/") || given.equals("*")) {
            return given;
        }
        if (given.regionMatches(true, 0, "https://", 0, 8)) {
            URI absolute = URI.create(given);
            String path = absolute.getRawPath();
            String query = absolute.getRawQuery();
            return (path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
        }
        throw new IllegalArgumentException("the request target must begin with /");
    }
}
