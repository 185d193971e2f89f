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
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** A group's finalizer and status. A group that is deleted goes when no unit bears its label. */
final class GroupStep {
    static final String FINALIZER = "site.superedge.io/finalizer";

    private static final WriteOptions AS_ME = WriteOptions.by(SiteController.NAME);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);

    private final Cluster cluster;
    private final Membership membership;

    GroupStep(Cluster cluster, Membership membership) {
        this.cluster = cluster;
        this.membership = membership;
    }

    Optional<Duration> run(KubeObject group) {
        try {
            if (group.deleted().isEmpty()) {
                tell(write(group, Finalizers.with(group, FINALIZER)));
            } else if (membership.labelledFor(group).isEmpty()) {
                write(group, Finalizers.without(group, FINALIZER));
            }
            return Optional.empty();
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT) {
                return Optional.of(AFTER_CONFLICT);
            }
            if (e.reason() == Reason.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private KubeObject write(KubeObject before, KubeObject after) {
        return after.equals(before)
                ? before
                : cluster.informer(ResourceType.NODE_GROUPS)
                        .write(
                                () ->
                                        cluster.store()
                                                .update(
                                                        ResourceType.NODE_GROUPS,
                                                        after,
                                                        "",
                                                        AS_ME));
    }

    private void tell(KubeObject group) {
        List<String> names = membership.unitsIn(group).stream().map(KubeObject::name).toList();
        TreeSet<String> missing = new TreeSet<>(group.spec().array("nodeUnits").strings());
        names.forEach(missing::remove);
        JsonObject condition =
                missing.isEmpty()
                        ? Conditions.of("UnitsFound", "True", "AsExpected", "")
                        : Conditions.of(
                                "UnitsFound",
                                "False",
                                "UnitsMissing",
                                "There is no NodeUnit named " + String.join(", ", missing) + ".");
        JsonArray conditions =
                Conditions.with(
                        group.status().array("conditions"), condition, cluster.clock().instant());
        JsonObject status =
                group.status().toBuilder()
                        .put("unitNumber", names.size())
                        .put("nodeUnits", JsonArray.ofStrings(names))
                        .put("conditions", conditions)
                        .put("observedGeneration", group.generation())
                        .build();
        cluster.writeStatus(ResourceType.NODE_GROUPS, group, status, SiteController.NAME);
    }
}
