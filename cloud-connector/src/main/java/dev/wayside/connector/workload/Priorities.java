// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What a PriorityClass makes of a new pod. Pure. */
public final class Priorities {
    private static final String POLICY = "PreemptLowerPriority";

    private Priorities() {}

    /**
     * The pod with its priority, of the class that it names, else of the default one, else 0.
     *
     * @param byName finds a PriorityClass
     * @param all all PriorityClasses
     * @throws ApiException Forbidden if there is no such class, or if the pod says something else
     */
    public static KubeObject admitted(
            KubeObject pod,
            Function<String, Optional<KubeObject>> byName,
            Supplier<? extends Collection<KubeObject>> all) {
        String name = pod.spec().text("priorityClassName");
        Optional<KubeObject> found =
                name.isEmpty()
                        ? all.get().stream()
                                .filter(each -> each.json().flag("globalDefault"))
                                .min(Comparator.comparingLong(Priorities::value))
                        : byName.apply(name);
        if (found.isEmpty() && !name.isEmpty()) {
            throw forbidden(pod, "no PriorityClass with name " + name + " was found");
        }
        long priority = found.map(Priorities::value).orElse(0L);
        String policy =
                found.flatMap(each -> each.json().string("preemptionPolicy")).orElse(POLICY);
        JsonObject spec = pod.spec();
        long asked = spec.number("priority").orElse(priority);
        if (asked != priority) {
            throw forbidden(
                    pod,
                    "the integer value of priority ("
                            + asked
                            + ") must not be provided in pod spec; priority admission controller"
                            + " computed "
                            + priority
                            + " from the given PriorityClass name");
        }
        String askedPolicy = spec.string("preemptionPolicy").orElse(policy);
        if (!askedPolicy.equals(policy)) {
            throw forbidden(
                    pod,
                    "the string value of PreemptionPolicy ("
                            + askedPolicy
                            + ") must not be provided in pod spec; priority admission controller"
                            + " computed "
                            + policy
                            + " from the given PriorityClass name");
        }
        if (found.isPresent()) {
            spec = spec.with("priorityClassName", found.get().name());
        }
        return pod.withSpec(
                spec.with("priority", Json.of(priority)).with("preemptionPolicy", Json.of(policy)));
    }

    private static long value(KubeObject priorityClass) {
        return priorityClass.json().number("value").orElse(0);
    }

    private static ApiException forbidden(KubeObject pod, String why) {
        return new ApiException(
                Reason.FORBIDDEN, "pods \"" + pod.name() + "\" is forbidden: " + why);
    }
}
