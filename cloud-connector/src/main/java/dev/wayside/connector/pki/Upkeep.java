// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.apiserver.Threads;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Once an hour: renews the server's certificate and the key of tokens if they are due, and deletes
 * join tokens that expired and certificate requests that are of no more use, so that neither heaps
 * up.
 */
public final class Upkeep implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
    private static final Duration EVERY = Duration.ofHours(1);
    private static final Duration KEEP_TOKENS = Duration.ofHours(1);
    private static final Duration KEEP_ANSWERED = Duration.ofHours(1);
    private static final Duration KEEP_UNANSWERED = Duration.ofHours(24);

    private final ObjectStore store;
    private final ServerCertificate certificate;
    private final Renewal signingKeys;
    private final Clock clock;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Threads.named("pki-upkeep"));
    private @Nullable ScheduledFuture<?> running;

    /** Something else that is renewed when it is due. */
    @FunctionalInterface
    public interface Renewal {
        void renewIfDue() throws IOException;
    }

    public Upkeep(
            ObjectStore store, ServerCertificate certificate, Renewal signingKeys, Clock clock) {
        this.store = store;
        this.certificate = certificate;
        this.signingKeys = signingKeys;
        this.clock = clock;
    }

    public void start() {
        running =
                timer.scheduleWithFixedDelay(
                        this::run, EVERY.toSeconds(), EVERY.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        if (running != null) {
            running.cancel(false);
        }
        timer.shutdownNow();
    }

    /** One round. */
    void run() {
        try {
            certificate.renewIfDue();
            signingKeys.renewIfDue();
            deleteTokens();
            deleteRequests();
        } catch (IOException | RuntimeException e) {
            LOG.error("Upkeep of certificates and tokens failed; again in an hour", e);
        }
    }

    private void deleteTokens() {
        Instant limit = clock.instant().minus(KEEP_TOKENS);
        ListQuery secrets =
                ListQuery.in(ResourceType.SECRETS, JoinToken.NAMESPACE, LabelSelector.EVERYTHING);
        for (KubeObject secret : store.list(secrets).items()) {
            if (JoinToken.of(secret).filter(token -> token.isExpired(limit)).isPresent()) {
                delete(ResourceType.SECRETS, secret);
            }
        }
    }

    private void deleteRequests() {
        ResourceType type = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
        for (KubeObject request : store.list(ListQuery.all(type)).items()) {
            boolean answered =
                    !request.status().text("certificate").isEmpty()
                            || request.conditionIsTrue("Denied")
                            || request.conditionIsTrue("Failed");
            Instant limit = clock.instant().minus(answered ? KEEP_ANSWERED : KEEP_UNANSWERED);
            if (request.created().filter(created -> created.isBefore(limit)).isPresent()) {
                delete(type, request);
            }
        }
    }

    /** Only what was judged: not what took its name in the meantime. */
    private void delete(ResourceType type, KubeObject object) {
        try {
            store.delete(
                    type,
                    object.key(type),
                    new DeleteOptions(
                            OptionalLong.empty(),
                            object.uid(),
                            object.resourceVersion(),
                            null,
                            false));
        } catch (ApiException e) {
            if (e.reason() != Reason.NOT_FOUND && e.reason() != Reason.CONFLICT) {
                throw e;
            }
        }
    }
}
