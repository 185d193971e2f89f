// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arithmetic of a Deployment's rollout, as in Kubernetes. Pure.
 *
 * <p>It counts what was asked for ({@code spec.replicas}) before it takes pods away, and what is
 * there ({@code status.availableReplicas}) of those only: so it never takes an available pod below
 * {@link #least}, however late the status is.
 *
 * @param replicas wanted
 * @param surge how many more there may be on the way
 * @param unavailable how many fewer may be available on the way
 */
record RollingUpdate(long replicas, long surge, long unavailable) {

    static final String DESIRED = "deployment.kubernetes.io/desired-replicas";
    static final String MOST = "deployment.kubernetes.io/max-replicas";

    static RollingUpdate of(KubeObject deployment) {
        JsonObject rolling = deployment.spec().object("strategy", "rollingUpdate");
        long replicas = replicas(deployment);
        if (isRecreate(deployment)) {
            return new RollingUpdate(replicas, 0, 0);
        }
        long surge = scaled(rolling, "maxSurge", replicas, true);
        long unavailable = scaled(rolling, "maxUnavailable", replicas, false);
        // Both may round to zero, and then nothing would ever move.
        return new RollingUpdate(replicas, surge, surge == 0 && unavailable == 0 ? 1 : unavailable);
    }

    static boolean isRecreate(KubeObject deployment) {
        return deployment.spec().text("strategy", "type").equals("Recreate");
    }

    static long replicas(KubeObject object) {
        return object.spec().number("replicas").orElse(1);
    }

    private static long scaled(JsonObject rolling, String name, long replicas, boolean up) {
        return scaled(rolling.get(name).orElse(new JsonString("25%")), replicas, up);
    }

    /**
     * @param value a number, or a percentage of the replicas
     * @param up whether fractions are rounded up
     */
    static long scaled(Json value, long replicas, boolean up) {
        if (value instanceof JsonNumber number) {
            return Math.max(0, number.whole().orElse(0));
        }
        String text = value instanceof JsonString string ? string.value() : "";
        try {
            long product = Math.max(0, Long.parseLong(text.replace("%", "").trim())) * replicas;
            return up ? (product + 99) / 100 : product / 100;
        } catch (NumberFormatException e) {
            // Validation lets none through; nothing is the safest reading of nonsense.
            return 0;
        }
    }

    long most() {
        return replicas == 0 ? 0 : replicas + surge;
    }

    long least() {
        return Math.max(0, replicas - unavailable);
    }

    /**
     * How many each old ReplicaSet should have now; only those that change.
     *
     * @param old oldest first
     */
    Map<KubeObject, Long> oldReplicas(List<KubeObject> old, KubeObject fresh) {
        Map<KubeObject, Long> changed = new LinkedHashMap<>();
        long asked = replicas(fresh) + old.stream().mapToLong(RollingUpdate::replicas).sum();
        long freshMissing = Math.max(0, replicas(fresh) - available(fresh));
        long mayGo = asked - least() - freshMissing;
        if (mayGo <= 0) {
            return changed;
        }
        // First those that are of no use: not available, they are not missed.
        Map<KubeObject, Long> now = new LinkedHashMap<>();
        old.forEach(set -> now.put(set, replicas(set)));
        for (KubeObject set : old) {
            long useless = Math.min(mayGo, Math.max(0, replicas(set) - available(set)));
            if (useless > 0) {
                mayGo -= useless;
                now.put(set, replicas(set) - useless);
            }
        }
        // Then available ones, down to the least.
        long available =
                available(fresh)
                        + old.stream()
                                .mapToLong(
                                        set -> Math.min(available(set), now.getOrDefault(set, 0L)))
                                .sum();
        long spare = Math.min(mayGo, available - least());
        for (KubeObject set : old) {
            long going = Math.min(spare, now.getOrDefault(set, 0L));
            if (going > 0) {
                spare -= going;
                now.merge(set, -going, Long::sum);
            }
        }
        now.forEach(
                (set, count) -> {
                    if (count != replicas(set)) {
                        changed.put(set, count);
                    }
                });
        return changed;
    }

    /**
     * Shares a change of the Deployment's replicas among the ReplicaSets that have pods, in
     * proportion, while a rollout is on its way; only those that change.
     *
     * @param active those that ask for pods, oldest first
     */
    Map<KubeObject, Long> proportional(List<KubeObject> active) {
        Map<KubeObject, Long> shares = new LinkedHashMap<>();
        long asked = active.stream().mapToLong(RollingUpdate::replicas).sum();
        long toAdd = most() - asked;
        if (toAdd == 0) {
            return shares;
        }
        List<KubeObject> bySize = new ArrayList<>(active);
        if (toAdd > 0) {
            // Equal ones: the newest first.
            Collections.reverse(bySize);
        }
        bySize.sort(Comparator.comparingLong((KubeObject set) -> replicas(set)).reversed());
        long added = 0;
        for (KubeObject set : bySize) {
            long share = fraction(set);
            long left = toAdd - added;
            long mine = toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
            mine = toAdd > 0 ? Math.max(0, mine) : Math.min(0, mine);
            added += mine;
            shares.put(set, replicas(set) + mine);
        }
        if (!bySize.isEmpty()) {
            KubeObject largest = bySize.get(0);
            long rest = toAdd - added;
            shares.merge(largest, rest, (share, more) -> Math.max(0, share + more));
        }
        shares.entrySet().removeIf(share -> share.getValue() == replicas(share.getKey()));
        return shares;
    }

    private long fraction(KubeObject set) {
        long mostBefore = annotation(set, MOST, most());
        if (replicas == 0) {
            return -replicas(set);
        }
        return mostBefore == 0
                ? 0
                : Math.round((double) replicas(set) * most() / mostBefore) - replicas(set);
    }

    static long annotation(KubeObject object, String key, long otherwise) {
        try {
            return object.annotation(key).map(Long::parseLong).orElse(otherwise);
        } catch (NumberFormatException e) {
            // Somebody wrote nonsense into it; it is set again with the next change.
            return otherwise;
        }
    }

    static long available(KubeObject set) {
        return set.status().number("availableReplicas").orElse(0);
    }
}
