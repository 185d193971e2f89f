// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The opening of a WebSocket (RFC 6455), as far as the request's header tells. */
public final class WebSocketRequest {
    private static final int KEY_BYTES = 16;

    private WebSocketRequest() {}

    /**
     * Whether the request wants to go on as a WebSocket. It may be malformed, see {@link #fault}.
     */
    public static boolean isOne(HttpRequest request) {
        return lists(request.header("upgrade"), "websocket");
    }

    /** What is wrong with the opening, in words for people; empty if nothing is. */
    public static Optional<String> fault(HttpRequest request) {
        if (!request.method().equals("GET")) {
            return Optional.of("a WebSocket is opened with GET");
        }
        if (!lists(request.header("connection"), "upgrade")) {
            return Optional.of("the header Connection must name Upgrade");
        }
        if (!request.header("sec-websocket-version").equals("13")) {
            return Optional.of("the header Sec-WebSocket-Version must be 13");
        }
        return isKey(request.header("sec-websocket-key"))
                ? Optional.empty()
                : Optional.of("the header Sec-WebSocket-Key must be 16 bytes in base64");
    }

    /** The sub-protocols that the peer would speak, the best first. */
    public static List<String> protocols(HttpRequest request) {
        return Arrays.stream(request.header("sec-websocket-protocol").split(",", -1))
                .map(String::strip)
                .filter(protocol -> !protocol.isEmpty())
                .toList();
    }

    private static boolean lists(String header, String token) {
        return Arrays.stream(header.toLowerCase(Locale.ROOT).split(",", -1))
                .anyMatch(each -> each.strip().equals(token));
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
