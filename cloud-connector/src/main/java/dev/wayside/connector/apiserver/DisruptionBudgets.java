// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * Asks the PodDisruptionBudget of a pod whether the pod may be taken away. Each yes takes one off
 * what is allowed, in the budget's status and over what was seen there, so that no two evictions
 * share one; the budget's controller counts anew when the pod goes. Safe for any thread.
 */
final class DisruptionBudgets {
    private static final WriteOptions AS_ME = WriteOptions.by("eviction");
    private static final int ATTEMPTS = 20;

    /** More notes than that mean that the controller does not follow. */
    private static final int MOST_NOTES = 2000;

    private final ObjectStore store;
    private final Clock clock;

    DisruptionBudgets(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * Takes one off, if the pod has a budget. The pod may then be deleted.
     *
     * @throws ApiException NotFound if there is no such pod; TooManyRequests if its budget does not
     *     allow it now; InternalError if it has several budgets
     */
    void take(ObjectKey key, boolean dryRun) {
        KubeObject pod = store.get(key).orElseThrow(() -> ApiException.notFound(key));
        String phase = pod.status().text("phase");
        if (!phase.equals("Running") || pod.deleted().isPresent()) {
            // It serves nobody.
            return;
        }
        List<KubeObject> budgets =
                store
                        .list(
                                ListQuery.in(
                                        ResourceType.POD_DISRUPTION_BUDGETS,
                                        key.namespace(),
                                        LabelSelector.EVERYTHING))
                        .items()
                        .stream()
                        .filter(budget -> isOf(budget, pod))
                        .toList();
        if (budgets.size() > 1) {
            throw new ApiException(
                    Reason.INTERNAL,
                    "This pod has more than one PodDisruptionBudget, which the eviction"
                            + " subresource does not support.");
        }
        if (!budgets.isEmpty() && !isFree(budgets.get(0), pod)) {
            take(budgets.get(0), pod, dryRun);
        }
    }

    private static boolean isOf(KubeObject budget, KubeObject pod) {
        return budget.spec().has("selector")
                && LabelSelector.of(budget.spec().object("selector")).matches(pod.labels());
    }

    /** A pod that is not ready costs nothing, if the others are enough or the budget says so. */
    private static boolean isFree(KubeObject budget, KubeObject pod) {
        if (pod.conditionIsTrue("Ready")) {
            return false;
        }
        JsonObject status = budget.status();
        long desired = status.number("desiredHealthy").orElse(0);
        return budget.spec().text("unhealthyPodEvictionPolicy").equals("AlwaysAllow")
                || (desired > 0 && status.number("currentHealthy").orElse(0) >= desired);
    }

    private void take(KubeObject first, KubeObject pod, boolean dryRun) {
        ObjectKey key = first.key(ResourceType.POD_DISRUPTION_BUDGETS);
        KubeObject budget = first;
        for (int i = 0; i < ATTEMPTS; i++) {
            KubeObject taken = budget.withStatus(withOneLess(budget, pod));
            if (dryRun) {
                return;
            }
            try {
                store.update(ResourceType.POD_DISRUPTION_BUDGETS, taken, "status", AS_ME);
                return;
            } catch (ApiException e) {
                if (e.reason() != Reason.CONFLICT) {
                    throw e;
                }
            }
            budget = store.get(key).orElseThrow(() -> ApiException.conflict(key, "it is gone"));
        }
        throw refused(budget, "is changing too fast to be asked.");
    }

    private JsonObject withOneLess(KubeObject budget, KubeObject pod) {
        JsonObject status = budget.status();
        if (status.number("observedGeneration").orElse(0) < budget.generation()) {
            throw refused(budget, "is still being processed by the server.");
        }
        JsonObject notes = status.object("disruptedPods");
        long allowed = status.number("disruptionsAllowed").orElse(0);
        if (allowed <= 0 || notes.members().size() >= MOST_NOTES) {
            throw refused(
                    budget,
                    "needs "
                            + status.number("desiredHealthy").orElse(0)
                            + " healthy pods and has "
                            + status.number("currentHealthy").orElse(0)
                            + " currently");
        }
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        return status.with("disruptionsAllowed", allowed - 1)
                .with("disruptedPods", notes.with(pod.name(), now));
    }

    private static ApiException refused(KubeObject budget, String why) {
        return new ApiException(
                Reason.TOO_MANY_REQUESTS,
                "Cannot evict pod as it would violate the pod's disruption budget.",
                "",
                "",
                "",
                List.of(
                        new Cause(
                                "DisruptionBudget",
                                "The disruption budget " + budget.name() + " " + why,
                                "")));
    }
}
