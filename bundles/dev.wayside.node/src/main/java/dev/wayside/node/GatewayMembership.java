// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.wire.Backoff;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This gateway's membership: registers the {@link GatewayIdentity} once it has joined, renews its
 * certificate, and ends it all when it is to leave. Uses the bundle context, because the identity
 * is a value that comes and goes, and because the agent must be still before its pods are removed.
 */
@Component(service = {})
@Designate(ocd = GatewayMembership.Config.class)
public final class GatewayMembership {
    @ObjectClassDefinition(name = "Gateway membership")
    public @interface Config {
        @AttributeDefinition(
                description = "Folder of key and certificate; a relative one is below wayside.data")
        String dir() default "identity";

        @AttributeDefinition(description = "What is erased on leaving, besides the identity")
        String[] erased() default {"state", "pods", "time-floor"};
    }

    private static final Logger LOG = LoggerFactory.getLogger(GatewayMembership.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(5);
    // After so long every driver that is installed is up; or there is none at all.
    private static final Duration ALL_DRIVERS = Duration.ofSeconds(5);
    private static final Duration NO_DRIVERS = Duration.ofSeconds(30);

    private final BundleContext context;
    private final TimeFloor time;
    private final IdentityFolder folder;
    private final Leaving leaving;
    private final Renewal renewal;
    private final Backoff renewalBackoff =
            new Backoff(Duration.ofSeconds(30), Duration.ofMinutes(10), new SecureRandom());
    private final ScheduledThreadPoolExecutor thread =
            new ScheduledThreadPoolExecutor(
                    1,
                    run -> {
                        Thread made = new Thread(run, "wayside-node-membership");
                        made.setDaemon(true);
                        return made;
                    });

    /** Read once when leaving; drivers come and go on their own. */
    @Reference(policy = ReferencePolicy.DYNAMIC)
    private volatile List<ContainerDriver> drivers = List.of();

    /** Only to find the agent's bundle when leaving; it depends on us, so it comes later. */
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable ServiceReference<AgentProgress> agent;

    // Of the thread alone.
    private @Nullable GatewayIdentity identity;
    private @Nullable ServiceRegistration<GatewayIdentity> registration;
    private long renewNotBeforeNanos = System.nanoTime();
    private boolean unreadable;
    private long adoptedNanos;

    @Activate
    public GatewayMembership(BundleContext context, @Reference TimeFloor time, Config config) {
        this.context = context;
        this.time = time;
        Path data = DataFolder.resolve("");
        AtomicFiles files = new AtomicFiles();
        this.folder = new IdentityFolder(DataFolder.resolve(config.dir()), files);
        this.leaving =
                new Leaving(
                        data,
                        folder,
                        Arrays.stream(config.erased()).map(DataFolder::resolve).toList(),
                        files);
        this.renewal = new Renewal(time::now);
    }

    @Activate
    void start() {
        // At once, so that the others need not wait for a first turn of the thread.
        join();
        var unused =
                thread.scheduleWithFixedDelay(
                        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends within 5 s. */
    @Deactivate
    void stop() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("The membership's thread has not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        unregister(registration);
    }

    private void look() {
        try {
            if (identity == null) {
                join();
            } else if (leaving.requested()) {
                leave();
            } else {
                renewIfDue(identity);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("The membership failed at one look; it goes on", e);
        }
    }

    private void join() {
        try {
            Optional<GatewayIdentity> read = folder.read();
            if (read.isPresent()) {
                adopt(read.get());
                LOG.info("This is {}", read.get());
            } else if (leaving.requested()) {
                // Cut short after the key was erased.
                finish();
            }
            unreadable = false;
        } catch (IOException e) {
            if (!unreadable) {
                unreadable = true;
                LOG.error("The identity can't be read; join again if it is lost", e);
            }
        }
    }

    /** The new one is there before the old one goes, so that nobody is without. */
    private void adopt(GatewayIdentity next) {
        time.raise(next.certificates().get(0).getNotBefore().toInstant());
        ServiceRegistration<GatewayIdentity> old = registration;
        identity = next;
        adoptedNanos = System.nanoTime();
        registration = context.registerService(GatewayIdentity.class, next, null);
        unregister(old);
    }

    private void renewIfDue(GatewayIdentity now) throws InterruptedException {
        Instant due = Renewal.dueAt(now);
        if (time.now().isBefore(due) || System.nanoTime() - renewNotBeforeNanos < 0) {
            return;
        }
        try {
            List<X509Certificate> certificates = renewal.renew(now);
            folder.renew(certificates);
            adopt(
                    new GatewayIdentity(
                            now.nodeName(),
                            now.gatewayUid(),
                            now.connector(),
                            now.key(),
                            certificates,
                            now.authority()));
            renewalBackoff.reset();
            LOG.info(
                    "The certificate was renewed, until {}",
                    certificates.get(0).getNotAfter().toInstant());
        } catch (IOException | RefusedException e) {
            Duration pause = renewalBackoff.next();
            renewNotBeforeNanos = System.nanoTime() + pause.toNanos();
            LOG.warn(
                    "The certificate can't be renewed, and ends {}; again in {} s",
                    now.certificates().get(0).getNotAfter().toInstant(),
                    pause.toSeconds(),
                    e);
        }
    }

    private void leave() {
        if (!driversAreThere()) {
            return;
        }
        ServiceReference<AgentProgress> present = agent;
        Bundle of = present == null ? null : present.getBundle();
        try {
            if (of != null) {
                // It would start again what is removed.
                LOG.info("This gateway leaves; its workloads are stopped");
                of.stop(Bundle.STOP_TRANSIENT);
            }
            int left = leaving.removePods(drivers);
            if (left > 0) {
                LOG.warn("Leaving: {} pods are left; trying again", left);
                return;
            }
        } catch (BundleException | DriverException e) {
            LOG.warn("Leaving: not all can be removed yet; trying again", e);
            return;
        }
        // Whoever holds the state or the key closes it now.
        ServiceRegistration<GatewayIdentity> gone = registration;
        registration = null;
        unregister(gone);
        finish();
    }

    /** Drivers come up on their own; one that is not there yet would keep its pods. */
    private boolean driversAreThere() {
        Duration here = Duration.ofNanos(System.nanoTime() - adoptedNanos);
        return here.compareTo(drivers.isEmpty() ? NO_DRIVERS : ALL_DRIVERS) >= 0;
    }

    private void finish() {
        try {
            leaving.erase();
        } catch (IOException e) {
            LOG.warn("Leaving: not all can be erased yet; trying again", e);
            return;
        }
        LOG.info("This gateway has left; key and state are erased");
        thread.shutdown();
        // In a thread of its own: the exit waits for this component to stop. With 0, the
        // supervisor does not start the runtime again.
        new Thread(() -> Runtime.getRuntime().exit(0), "wayside-node-exit").start();
    }

    private static void unregister(@Nullable ServiceRegistration<GatewayIdentity> which) {
        if (which != null) {
            try {
                which.unregister();
            } catch (IllegalStateException e) {
                LOG.debug("The identity was unregistered already", e);
            }
        }
    }
}
