// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.link.CloudLink;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.api.state.DesiredState;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps this gateway's Node and Lease. Uses the bundle context for the bundle's version alone. */
@Component(service = {})
public final class NodeRegistration {
    private static final Logger LOG = LoggerFactory.getLogger(NodeRegistration.class);
    private static final Duration TURN = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(5);

    private final NodeReporter reporter;
    private final ScheduledThreadPoolExecutor thread =
            new ScheduledThreadPoolExecutor(
                    1,
                    run -> {
                        Thread made = new Thread(run, "wayside-node-report");
                        made.setDaemon(true);
                        return made;
                    });

    /** The agent may be away for a swap, and its absence is one of the things to be said. */
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable AgentProgress agent;

    @Activate
    public NodeRegistration(
            BundleContext context,
            @Reference GatewayIdentity identity,
            @Reference CloudLink link,
            @Reference DesiredState desired,
            @Reference CacheHealth health,
            @Reference TimeFloor time) {
        Version version = context.getBundle().getVersion();
        this.reporter =
                new NodeReporter(
                        identity,
                        link,
                        desired,
                        health,
                        () -> Optional.ofNullable(agent),
                        new Machine(Path.of("/"), DataFolder.resolve("")),
                        time,
                        version.getMajor() + "." + version.getMinor() + "." + version.getMicro(),
                        () -> Duration.ofNanos(System.nanoTime()),
                        Clock.systemUTC());
    }

    @Activate
    void start() {
        var unused =
                thread.scheduleWithFixedDelay(
                        this::turn, 0, TURN.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends within 5 s. */
    @Deactivate
    void stop() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("The reporting thread has not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void turn() {
        try {
            reporter.turn();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Reporting on the node failed once; it goes on", e);
        }
    }
}
