// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes and deletes the pods of their owners, telling of it; and makes none twice. Own writes are
 * seen at once (see {@link Informer}); and before the first pod that this process makes for an
 * owner that it found when it started, and again after every create whose outcome is unknown, the
 * pods are listed afresh from the store: if that shows a pod that has not arrived here yet, none is
 * to be made until it has. For an owner that came later nobody else has made any, and a list of all
 * pods for each would be a walk over all for each.
 */
final class OwnedPods {
    /** Refusals that say for certain that nothing was created. */
    private static final Set<Reason> CERTAIN =
            EnumSet.complementOf(EnumSet.of(Reason.INTERNAL, Reason.UNAVAILABLE, Reason.TIMEOUT));

    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

    private final Cluster cluster;
    private final Informer pods;
    private final String by;

    /** UIDs of owners of whose pods some may not be known here. */
    private final Set<String> unsure = ConcurrentHashMap.newKeySet();

    OwnedPods(Cluster cluster, String by) {
        this.cluster = cluster;
        this.pods = cluster.pods();
        this.by = by;
    }

    /** To be called before the first pod is made, with the owners that there are. */
    void begin(Collection<KubeObject> owners) {
        owners.forEach(owner -> unsure.add(owner.uid()));
    }

    /** To be called when the owner is gone. */
    void forget(KubeObject owner) {
        unsure.remove(owner.uid());
    }

    /**
     * When to count the owner's pods again before any is made; empty if all that the store had were
     * known here before the caller counted them.
     */
    Optional<Duration> untilKnown(KubeObject owner) {
        if (!unsure.contains(owner.uid())) {
            return Optional.empty();
        }
        LabelSelector selector = Claims.selector(owner);
        List<KubeObject> fresh =
                cluster.store()
                        .list(ListQuery.in(ResourceType.PODS, owner.namespace(), selector))
                        .items();
        Set<String> known = new HashSet<>();
        pods.ownedBy(owner.uid()).forEach(pod -> known.add(pod.uid()));
        for (KubeObject pod : fresh) {
            boolean mine = pod.controller().filter(of -> of.uid().equals(owner.uid())).isPresent();
            if (mine && !known.contains(pod.uid())) {
                return Optional.of(LOOK_AGAIN);
            }
        }
        unsure.remove(owner.uid());
        // One may have arrived after the caller counted and before this looked.
        return Optional.of(Duration.ZERO);
    }

    /**
     * @throws ApiException as the store has it
     */
    KubeObject create(KubeObject owner, KubeObject pod) {
        try {
            KubeObject admitted = cluster.admitted(pod);
            KubeObject made =
                    pods.write(
                            () ->
                                    cluster.store()
                                            .create(
                                                    ResourceType.PODS,
                                                    admitted,
                                                    WriteOptions.by(by)));
            cluster.normal(owner, "SuccessfulCreate", "Created pod: " + made.name(), by);
            return made;
        } catch (ApiException e) {
            if (!CERTAIN.contains(e.reason())) {
                unsure.add(owner.uid());
            }
            cluster.warn(owner, "FailedCreate", "Error creating: " + e.getMessage(), by);
            throw e;
        } catch (RuntimeException e) {
            unsure.add(owner.uid());
            throw e;
        }
    }

    /**
     * @throws ApiException as the store has it
     */
    void delete(KubeObject owner, KubeObject pod) {
        try {
            if (cluster.delete(ResourceType.PODS, pod, OptionalLong.empty())) {
                cluster.normal(owner, "SuccessfulDelete", "Deleted pod: " + pod.name(), by);
            }
        } catch (ApiException e) {
            cluster.warn(owner, "FailedDelete", "Error deleting: " + e.getMessage(), by);
            throw e;
        }
    }
}
