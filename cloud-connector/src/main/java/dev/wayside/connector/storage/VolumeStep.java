// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.storage;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.StorageIndex;
import dev.wayside.connector.workload.VolumeMatch;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Says in which phase a volume is, and lets go of one whose claim is gone. A folder that a gateway
 * made is deleted by that gateway: the volume stays, marked for deletion, until the gateway
 * confirms that. Only a gateway whose Node was deleted is not waited for.
 */
final class VolumeStep {
    private static final ResourceType VOLUMES = ResourceType.PERSISTENT_VOLUMES;
    private static final String IN_USE = "kubernetes.io/pv-protection";

    private final Cluster cluster;
    private final Storage storage;

    VolumeStep(Cluster cluster) {
        this.cluster = cluster;
        this.storage = new Storage(cluster);
    }

    void run(KubeObject volume) {
        boolean lost = storage.isLost(volume);
        String phase = phase(volume);
        boolean going = volume.deleted().isPresent();
        if (phase.equals("Released")) {
            String policy = volume.spec().text("persistentVolumeReclaimPolicy");
            if (LocalVolumes.isRemovedByGateway(volume)) {
                say(volume, phase, lost);
                if (!going) {
                    cluster.delete(VOLUMES, volume, OptionalLong.empty());
                    return; // comes again, marked
                }
            } else if (!policy.equals("Retain") && !going) {
                fail(volume, policy);
                return;
            }
        }
        say(volume, phase, lost);
        if (going && !phase.equals("Bound")) {
            letGo(volume, lost);
        }
    }

    private void letGo(KubeObject volume, boolean lost) {
        boolean inVain = lost || !LocalVolumes.isRemovedByGateway(volume);
        if (inVain && volume.deletionGraceSeconds().orElse(0) > 0) {
            // Nobody will confirm: the gateway is gone, or is to keep the folder after all.
            cluster.delete(VOLUMES, volume, OptionalLong.of(0));
        } else if (volume.finalizers().contains(IN_USE)) {
            storage.update(VOLUMES, Storage.withoutFinalizer(volume, IN_USE));
        }
    }

    private String phase(KubeObject volume) {
        JsonObject reference = volume.spec().object("claimRef");
        String uid = reference.text("uid");
        if (uid.isEmpty()) {
            return "Available";
        }
        ObjectKey key = StorageIndex.claimOf(volume);
        Optional<KubeObject> claim = storage.claims().get(key).filter(it -> it.uid().equals(uid));
        if (claim.isEmpty()) {
            // It may be there and not have arrived here.
            claim = cluster.store().get(key).filter(it -> it.uid().equals(uid));
        }
        if (claim.isEmpty()) {
            return volume.status().text("phase").equals("Failed") ? "Failed" : "Released";
        }
        String named = claim.get().spec().text("volumeName");
        // While a claim has not named it yet, it is on its way to.
        return named.equals(volume.name()) || named.isEmpty() ? "Bound" : "Released";
    }

    private void say(KubeObject volume, String phase, boolean lost) {
        if (phase.equals("Failed")) {
            return;
        }
        boolean told = volume.status().text("reason").equals(Storage.NODE_DELETED);
        if (lost && !told) {
            storage.warn(volume, "VolumeLost", Storage.lost(volume));
        }
        boolean unusable = phase.equals("Available") && !VolumeMatch.isUsable(volume);
        String reason = lost ? Storage.NODE_DELETED : unusable ? "NotOnOneNode" : "";
        String message =
                lost
                        ? Storage.lost(volume)
                        : unusable
                                ? "only local and hostPath volumes with nodeAffinity to one"
                                        + " kubernetes.io/hostname can be used"
                                : "";
        storage.status(VOLUMES, volume, storage.phase(volume, phase, reason, message));
    }

    private void fail(KubeObject volume, String policy) {
        String message =
                "error getting deleter volume plugin for volume \""
                        + volume.name()
                        + "\": only volumes that a class of "
                        + LocalVolumes.PROVISIONER
                        + " made can be deleted; the policy "
                        + policy
                        + " cannot be followed";
        storage.warn(volume, "VolumeFailedDelete", message);
        storage.status(
                VOLUMES, volume, storage.phase(volume, "Failed", "VolumeFailedDelete", message));
    }
}
