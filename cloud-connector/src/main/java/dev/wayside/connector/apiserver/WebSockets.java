// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpExchange.ResponseStream;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.WebSocketRequest;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Watches over WebSocket: each event is one text message. The sub-protocol that is asked for first
 * is agreed to and means nothing, as with Kubernetes.
 *
 * <p>A page in a browser cannot set headers on a WebSocket. It may name its token in a sub-protocol
 * instead; that one is never agreed to. A browser would also show its user's client certificate to
 * whatever page asks, and let the page read the answer; so with a certificate alone, pages of other
 * origins are refused.
 */
final class WebSockets {
    private static final String BEARER = "base64url.bearer.authorization.k8s.io.";
    private static final String HTTPS = "https://";

    private WebSockets() {}

    /**
     * The request with its token where others have it.
     *
     * @throws ApiException Unauthorized if there is no making sense of it
     */
    static HttpRequest withToken(HttpRequest request) {
        if (!WebSocketRequest.isOne(request) || !request.header("authorization").isEmpty()) {
            return request;
        }
        List<String> tokens =
                WebSocketRequest.protocols(request).stream().filter(WebSockets::isToken).toList();
        if (tokens.isEmpty()) {
            return request;
        }
        if (tokens.size() > 1 || protocol(request).isEmpty()) {
            throw new ApiException(
                    Reason.UNAUTHORIZED,
                    "a token in a sub-protocol must be one, and go with another sub-protocol");
        }
        Map<String, String> headers = new HashMap<>(request.headers());
        headers.put("authorization", "Bearer " + decoded(tokens.get(0)));
        return new HttpRequest(
                request.method(),
                request.target(),
                headers,
                request.body(),
                request.peer(),
                request.remote());
    }

    /**
     * Lets pass what is no upgrade, and those that will be served.
     *
     * @throws ApiException BadRequest, Forbidden
     */
    static void check(HttpRequest request, RequestInfo info, User user) {
        String upgrade = request.header("upgrade");
        if (upgrade.isEmpty() || upgrade.equals("h2c")) {
            return;
        }
        if (!WebSocketRequest.isOne(request)
                || !info.resourceRequest()
                || !info.verb().equals("watch")) {
            throw ApiStatus.badRequest(
                    "no upgrade is served here: of all requests, only watches may become"
                            + " WebSockets");
        }
        WebSocketRequest.fault(request)
                .ifPresent(
                        fault -> {
                            throw ApiStatus.badRequest("this is no WebSocket: " + fault);
                        });
        if (user.credential() instanceof User.Credential.Certificate && isForeign(request)) {
            throw new ApiException(
                    Reason.FORBIDDEN,
                    "pages of other origins may not use a client certificate: show a token");
        }
    }

    /** Begins the answer to a watch: a WebSocket if it asks for one. */
    static ResponseStream stream(Call call) {
        HttpExchange exchange = call.exchange();
        return WebSocketRequest.isOne(call.request())
                ? new Lines(exchange.webSocket(protocol(call.request())))
                : exchange.stream(200, Responses.headers(Responses.JSON, call.kind().warnings()));
    }

    private static String protocol(HttpRequest request) {
        return WebSocketRequest.protocols(request).stream()
                .filter(protocol -> !isToken(protocol))
                .findFirst()
                .orElse("");
    }

    private static boolean isToken(String protocol) {
        return protocol.startsWith(BEARER);
    }

    private static String decoded(String protocol) {
        try {
            byte[] token = Base64.getUrlDecoder().decode(protocol.substring(BEARER.length()));
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(token)).toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw new ApiException(
                    Reason.UNAUTHORIZED, "the token in the sub-protocol is not in base64url");
        }
    }

    /** Whether a page asks that did not come from here. Programs name no origin. */
    private static boolean isForeign(HttpRequest request) {
        String origin = request.header("origin").toLowerCase(Locale.ROOT);
        return !origin.isEmpty()
                && !(origin.startsWith(HTTPS)
                        && withPort(origin.substring(HTTPS.length()))
                                .equals(withPort(request.header("host").toLowerCase(Locale.ROOT))));
    }

    private static String withPort(String authority) {
        try {
            return URI.create(HTTPS + authority).getPort() < 0 ? authority + ":443" : authority;
        } catch (IllegalArgumentException e) {
            return authority;
        }
    }

    /** Takes whole lines, and makes of each a message. */
    private record Lines(ResponseStream messages) implements ResponseStream {
        @Override
        public boolean write(byte[] chunk) {
            boolean room = true;
            int start = 0;
            for (int i = 0; i < chunk.length; i++) {
                if (chunk[i] == '\n') {
                    room = messages.write(Arrays.copyOfRange(chunk, start, i));
                    start = i + 1;
                }
            }
            return room;
        }

        @Override
        public void onWritable(Runnable action) {
            messages.onWritable(action);
        }

        @Override
        public void end() {
            messages.end();
        }

        @Override
        public void abort() {
            messages.abort();
        }
    }
}
