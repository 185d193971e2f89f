// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.access.Rbac;
import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.Json;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each request to the rules for its kind of user: masters may do everything, newcomers may
 * ask for their certificate, all others what roles and bindings allow, gateways beside that what
 * {@link NodeAuthorizer} allows. Who shows nothing may nothing, whatever is bound to everybody.
 * Refusals of gateways are counted, and logged, but of the same sort only once a minute.
 */
public final class ConnectorAuthorizer implements Authorizer {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectorAuthorizer.class);
    private static final Duration LOG_EVERY = Duration.ofMinutes(1);
    private static final int MAX_REMEMBERED = 1_000;

    private final NodeAuthorizer nodes;
    private final Rbac rbac;
    private final BiPredicate<String, String> tokenMayRead;
    private final Clock clock;
    private final AtomicLong refused = new AtomicLong();
    private final Map<String, Instant> logged =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
                    return size() > MAX_REMEMBERED;
                }
            };

    /**
     * @param tokenMayRead whether the bearer of the join token of this id may read the certificate
     *     request of this name
     */
    public ConnectorAuthorizer(
            NodeAuthorizer nodes,
            Rbac rbac,
            BiPredicate<String, String> tokenMayRead,
            Clock clock) {
        this.nodes = nodes;
        this.rbac = rbac;
        this.tokenMayRead = tokenMayRead;
        this.clock = clock;
    }

    @Override
    public Decision authorize(User user, RequestInfo request) {
        if (user.isMaster()) {
            return Decision.ALLOW;
        }
        if (user.credential() instanceof User.Credential.JoinToken token) {
            return newcomer(token.id(), request) ? Decision.ALLOW : Decision.deny("");
        }
        if (user.isAnonymous()) {
            return Decision.deny("");
        }
        return user.nodeName().isEmpty() ? rbac.authorize(user, request) : gateway(user, request);
    }

    private Decision gateway(User user, RequestInfo request) {
        Decision asNode = nodes.authorize(user, request);
        if (asNode.allowed() || rbac.authorize(user, request).allowed()) {
            return Decision.ALLOW;
        }
        // What others ask about a gateway is no attempt of it.
        if (!(user.credential() instanceof User.Credential.ActedBy)) {
            note(user, request);
        }
        return asNode;
    }

    @Override
    public void admit(User user, RequestInfo request, @Nullable PatchType patch, Json body) {
        if (!user.nodeName().isEmpty() && !user.isMaster()) {
            try {
                nodes.admit(user, request, patch, body);
            } catch (ApiException e) {
                note(user, request);
                throw e;
            }
        }
    }

    /** How many requests of gateways were refused. */
    public long refused() {
        return refused.get();
    }

    private boolean newcomer(String tokenId, RequestInfo request) {
        if (!request.qualifiedResource()
                        .equals(ResourceType.CERTIFICATE_SIGNING_REQUESTS.qualified())
                || !request.subresource().isEmpty()) {
            return false;
        }
        return switch (request.verb()) {
            case "create" -> true;
            case "get" -> tokenMayRead.test(tokenId, request.name());
            default -> false;
        };
    }

    private void note(User user, RequestInfo request) {
        refused.incrementAndGet();
        String sort = user.name() + " " + request.verb() + " " + request.qualifiedResource();
        Instant now = clock.instant();
        synchronized (logged) {
            Instant last = logged.get(sort);
            if (last != null && now.isBefore(last.plus(LOG_EVERY))) {
                return;
            }
            logged.put(sort, now);
        }
        LOG.warn("Refused {}: {}", sort, request.path());
    }
}
