// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Runs the pods of Jobs to their end. What has to hold is in {@link JobTally} (each end is counted
 * once), {@link OwnedPods} (no pod is made twice) and {@link JobStep} (what is to be done).
 *
 * <p>A pod that has no Job any more must not be held by the finalizer that it has of it.
 */
public final class JobController implements AutoCloseable {
    static final String NAME = "job-controller";
    static final WriteOptions AS_ME = WriteOptions.by(NAME);

    private final Cluster cluster;
    private final Informer jobs;
    private final Informer pods;
    private final Claims claims;
    private final OwnedPods owned;
    private final JobBackoff backoff;

    /** Keys are Jobs, and pods whose Job seems to be gone. */
    private final Controller<ObjectKey> controller;

    public JobController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.jobs = cluster.informer(ResourceType.JOBS);
        this.pods = cluster.pods();
        this.claims = new Claims(cluster.store(), jobs, pods, AS_ME);
        this.owned = new OwnedPods(cluster, NAME);
        this.backoff = new JobBackoff(cluster);
        this.controller =
                new Controller<>("job", workers, cluster.backoff(), this::reconcile, this::addAll);
        jobs.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    } else if (before != null) {
                        owned.forget(before);
                        backoff.forget(before);
                        pods.ownedBy(before.uid()).forEach(this::podChanged);
                    }
                });
        pods.addListener(
                (before, after) -> {
                    if (before != null) {
                        podChanged(before);
                    }
                    if (after != null) {
                        podChanged(after);
                        if (Claims.isNewlyUnclaimed(before, after)) {
                            claims.thatMayClaim(after).forEach(this::add);
                        }
                    }
                });
        cluster.onSilence(this::podChanged);
    }

    public void start() {
        owned.begin(jobs.all());
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void addAll() {
        jobs.all().forEach(this::add);
        pods.all().forEach(this::podChanged);
    }

    private void add(KubeObject job) {
        controller.add(job.key(ResourceType.JOBS));
    }

    private void podChanged(KubeObject pod) {
        Optional<OwnerReference> owner = jobOf(pod);
        Optional<KubeObject> job =
                owner.flatMap(each -> jobs.get(pod.namespace(), each.name()))
                        .filter(each -> each.uid().equals(owner.orElseThrow().uid()));
        job.ifPresent(this::add);
        if (job.isEmpty() && JobPods.isTracked(pod)) {
            controller.add(pod.key(ResourceType.PODS));
        }
    }

    private static Optional<OwnerReference> jobOf(KubeObject pod) {
        return pod.controller().filter(owner -> owner.kind().equals(ResourceType.JOBS.kind()));
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        if (key.resource().equals(ResourceType.PODS.qualified())) {
            pods.get(key).ifPresent(this::releaseIfOrphaned);
            return Optional.empty();
        }
        Optional<KubeObject> job = jobs.get(key);
        String by = job.map(each -> each.spec().text("managedBy")).orElse("");
        return job.isEmpty() || !(by.isEmpty() || by.equals("kubernetes.io/job-controller"))
                ? Optional.empty()
                : new JobStep(cluster, claims, owned, backoff, job.get()).run();
    }

    private void releaseIfOrphaned(KubeObject pod) {
        // The store is asked: a Job that has not arrived here yet is not gone.
        boolean hasJob =
                jobOf(pod)
                        .flatMap(
                                owner ->
                                        cluster.store()
                                                .get(
                                                        ResourceType.JOBS.key(
                                                                pod.namespace(), owner.name()))
                                                .filter(job -> job.uid().equals(owner.uid())))
                        .isPresent();
        if (!hasJob) {
            release(cluster, pod);
        }
    }

    /** Takes the finalizer off, as the pod was seen. */
    static @Nullable KubeObject release(Cluster cluster, KubeObject pod) {
        if (!JobPods.isTracked(pod)) {
            return pod;
        }
        try {
            return cluster.pods()
                    .write(
                            () ->
                                    cluster.store()
                                            .update(
                                                    ResourceType.PODS,
                                                    JobPods.untracked(pod),
                                                    "",
                                                    AS_ME));
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return null; // somebody else took it off
            }
            throw e;
        }
    }
}
