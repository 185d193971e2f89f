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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A unit's finalizer, the labels that say in which groups it is, and its status. A unit that is
 * deleted goes when its nodes bear nothing of it any more.
 */
final class UnitStep {
    static final String FINALIZER = "site.superedge.io/nodeunit";

    private static final WriteOptions AS_ME = WriteOptions.by(SiteController.NAME);
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(50);

    private final Cluster cluster;
    private final Membership membership;

    UnitStep(Cluster cluster, Membership membership) {
        this.cluster = cluster;
        this.membership = membership;
    }

    static boolean isReady(@Nullable KubeObject node) {
        return node != null && node.conditionIsTrue("Ready");
    }

    Optional<Duration> run(KubeObject unit) {
        try {
            if (unit.deleted().isEmpty()) {
                tell(kept(unit));
            } else if (membership.bearing(unit).isEmpty()) {
                write(unit, Finalizers.without(unit, FINALIZER));
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

    private KubeObject kept(KubeObject unit) {
        Map<String, String> labels = new TreeMap<>(unit.labels());
        labels.values().removeIf(Membership.OF_GROUP::equals);
        membership.groupsOf(unit).forEach(group -> labels.put(group.name(), Membership.OF_GROUP));
        KubeObject wanted = Finalizers.with(unit, FINALIZER);
        return write(unit, labels.equals(unit.labels()) ? wanted : wanted.withLabels(labels));
    }

    private KubeObject write(KubeObject before, KubeObject after) {
        return after.equals(before)
                ? before
                : cluster.informer(ResourceType.NODE_UNITS)
                        .write(
                                () ->
                                        cluster.store()
                                                .update(ResourceType.NODE_UNITS, after, "", AS_ME));
    }

    private void tell(KubeObject unit) {
        TreeSet<String> missing = new TreeSet<>(unit.spec().array("nodes").strings());
        List<String> ready = new ArrayList<>();
        TreeSet<String> notReady = new TreeSet<>();
        for (KubeObject node : membership.nodesOf(unit)) {
            missing.remove(node.name());
            if (isReady(node)) {
                ready.add(node.name());
            } else {
                notReady.add(node.name());
            }
        }
        notReady.addAll(missing);
        JsonObject condition =
                missing.isEmpty()
                        ? Conditions.of("NodesFound", "True", "AsExpected", "")
                        : Conditions.of(
                                "NodesFound",
                                "False",
                                "NodesMissing",
                                "There is no node named " + String.join(", ", missing) + ".");
        JsonArray conditions =
                Conditions.with(
                        unit.status().array("conditions"), condition, cluster.clock().instant());
        JsonObject status =
                unit.status().toBuilder()
                        .put("readyRate", ready.size() + "/" + (ready.size() + notReady.size()))
                        .put("readyNodes", JsonArray.ofStrings(ready))
                        .put("notReadyNodes", JsonArray.ofStrings(notReady))
                        .put("conditions", conditions)
                        .put("observedGeneration", unit.generation())
                        .build();
        cluster.writeStatus(ResourceType.NODE_UNITS, unit, status, SiteController.NAME);
    }
}
