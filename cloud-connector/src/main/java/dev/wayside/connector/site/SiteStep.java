// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What the steps of nodes, units and groups share: each writes only what is a change, over what it
 * has seen, and looks again if somebody wrote in between.
 */
abstract class SiteStep {
    private static final WriteOptions AS_ME = WriteOptions.by(SiteController.NAME);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);

    final Cluster cluster;
    final Membership membership;

    SiteStep(Cluster cluster, Membership membership) {
        this.cluster = cluster;
        this.membership = membership;
    }

    /** Looks at the object as it is now, and does what is to be done. */
    abstract void look(KubeObject object);

    final Optional<Duration> run(KubeObject object) {
        try {
            look(object);
            return Optional.empty();
        } catch (ApiException e) {
            // Two nodes may bring the same unit at once.
            if (e.reason() == Reason.CONFLICT || e.reason() == Reason.ALREADY_EXISTS) {
                return Optional.of(AFTER_CONFLICT);
            }
            if (e.reason() == Reason.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    final KubeObject write(ResourceType type, KubeObject before, KubeObject after) {
        return after.equals(before)
                ? before
                : cluster.informer(type)
                        .write(() -> cluster.store().update(type, after, "", AS_ME));
    }

    final void create(ResourceType type, KubeObject object) {
        cluster.informer(type).write(() -> cluster.store().create(type, object, AS_ME));
    }

    /**
     * Writes the status, with a condition on whether all that is named is there.
     *
     * @param condition for instance {@code NodesFound}
     * @param kind of what is named
     */
    final void tell(
            ResourceType type,
            KubeObject object,
            JsonObject.Builder status,
            String condition,
            String kind,
            Set<String> missing) {
        JsonObject found =
                missing.isEmpty()
                        ? Conditions.of(condition, "True", "AsExpected", "")
                        : Conditions.of(
                                condition,
                                "False",
                                condition.replace("Found", "Missing"),
                                "There is no "
                                        + kind
                                        + " named "
                                        + String.join(", ", missing)
                                        + ".");
        JsonArray conditions =
                Conditions.with(
                        object.status().array("conditions"), found, cluster.clock().instant());
        cluster.writeStatus(
                type,
                object,
                status.put("conditions", conditions)
                        .put("observedGeneration", object.generation())
                        .build(),
                SiteController.NAME);
    }
}
