// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Removes pods that nobody else will: those of a node that was deleted (deleting it is the
 * operator's word that it is gone), those on their way out that no node ever had, and the oldest
 * finished ones beyond 12,500 (Kubernetes' own number).
 */
public final class PodCleaner implements AutoCloseable {
    private static final int MOST_FINISHED = 12_500;
    private static final String FINISHED = "finished";

    /** Stands in the queue for "look at how many are finished". */
    private static final ObjectKey TOO_MANY = new ObjectKey("", "", "too-many");

    private static final Duration GATHER = Duration.ofSeconds(10);

    private final Cluster cluster;
    private final Informer pods;
    private final Informer.Index finished;
    private final int mostFinished;
    private final Controller<ObjectKey> controller;

    public PodCleaner(Cluster cluster) {
        this(cluster, MOST_FINISHED, GATHER);
    }

    PodCleaner(Cluster cluster, int mostFinished, Duration gather) {
        this.cluster = cluster;
        this.pods = cluster.pods();
        this.mostFinished = mostFinished;
        this.finished =
                pods.addIndex(
                        pod -> PodFacts.isFinished(pod) ? List.of(FINISHED) : List.<String>of());
        this.controller =
                new Controller<>(
                        "pod-cleaner",
                        1,
                        cluster.backoff(),
                        this::reconcile,
                        () -> pods.all().forEach(this::add));
        pods.addListener(
                (before, after) -> {
                    if (after != null) {
                        podChanged(before, after);
                        if (PodFacts.isFinished(after) && finished.count(FINISHED) > mostFinished) {
                            controller.addAfter(TOO_MANY, gather);
                        }
                    }
                });
        cluster.nodes()
                .addListener(
                        (before, after) -> {
                            if (after == null && before != null) {
                                cluster.podsOn(before.name()).forEach(this::add);
                            }
                        });
    }

    /** Also looks at every pod once: a node may have gone while nobody watched. */
    public void start() {
        controller.start();
        pods.all().forEach(pod -> podChanged(null, pod));
    }

    @Override
    public void close() {
        controller.close();
    }

    private void podChanged(@Nullable KubeObject before, KubeObject pod) {
        boolean bound = !PodFacts.node(pod).isEmpty();
        boolean newlyBound = bound && (before == null || PodFacts.node(before).isEmpty());
        boolean nodeIsMissing = newlyBound && cluster.nodes().get("", PodFacts.node(pod)).isEmpty();
        if (nodeIsMissing || (!bound && pod.deleted().isPresent())) {
            add(pod);
        }
    }

    private void add(KubeObject pod) {
        controller.add(pod.key(ResourceType.PODS));
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        if (key.equals(TOO_MANY)) {
            removeOldest();
        } else {
            pods.get(key).filter(this::isNobodys).map(this::failed).ifPresent(this::remove);
        }
        return Optional.empty();
    }

    private boolean isNobodys(KubeObject pod) {
        String node = PodFacts.node(pod);
        // The node is asked of the store: it may be there and not have arrived here.
        return node.isEmpty()
                ? pod.deleted().isPresent()
                : cluster.store().get(ResourceType.NODES.key("", node)).isEmpty();
    }

    /** One that somebody waits for has to be seen to have ended; nobody else can say so. */
    private KubeObject failed(KubeObject pod) {
        if (PodFacts.isFinished(pod) || pod.finalizers().isEmpty()) {
            return pod;
        }
        JsonObject condition =
                Conditions.of(
                        "DisruptionTarget",
                        "True",
                        "DeletionByPodGC",
                        "PodGC: node no longer exists");
        KubeObject failed =
                pod.withStatus(
                        pod.status()
                                .with("phase", "Failed")
                                .with(
                                        "conditions",
                                        Conditions.with(
                                                pod.status().array("conditions"),
                                                condition,
                                                cluster.clock().instant())));
        return pods.write(
                () ->
                        cluster.store()
                                .update(
                                        ResourceType.PODS,
                                        failed,
                                        "status",
                                        WriteOptions.by("pod-garbage-collector")));
    }

    private void removeOldest() {
        List<KubeObject> all = finished.get(FINISHED);
        all.stream()
                .sorted(
                        Comparator.comparing(
                                        (KubeObject pod) ->
                                                pod.created().orElse(java.time.Instant.MIN))
                                .thenComparing(KubeObject::name))
                .limit(Math.max(0, all.size() - mostFinished))
                .forEach(this::remove);
    }

    private void remove(KubeObject pod) {
        cluster.delete(ResourceType.PODS, pod, OptionalLong.of(0));
    }
}
