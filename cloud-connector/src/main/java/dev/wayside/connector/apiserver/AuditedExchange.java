// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.wire.HttpExchange;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells the audit trail of a request when its answer begins. The trail is told once. */
final class AuditedExchange implements HttpExchange {
    private static final int SWITCHING_PROTOCOLS = 101;

    private final HttpRequest request;
    private final HttpExchange exchange;
    private final AuditTrail trail;
    private final Clock clock;
    private final Instant received;

    // Written by the one thread that handles the request, before it answers.
    private @Nullable RequestInfo info;
    private @Nullable User user;
    private String why = "";
    private String created = "";

    AuditedExchange(HttpRequest request, HttpExchange exchange, AuditTrail trail, Clock clock) {
        this.request = request;
        this.exchange = exchange;
        this.trail = trail;
        this.clock = clock;
        this.received = clock.instant();
    }

    void asks(RequestInfo asked) {
        info = asked;
    }

    void isFrom(User who) {
        user = who;
    }

    void isAllowed(String reason) {
        why = reason;
    }

    /** The name of a new object, which the path does not have. */
    void creates(String name) {
        created = name;
    }

    @Override
    public void respond(HttpResponse response) {
        exchange.respond(response);
        record(response.status());
    }

    @Override
    public ResponseStream stream(int status, Map<String, String> headers) {
        ResponseStream stream = exchange.stream(status, headers);
        record(status);
        return stream;
    }

    @Override
    public ResponseStream webSocket(String protocol) {
        ResponseStream stream = exchange.webSocket(protocol);
        record(SWITCHING_PROTOCOLS);
        return stream;
    }

    @Override
    public void onClose(Runnable action) {
        exchange.onClose(action);
    }

    private void record(int status) {
        String target = request.target();
        int mark = target.indexOf('?');
        InetAddress address = request.remote().getAddress();
        trail.record(
                new AuditTrail.Entry(
                        received,
                        clock.instant(),
                        request.method(),
                        mark < 0 ? target : target.substring(0, mark),
                        address == null
                                ? request.remote().getHostString()
                                : address.getHostAddress(),
                        request.header("user-agent"),
                        user,
                        info,
                        info == null || !info.name().isEmpty() ? "" : created,
                        status,
                        why));
    }
}
