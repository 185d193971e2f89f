// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.Backoff;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides when to renew our certificate, and saves the new one. Of one thread; blocks. */
final class CertificateKeeper {
    /** Gets a new certificate for the same key; blocks. */
    @FunctionalInterface
    interface Renewing {
        List<X509Certificate> renew(GatewayIdentity identity)
                throws IOException, RefusedException, InterruptedException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(CertificateKeeper.class);
    private static final Duration LEAST_PAUSE = Duration.ofMinutes(1);

    private final Renewing renewing;
    private final IdentityFolder folder;
    private final Supplier<Instant> time;
    private final Supplier<Duration> uptime;
    private final Backoff backoff;
    private Duration notBefore;

    /**
     * @param time by which certificates are judged; may be wrong
     * @param uptime monotonic
     */
    CertificateKeeper(
            Renewing renewing,
            IdentityFolder folder,
            Supplier<Instant> time,
            Supplier<Duration> uptime,
            Backoff backoff) {
        this.renewing = renewing;
        this.folder = folder;
        this.time = time;
        this.uptime = uptime;
        this.backoff = backoff;
        this.notBefore = uptime.get();
    }

    /** From two thirds of the lifetime on. */
    static Instant dueAt(X509Certificate certificate) {
        return certificate
                .getNotBefore()
                .toInstant()
                .plus(lifetime(certificate).multipliedBy(2).dividedBy(3));
    }

    /**
     * Renews if it is time to; a failure is logged, and tried again later.
     *
     * @return the identity with the new certificate, which is saved; empty if there is none
     */
    Optional<GatewayIdentity> renewIfDue(GatewayIdentity now) throws InterruptedException {
        X509Certificate old = now.certificates().get(0);
        if (time.get().isBefore(dueAt(old)) || uptime.get().compareTo(notBefore) < 0) {
            return Optional.empty();
        }
        try {
            List<X509Certificate> certificates = renewing.renew(now);
            folder.renew(certificates);
            X509Certificate next = certificates.get(0);
            backoff.reset();
            // To a clock that runs ahead the new one is due at once, and each replaces our
            // services.
            notBefore = uptime.get().plus(max(lifetime(next).dividedBy(3), LEAST_PAUSE));
            LOG.info("The certificate was renewed, until {}", next.getNotAfter().toInstant());
            return Optional.of(
                    new GatewayIdentity(
                            now.nodeName(),
                            now.gatewayUid(),
                            now.connector(),
                            now.key(),
                            certificates,
                            now.authority()));
        } catch (IOException | RefusedException e) {
            Duration pause = backoff.next();
            notBefore = uptime.get().plus(pause);
            LOG.warn(
                    "The certificate can't be renewed, and ends {}; again in {} s",
                    old.getNotAfter().toInstant(),
                    pause.toSeconds(),
                    e);
            return Optional.empty();
        }
    }

    private static Duration lifetime(X509Certificate certificate) {
        return Duration.between(
                certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
