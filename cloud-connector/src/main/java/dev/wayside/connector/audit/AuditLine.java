// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.audit;

import dev.wayside.connector.apiserver.AuditTrail.Entry;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;

/**
 * An entry as an Event of {@code audit.k8s.io/v1}, so that tools that read such logs read this one.
 */
final class AuditLine {
    private static final int MOST_CHARACTERS = 1_024;

    private AuditLine() {}

    static JsonObject of(Entry entry) {
        RequestInfo request = entry.request();
        boolean watch = request != null && request.verb().equals("watch");
        JsonObject.Builder line =
                JsonObject.builder()
                        .put("kind", "Event")
                        .put("apiVersion", "audit.k8s.io/v1")
                        .put("level", "Metadata")
                        .put("auditID", UUID.randomUUID().toString())
                        .put("stage", watch ? "ResponseStarted" : "ResponseComplete")
                        .put("requestURI", shortened(entry.path()))
                        .put("verb", request == null ? entry.method() : request.verb());
        user(line, entry);
        line.put("sourceIPs", JsonArray.ofStrings(List.of(entry.source())))
                .putUnlessEmpty("userAgent", shortened(entry.userAgent()));
        if (request != null && request.resourceRequest()) {
            line.put("objectRef", reference(request, entry.created()));
        }
        return line.put(
                        "responseStatus",
                        JsonObject.of("metadata", JsonObject.EMPTY).with("code", entry.code()))
                .put("requestReceivedTimestamp", time(entry.received()))
                .put("stageTimestamp", time(entry.answered()))
                .put("annotations", annotations(entry))
                .build();
    }

    /** Says that others could not be written. */
    static JsonObject lost(long count, Instant now) {
        return JsonObject.builder()
                .put("kind", "Event")
                .put("apiVersion", "audit.k8s.io/v1")
                .put("level", "None")
                .put("auditID", UUID.randomUUID().toString())
                .put("stage", "Panic")
                .put("stageTimestamp", time(now))
                .put("annotations", JsonObject.of("wayside.dev/lost-events", Long.toString(count)))
                .build();
    }

    private static void user(JsonObject.Builder line, Entry entry) {
        User user = entry.user();
        if (user == null) {
            line.put("user", JsonObject.EMPTY);
        } else if (user.credential() instanceof User.Credential.ActedBy acted) {
            line.put("user", acted.by().asJson()).put("impersonatedUser", user.asJson());
        } else {
            line.put("user", user.asJson());
        }
    }

    private static JsonObject reference(RequestInfo request, String created) {
        return JsonObject.builder()
                .put("resource", request.resource())
                .putUnlessEmpty("namespace", request.namespace())
                .putUnlessEmpty("name", shortened(created.isEmpty() ? request.name() : created))
                .putUnlessEmpty("apiGroup", request.group())
                .put("apiVersion", request.version())
                .putUnlessEmpty("subresource", request.subresource())
                .build();
    }

    private static JsonObject annotations(Entry entry) {
        boolean refused = entry.code() == 401 || entry.code() == 403;
        Duration took = Duration.between(entry.received(), entry.answered());
        JsonObject.Builder annotations =
                JsonObject.builder()
                        .put("authorization.k8s.io/decision", refused ? "forbid" : "allow")
                        .putUnlessEmpty("authorization.k8s.io/reason", shortened(entry.why()))
                        .put(
                                "wayside.dev/milliseconds",
                                Long.toString(Math.max(0, took.toMillis())));
        RequestInfo request = entry.request();
        if (request != null && !request.query().text("dryRun").isEmpty()) {
            annotations.put("wayside.dev/dry-run", Json.of("true"));
        }
        return annotations.build();
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MICROS).toString();
    }

    private static String shortened(String text) {
        return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS);
    }
}
