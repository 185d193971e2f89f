// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the Jobs of CronJobs when they are due. A Job's name is its time, so one time never makes
 * two; what was missed while nobody looked is made up for once, as {@link CronJobStep} has it.
 */
public final class CronJobController implements AutoCloseable {
    static final String NAME = "cronjob-controller";

    private final Cluster cluster;
    private final Informer cronJobs;
    private final Controller<ObjectKey> controller;

    public CronJobController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.cronJobs = cluster.informer(ResourceType.CRON_JOBS);
        this.controller =
                new Controller<>(
                        "cronjob",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> cronJobs.all().forEach(this::add));
        cronJobs.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        cluster.informer(ResourceType.JOBS)
                .addListener(
                        (before, after) -> {
                            addOwner(before);
                            addOwner(after);
                        });
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject cronJob) {
        controller.add(cronJob.key(ResourceType.CRON_JOBS));
    }

    private void addOwner(@Nullable KubeObject job) {
        if (job != null) {
            job.controller()
                    .filter(owner -> owner.kind().equals(ResourceType.CRON_JOBS.kind()))
                    .map(owner -> ResourceType.CRON_JOBS.key(job.namespace(), owner.name()))
                    .ifPresent(controller::add);
        }
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        return cronJobs.get(key)
                .filter(cronJob -> cronJob.deleted().isEmpty())
                .flatMap(cronJob -> new CronJobStep(cluster, cronJob).run());
    }
}
