// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.audit;

import dev.wayside.connector.apiserver.AuditTrail.Entry;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is worth a line. Everything is, except what machines do all day and nobody looks for: reads
 * of the API's own description, reviews, Leases and Events, and the reports of gateways. Refusals
 * are always worth one, but the same refusal only once a minute. One thread.
 */
final class AuditPolicy {
    private static final Duration SAME_REFUSAL = Duration.ofMinutes(1);
    private static final int MAX_REMEMBERED = 2_000;

    /** What is not the API's description: backups. */
    private static final String OWN = "/wayside/";

    private static final Set<String> READS = Set.of("get", "list", "watch");
    private static final Set<String> NOISE =
            Set.of("leases.coordination.k8s.io", "events", "events.events.k8s.io");

    /** The groups of questions about rights, which change nothing. */
    private static final Set<String> REVIEWS =
            Set.of("authorization.k8s.io", "authentication.k8s.io");

    /** What gateways report, by resource and subresource. */
    private static final Set<String> REPORTS = Set.of("nodes/status", "pods/status", "nodes/");

    private final Map<String, Instant> refused =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
                    return size() > MAX_REMEMBERED;
                }
            };

    boolean isWorthALine(Entry entry) {
        if (entry.code() == 401 || entry.code() == 403) {
            return isNewRefusal(entry);
        }
        RequestInfo request = entry.request();
        if (request == null) {
            return true;
        }
        boolean read = READS.contains(request.verb());
        if (!request.resourceRequest()) {
            return !read || request.path().startsWith(OWN);
        }
        if (REVIEWS.contains(request.group()) && request.resource().endsWith("reviews")) {
            return false;
        }
        if (NOISE.contains(request.qualifiedResource())) {
            return request.verb().startsWith("delete");
        }
        return !isGateway(entry.user()) || !isRoutine(request, read);
    }

    private static boolean isRoutine(RequestInfo request, boolean read) {
        if (read) {
            return true;
        }
        boolean changes = request.verb().equals("update") || request.verb().equals("patch");
        return changes && REPORTS.contains(request.resource() + "/" + request.subresource());
    }

    private static boolean isGateway(@Nullable User user) {
        // Not one as whom somebody acts: that is for people to see.
        return user != null
                && !user.nodeName().isEmpty()
                && user.credential() instanceof User.Credential.Certificate;
    }

    private boolean isNewRefusal(Entry entry) {
        User user = entry.user();
        RequestInfo request = entry.request();
        // Of strangers the address alone counts: the rest they can make up without end.
        String sort =
                user == null || user.isAnonymous() || request == null
                        ? entry.code() + " " + entry.source()
                        : entry.code()
                                + " "
                                + user.name()
                                + " "
                                + request.verb()
                                + " "
                                + request.qualifiedResource()
                                + "/"
                                + request.subresource();
        Instant last = refused.get(sort);
        Instant now = entry.answered();
        if (last != null && now.isBefore(last.plus(SAME_REFUSAL)) && !now.isBefore(last)) {
            return false;
        }
        refused.remove(sort);
        refused.put(sort, now);
        return true;
    }
}
