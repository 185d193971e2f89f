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
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
    private static final Duration RENEW_FIRST = Duration.ofSeconds(30);
    private static final Duration RENEW_MOST = Duration.ofMinutes(10);

    private final BundleContext context;
    private final TimeFloor time;
    private final IdentityFolder folder;
    private final Leaving leaving;
    private final CertificateKeeper keeper;
    private final Supplier<Duration> uptime;
    private final Runnable exit;
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
    volatile List<ContainerDriver> drivers = List.of();

    /** Only to find the agent's bundle when leaving; it depends on us, so it comes later. */
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile @Nullable ServiceReference<AgentProgress> agent;

    // Of the thread alone.
    private @Nullable GatewayIdentity identity;
    private @Nullable ServiceRegistration<GatewayIdentity> registration;
    private @Nullable Duration unreadableSince;
    private String leavingTrouble = "";
    private Duration adopted;

    @Activate
    public GatewayMembership(BundleContext context, @Reference TimeFloor time, Config config) {
        this(
                context,
                time,
                DataFolder.resolve(""),
                DataFolder.resolve(config.dir()),
                Arrays.stream(config.erased()).map(DataFolder::resolve).toList(),
                new Renewal(time::now),
                () -> Duration.ofNanos(System.nanoTime()),
                // In a thread of its own: the exit waits for this component to stop. With 0, the
                // supervisor does not start the runtime again.
                () -> new Thread(() -> Runtime.getRuntime().exit(0), "wayside-node-exit").start());
    }

    GatewayMembership(
            BundleContext context,
            TimeFloor time,
            Path data,
            Path dir,
            List<Path> erased,
            CertificateKeeper.Renewing renewing,
            Supplier<Duration> uptime,
            Runnable exit) {
        AtomicFiles files = new AtomicFiles();
        this.context = context;
        this.time = time;
        this.uptime = uptime;
        this.exit = exit;
        this.folder = new IdentityFolder(dir, files);
        this.leaving = new Leaving(data, folder, erased, files);
        this.keeper =
                new CertificateKeeper(
                        renewing,
                        folder,
                        time::now,
                        uptime,
                        new Backoff(RENEW_FIRST, RENEW_MOST, new SecureRandom()));
        this.adopted = uptime.get();
    }

    @Activate
    void start() {
        // At once, so that the others need not wait for a first turn of the thread.
        join();
        if (!thread.isShutdown()) { // else it has just left
            var unused =
                    thread.scheduleWithFixedDelay(
                            this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        }
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

    /** Once a second. */
    void look() {
        try {
            if (identity == null) {
                join();
            } else if (leaving.requested()) {
                leave();
            } else {
                keeper.renewIfDue(identity).ifPresent(this::adopt);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("The membership failed at one look; it goes on", e);
        }
    }

    /** Registers the identity if there is one by now. */
    void join() {
        try {
            Optional<GatewayIdentity> read = folder.read();
            if (read.isPresent()) {
                adopt(read.get());
                LOG.info("This is {}", read.get());
            } else if (leaving.requested()) {
                // Cut short after the key was erased.
                finish();
            }
            unreadableSince = null;
        } catch (IOException e) {
            Duration now = uptime.get();
            Duration since = unreadableSince;
            if (since == null) {
                since = now;
                unreadableSince = now;
                LOG.error(
                        "The identity can't be read; if it is lost, 'gateway leave' and join again",
                        e);
            }
            if (leaving.requested() && now.minus(since).compareTo(NO_DRIVERS) >= 0) {
                // No driver comes up without it, and nobody can join again over it.
                LOG.warn("Leaving without an identity: containers that it has made stay");
                finish();
            }
        }
    }

    /** The new one is there before the old one goes, so that nobody is without. */
    private void adopt(GatewayIdentity next) {
        time.raise(next.certificates().get(0).getNotBefore().toInstant());
        ServiceRegistration<GatewayIdentity> old = registration;
        identity = next;
        adopted = uptime.get();
        registration = context.registerService(GatewayIdentity.class, next, null);
        unregister(old);
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
                troubled(left + " pods are left", null);
                return;
            }
        } catch (BundleException | DriverException e) {
            troubled("not all can be removed yet: " + e.getMessage(), e);
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
        Duration here = uptime.get().minus(adopted);
        return here.compareTo(drivers.isEmpty() ? NO_DRIVERS : ALL_DRIVERS) >= 0;
    }

    private void finish() {
        try {
            leaving.erase();
        } catch (IOException e) {
            troubled("not all can be erased yet: " + e.getMessage(), e);
            return;
        }
        LOG.info("This gateway has left; key and state are erased");
        thread.shutdown();
        exit.run();
    }

    /** It is tried again each second; only what is new is said. */
    private void troubled(String what, @Nullable Exception cause) {
        if (!what.equals(leavingTrouble)) {
            leavingTrouble = what;
            LOG.warn("Leaving: {}; trying again", what, cause);
        }
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
