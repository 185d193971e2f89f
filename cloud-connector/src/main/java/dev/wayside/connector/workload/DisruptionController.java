// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says of each PodDisruptionBudget how many pods may be taken away on purpose. A pod whose gateway
 * is not heard of does not count as healthy.
 *
 * <p>Evictions write the same status: each takes one off what is allowed and notes the pod. So both
 * write only over what they have seen, and a note stands until the pod goes, or two minutes.
 */
public final class DisruptionController implements AutoCloseable {
    static final Duration NOTE_LASTS = Duration.ofMinutes(2);

    private static final String NAME = "disruption-controller";
    private static final WriteOptions AS_ME = WriteOptions.by(NAME);

    /** What controls pods and says how many there should be. */
    private static final List<ResourceType> SCALED =
            List.of(ResourceType.REPLICA_SETS, ResourceType.STATEFUL_SETS);

    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);

    private final Cluster cluster;
    private final Informer budgets;
    private final Informer pods;
    private final Controller<ObjectKey> controller;

    public DisruptionController(Cluster cluster, int workers) {
        this.cluster = cluster;
        this.budgets = cluster.informer(ResourceType.POD_DISRUPTION_BUDGETS);
        this.pods = cluster.pods();
        this.controller =
                new Controller<>(
                        "disruption",
                        workers,
                        cluster.backoff(),
                        this::reconcile,
                        () -> budgets.all().forEach(this::add));
        budgets.addListener(
                (before, after) -> {
                    if (after != null) {
                        add(after);
                    }
                });
        pods.addListener(this::podChanged);
        cluster.deployments().addListener(this::scaleChanged);
        SCALED.forEach(type -> cluster.informer(type).addListener(this::scaleChanged));
        cluster.onSilence(this::addBudgetsOf);
    }

    public void start() {
        controller.start();
    }

    @Override
    public void close() {
        controller.close();
    }

    private void add(KubeObject budget) {
        controller.add(budget.key(ResourceType.POD_DISRUPTION_BUDGETS));
    }

    private void podChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null
                && after != null
                && before.labels().equals(after.labels())
                && PodFacts.isReady(before) == PodFacts.isReady(after)
                && PodFacts.isActive(before) == PodFacts.isActive(after)
                && PodFacts.node(before).equals(PodFacts.node(after))) {
            return;
        }
        if (before != null) {
            addBudgetsOf(before);
        }
        if (after != null) {
            addBudgetsOf(after);
        }
    }

    private void addBudgetsOf(KubeObject pod) {
        budgets.inNamespace(pod.namespace()).stream()
                .filter(budget -> selector(budget).matches(pod.labels()))
                .forEach(this::add);
    }

    private void scaleChanged(@Nullable KubeObject before, @Nullable KubeObject after) {
        if (before != null
                && after != null
                && RollingUpdate.replicas(before) != RollingUpdate.replicas(after)) {
            budgets.inNamespace(after.namespace()).forEach(this::add);
        }
    }

    private static LabelSelector selector(KubeObject budget) {
        return LabelSelector.of(budget.spec().object("selector"));
    }

    private Optional<Duration> reconcile(ObjectKey key) {
        Optional<KubeObject> found = budgets.get(key).filter(each -> each.deleted().isEmpty());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try {
            return new Step(found.get()).run();
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                return Optional.of(AFTER_CONFLICT);
            }
            throw e;
        }
    }

    private final class Step {
        private final KubeObject budget;
        private final Instant now = cluster.clock().instant();
        private final Map<String, Long> scales = new HashMap<>();
        private final JsonObject.Builder disrupted = JsonObject.builder();
        private @Nullable Duration again;
        private @Nullable String unknown;

        Step(KubeObject budget) {
            this.budget = budget;
        }

        Optional<Duration> run() {
            LabelSelector selector = selector(budget);
            // No selector at all selects nothing; an empty one selects every pod.
            List<KubeObject> selected =
                    budget.spec().has("selector")
                            ? pods.inNamespace(budget.namespace()).stream()
                                    .filter(pod -> selector.matches(pod.labels()))
                                    .filter(pod -> !PodFacts.isFinished(pod))
                                    .toList()
                            : List.of();
            long healthy = 0;
            for (KubeObject pod : selected) {
                boolean goes = pod.deleted().isPresent() || isNoted(pod);
                if (!goes && cluster.isReady(pod)) {
                    healthy++;
                }
                if (Budget.asksControllers(budget)) {
                    count(pod);
                }
            }
            long scale = scales.values().stream().mapToLong(Long::longValue).sum();
            JsonObject status =
                    unknown != null
                            ? Budget.unknown(budget, unknown, now)
                            : Budget.of(budget, selected.size(), scale, healthy)
                                    .status(budget, disrupted.build(), now);
            if (!status.equals(budget.status())) {
                KubeObject changed = budget.withStatus(status);
                budgets.write(
                        () ->
                                cluster.store()
                                        .update(
                                                ResourceType.POD_DISRUPTION_BUDGETS,
                                                changed,
                                                "status",
                                                AS_ME));
            }
            return Optional.ofNullable(again);
        }

        /** Whether an eviction was allowed of which nothing is to be seen yet. */
        private boolean isNoted(KubeObject pod) {
            Optional<Instant> since =
                    KubeObject.time(budget.status().object("disruptedPods"), pod.name());
            if (since.isEmpty() || pod.deleted().isPresent()) {
                return false;
            }
            Duration left = NOTE_LASTS.minus(Duration.between(since.get(), now));
            if (left.isNegative() || left.isZero()) {
                return false;
            }
            disrupted.put(pod.name(), Conditions.time(since.get()));
            again = again == null || left.compareTo(again) < 0 ? left : again;
            return true;
        }

        private void count(KubeObject pod) {
            Optional<OwnerReference> owner = pod.controller();
            Optional<KubeObject> set =
                    SCALED.stream()
                            .filter(
                                    type ->
                                            owner.filter(each -> each.kind().equals(type.kind()))
                                                    .isPresent())
                            .findFirst()
                            .flatMap(
                                    type ->
                                            cluster.informer(type)
                                                    .get(
                                                            pod.namespace(),
                                                            owner.orElseThrow().name()))
                            .filter(each -> each.uid().equals(owner.orElseThrow().uid()));
            if (set.isEmpty()) {
                unknown =
                        "the pod "
                                + pod.name()
                                + " has no controller that is known here; give minAvailable as a"
                                + " number";
                return;
            }
            KubeObject scaled =
                    set.get()
                            .controller()
                            .filter(each -> each.kind().equals(ResourceType.DEPLOYMENTS.kind()))
                            .flatMap(
                                    each -> cluster.deployments().get(pod.namespace(), each.name()))
                            .orElse(set.get());
            scales.put(scaled.uid(), RollingUpdate.replicas(scaled));
        }
    }
}
