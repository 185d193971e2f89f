// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.grid;

import dev.wayside.connector.access.AggregationController;
import dev.wayside.connector.account.DefaultAccountController;
import dev.wayside.connector.apiserver.ChangePlans;
import dev.wayside.connector.site.SiteController;
import dev.wayside.connector.storage.StorageController;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.CronJobController;
import dev.wayside.connector.workload.DaemonSetController;
import dev.wayside.connector.workload.DeploymentController;
import dev.wayside.connector.workload.DisruptionController;
import dev.wayside.connector.workload.EndpointsController;
import dev.wayside.connector.workload.GarbageCollector;
import dev.wayside.connector.workload.JobController;
import dev.wayside.connector.workload.NamespaceController;
import dev.wayside.connector.workload.NodeLifecycle;
import dev.wayside.connector.workload.PodCleaner;
import dev.wayside.connector.workload.ReplicaSetController;
import dev.wayside.connector.workload.Scheduler;
import dev.wayside.connector.workload.StatefulSetController;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All controllers of the connector, started and ended together. */
public final class Controllers implements AutoCloseable, ChangePlans {
    private static final Logger log = LoggerFactory.getLogger(Controllers.class);
    private static final Duration SYNC = Duration.ofSeconds(60);

    /** Draws from the calling thread's own generator. */
    private static final RandomGenerator RANDOM = () -> ThreadLocalRandom.current().nextLong();

    private final Cluster cluster;
    private final SiteGridController grids;
    private final SiteGridController statefulGrids;
    private final RolloutController rollouts;
    private final ServiceGridController serviceGrids;
    private final SiteController sites;
    private final DeploymentController deployments;
    private final ReplicaSetController replicaSets;
    private final StatefulSetController statefulSets;
    private final DaemonSetController daemonSets;
    private final JobController jobs;
    private final CronJobController cronJobs;
    private final Scheduler scheduler;
    private final NodeLifecycle nodes;
    private final PodCleaner pods;
    private final GarbageCollector garbage;
    private final NamespaceController namespaces;
    private final EndpointsController endpoints;
    private final DisruptionController disruptions;
    private final Plans plans;
    private final StorageController storage;
    private final AggregationController aggregation;
    private final DefaultAccountController accounts;

    private Controllers(Cluster cluster) {
        this.cluster = cluster;
        SiteIndex index = cluster.nodes().addView(new SiteIndex());
        GridRevisions revisions = new GridRevisions(cluster);
        this.grids = new SiteGridController(cluster, GridKind.DEPLOYMENTS, index, revisions, 4);
        this.statefulGrids =
                new SiteGridController(cluster, GridKind.STATEFUL_SETS, index, revisions, 2);
        this.rollouts = new RolloutController(cluster, index, revisions, 2);
        this.serviceGrids = new ServiceGridController(cluster, 1);
        this.sites = new SiteController(cluster, 2);
        this.deployments = new DeploymentController(cluster, 4);
        this.replicaSets = new ReplicaSetController(cluster, 4);
        this.statefulSets = new StatefulSetController(cluster, 4);
        this.daemonSets = new DaemonSetController(cluster, 2);
        this.cronJobs = new CronJobController(cluster, 1);
        this.jobs = new JobController(cluster, 2);
        this.scheduler = new Scheduler(cluster);
        this.nodes = new NodeLifecycle(cluster, 2);
        this.pods = new PodCleaner(cluster);
        this.garbage = new GarbageCollector(cluster, 4);
        this.namespaces = new NamespaceController(cluster);
        this.endpoints = new EndpointsController(cluster, 2);
        this.disruptions = new DisruptionController(cluster, 1);
        this.plans =
                new Plans(
                        cluster,
                        sites.forecast(cluster),
                        List.of(grids.forecast(), statefulGrids.forecast()));
        this.storage = new StorageController(cluster, 2);
        this.aggregation = new AggregationController(cluster);
        this.accounts = new DefaultAccountController(cluster);
    }

    /**
     * Starts everything: first the informers, and when each has listed its kind, the controllers;
     * so none acts on half a picture. Blocks until then.
     *
     * @param clock the time of day
     * @throws IllegalStateException if the store does not answer within a minute
     */
    public static Controllers start(ObjectStore store, Clock clock) {
        return start(store, clock, System::nanoTime);
    }

    static Controllers start(ObjectStore store, Clock clock, LongSupplier nanoTime) {
        Controllers controllers = new Controllers(new Cluster(store, clock, nanoTime, RANDOM));
        controllers.start();
        return controllers;
    }

    Cluster cluster() {
        return cluster;
    }

    @Override
    public boolean concerns(ResourceType type) {
        return plans.concerns(type);
    }

    @Override
    public List<String> warnings(Change change) {
        return plans.warnings(change);
    }

    private void start() {
        cluster.start();
        if (!cluster.awaitSync(SYNC)) {
            cluster.close();
            throw new IllegalStateException(
                    "the store did not list every kind within " + SYNC.toSeconds() + " s");
        }
        nodes.start();
        pods.start();
        garbage.start();
        namespaces.start();
        aggregation.start();
        accounts.start();
        scheduler.start();
        replicaSets.start();
        deployments.start();
        statefulSets.start();
        daemonSets.start();
        jobs.start();
        cronJobs.start();
        grids.start();
        statefulGrids.start();
        rollouts.start();
        serviceGrids.start();
        sites.start();
        endpoints.start();
        disruptions.start();
        storage.start();
        log.info("controllers started");
    }

    /** Ends all, in reverse, each within 5 s; what they are at is finished. */
    @Override
    public void close() {
        List<AutoCloseable> all =
                List.of(
                        storage,
                        disruptions,
                        endpoints,
                        sites,
                        serviceGrids,
                        rollouts,
                        statefulGrids,
                        grids,
                        statefulSets,
                        cronJobs,
                        jobs,
                        daemonSets,
                        deployments,
                        replicaSets,
                        scheduler,
                        accounts,
                        aggregation,
                        namespaces,
                        garbage,
                        pods,
                        nodes,
                        cluster);
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (Exception e) {
                log.warn("a controller did not end as it should", e);
            }
        }
    }
}
