// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the claims of StatefulSets' pods, and has them go with the set or with a pod that is scaled
 * away where the set's retention policy says so: then the claim has the set or the pod as owner,
 * and the garbage collector does the rest.
 */
final class StatefulClaims {
    private static final ResourceType TYPE = ResourceType.PERSISTENT_VOLUME_CLAIMS;

    private final Cluster cluster;
    private final Informer claims;
    private final String by;

    /**
     * @param by the name of the controller
     */
    StatefulClaims(Cluster cluster, String by) {
        this.cluster = cluster;
        this.claims = cluster.informer(TYPE);
        this.by = by;
    }

    /**
     * Sees to it that every claim of the pod is there.
     *
     * @param pod null if it is still to be made
     * @return false if one is on its way out: the pod has to wait for the next
     */
    boolean prepare(KubeObject set, long ordinal, @Nullable KubeObject pod) {
        boolean ready = true;
        for (KubeObject wanted : StatefulPods.claims(set, ordinal)) {
            Optional<KubeObject> there = claims.get(wanted.key(TYPE));
            if (there.isEmpty()) {
                create(set, ordinal, wanted);
            } else {
                ready &= there.get().deleted().isEmpty() && !isLeftOver(set, there.get(), pod);
            }
        }
        return ready;
    }

    /** Whether it goes with a pod of the name that was scaled away. */
    private static boolean isLeftOver(KubeObject set, KubeObject claim, @Nullable KubeObject pod) {
        return deletes(set, "whenScaled")
                && claim.owners().stream()
                        .anyMatch(
                                owner ->
                                        owner.kind().equals(ResourceType.PODS.kind())
                                                && (pod == null || !owner.uid().equals(pod.uid())));
    }

    private void create(KubeObject set, long ordinal, KubeObject wanted) {
        String what =
                "create Claim "
                        + wanted.name()
                        + " Pod "
                        + StatefulPods.name(set, ordinal)
                        + " in StatefulSet "
                        + set.name();
        KubeObject owned = withOwners(wanted, owners(set, wanted, null, false));
        try {
            claims.write(() -> cluster.store().create(TYPE, owned, WriteOptions.by(by)));
            cluster.normal(set, "SuccessfulCreate", what + " success", by);
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                cluster.warn(set, "FailedCreate", what + " failed error: " + e.getMessage(), by);
                throw e;
            }
            // Somebody made it for us, not seen here yet.
        }
    }

    private static boolean deletes(KubeObject set, String when) {
        return set.spec()
                .object("persistentVolumeClaimRetentionPolicy")
                .text(when)
                .equals("Delete");
    }

    /**
     * Gives the pod's claims the owners that the policy asks for.
     *
     * @param leaves whether the pod is scaled away
     */
    void own(KubeObject set, long ordinal, @Nullable KubeObject pod, boolean leaves) {
        for (KubeObject wanted : StatefulPods.claims(set, ordinal)) {
            Optional<KubeObject> there =
                    claims.get(wanted.key(TYPE)).filter(claim -> claim.deleted().isEmpty());
            if (there.isEmpty()) {
                continue;
            }
            JsonArray owners = owners(set, there.get(), pod, leaves);
            if (!owners.equals(there.get().metadata().array("ownerReferences"))) {
                KubeObject changed = withOwners(there.get(), owners);
                claims.write(() -> cluster.store().update(TYPE, changed, "", WriteOptions.by(by)));
            }
        }
    }

    private static JsonArray owners(
            KubeObject set, KubeObject claim, @Nullable KubeObject pod, boolean leaves) {
        List<Json> owners = new ArrayList<>();
        boolean others = false;
        for (JsonObject owner : claim.metadata().array("ownerReferences").objects()) {
            boolean ours =
                    owner.text("uid").equals(set.uid())
                            || owner.text("kind").equals(ResourceType.PODS.kind());
            if (!ours) {
                owners.add(owner);
                others |= owner.flag("controller");
            }
        }
        KubeObject owner =
                leaves && deletes(set, "whenScaled")
                        ? pod
                        : deletes(set, "whenDeleted") ? set : null;
        // A claim that another controls is not ours to delete.
        if (owner != null && !others) {
            owners.add(OwnerReference.controllerOf(owner).toJson());
        }
        return new JsonArray(owners);
    }

    private static KubeObject withOwners(KubeObject claim, JsonArray owners) {
        return owners.isEmpty()
                ? claim.withoutMetadata("ownerReferences")
                : claim.withMetadata("ownerReferences", owners);
    }
}
