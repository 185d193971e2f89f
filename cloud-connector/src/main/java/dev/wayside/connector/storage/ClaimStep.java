// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.storage;

import dev.wayside.connector.workload.Cluster;
import dev.wayside.connector.workload.Conditions;
import dev.wayside.connector.workload.Informer;
import dev.wayside.connector.workload.StorageIndex;
import dev.wayside.connector.workload.VolumeMatch;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Optional;

/**
 * Gives a claim its volume. First the volume is promised to the claim, by UID, then the claim names
 * the volume; whoever finds the first without the second goes on with it. The volume that is made
 * for a claim is named by the claim's UID, so it is never made twice and never another's.
 */
final class ClaimStep {
    static final String IN_USE = "kubernetes.io/pvc-protection";
    static final String BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

    private static final ResourceType CLAIMS = ResourceType.PERSISTENT_VOLUME_CLAIMS;
    private static final String LOST = "VolumeLost";

    private final Cluster cluster;
    private final Storage storage;
    private final StorageIndex index;
    private final Informer classes;

    ClaimStep(Cluster cluster) {
        this.cluster = cluster;
        this.storage = new Storage(cluster);
        this.index = cluster.storage();
        this.classes = cluster.informer(ResourceType.STORAGE_CLASSES);
    }

    void run(KubeObject claim) {
        if (claim.deleted().isPresent()) {
            release(claim);
        } else if (VolumeMatch.isBound(claim)) {
            bound(claim);
        } else if (VolumeMatch.className(claim).isEmpty()
                && VolumeMatch.defaultClass(classes.all()).isPresent()) {
            String name = VolumeMatch.defaultClass(classes.all()).orElseThrow().name();
            storage.update(CLAIMS, claim.withSpec(claim.spec().with("storageClassName", name)));
        } else if (claim.spec().text("volumeName").isEmpty()) {
            unbound(claim);
        } else {
            asked(claim);
        }
    }

    /** A claim that a pod has on a node, finished or not, stays. */
    private void release(KubeObject claim) {
        boolean used =
                index.podsUsing(claim.namespace(), claim.name()).stream()
                        .anyMatch(pod -> !pod.spec().text("nodeName").isEmpty());
        if (!used && claim.finalizers().contains(IN_USE)) {
            storage.update(CLAIMS, Storage.withoutFinalizer(claim, IN_USE));
        }
    }

    private void unbound(KubeObject claim) {
        for (KubeObject volume : index.volumesOf(claim.namespace(), claim.name())) {
            if (volume.spec().text("claimRef", "uid").equals(claim.uid())) {
                complete(claim, volume);
                return;
            }
        }
        String className = VolumeMatch.className(claim).orElse("");
        Optional<KubeObject> storageClass = classes.get("", className);
        String node = claim.annotation(VolumeMatch.SELECTED_NODE).orElse("");
        boolean waits = storageClass.filter(VolumeMatch::isWaitingForConsumer).isPresent();
        Optional<KubeObject> promised =
                VolumeMatch.best(index.volumesOf(claim.namespace(), claim.name()), claim);
        if (promised.isPresent()) {
            bind(claim, promised.get());
            return;
        }
        if (waits && node.isEmpty()) {
            storage.normal(
                    claim,
                    "WaitForFirstConsumer",
                    "waiting for first consumer to be created before binding");
            return;
        }
        Optional<KubeObject> place = waits ? node(claim, node) : Optional.empty();
        if (waits && place.isEmpty()) {
            return;
        }
        List<KubeObject> free =
                waits
                        ? index.freeVolumes(className, node).stream()
                                .filter(volume -> VolumeMatch.isReachable(volume, place.get()))
                                .toList()
                        : index.freeVolumes(className);
        Optional<KubeObject> found = VolumeMatch.best(free, claim);
        if (found.isPresent()) {
            bind(claim, found.get());
        } else if (className.isEmpty()) {
            storage.normal(
                    claim,
                    "FailedBinding",
                    "no persistent volumes available for this claim and no storage class is set");
        } else if (storageClass.isEmpty()) {
            storage.warn(
                    claim,
                    "ProvisioningFailed",
                    "storageclass.storage.k8s.io \"" + className + "\" not found");
        } else {
            provision(claim, storageClass.get(), node);
        }
    }

    /** The node that was selected; if it is gone, another has to be. */
    private Optional<KubeObject> node(KubeObject claim, String name) {
        Optional<KubeObject> node =
                cluster.nodes()
                        .get("", name)
                        .or(() -> cluster.store().get(ResourceType.NODES.key("", name)));
        if (node.isEmpty()) {
            reselect(claim);
        }
        return node;
    }

    private void reselect(KubeObject claim) {
        storage.update(
                CLAIMS,
                claim.withMetadata(
                        "annotations",
                        claim.metadata().object("annotations").without(VolumeMatch.SELECTED_NODE)));
    }

    private void provision(KubeObject claim, KubeObject storageClass, String node) {
        String provisioner = storageClass.json().text("provisioner");
        if (!VolumeMatch.isOurs(storageClass)) {
            if (provisioner.equals("kubernetes.io/no-provisioner")) {
                storage.normal(
                        claim,
                        "FailedBinding",
                        "no persistent volumes available for this claim and its class makes none");
                if (!node.isEmpty()) {
                    reselect(claim);
                }
            } else {
                storage.normal(
                        claim,
                        "ExternalProvisioning",
                        "Waiting for a volume to be created either by the external provisioner '"
                                + provisioner
                                + "' or manually by the system administrator. If volume creation is"
                                + " delayed, please verify that the provisioner is running and"
                                + " correctly registered.");
            }
            return;
        }
        Optional<String> against = VolumeMatch.unprovisionable(claim, storageClass);
        if (against.isPresent()) {
            storage.warn(
                    claim,
                    "ProvisioningFailed",
                    "failed to provision volume with StorageClass \""
                            + storageClass.name()
                            + "\": "
                            + against.get());
            return;
        }
        KubeObject volume = folder(claim, storageClass, node);
        KubeObject made = storage.create(ResourceType.PERSISTENT_VOLUMES, volume);
        if (!made.spec().text("claimRef", "uid").equals(claim.uid())) {
            storage.warn(
                    claim,
                    "ProvisioningFailed",
                    "volume \"" + made.name() + "\" is already there for another claim");
            return;
        }
        storage.normal(
                claim, "ProvisioningSucceeded", "Successfully provisioned volume " + made.name());
        complete(claim, made);
    }

    private static KubeObject folder(KubeObject claim, KubeObject storageClass, String node) {
        String name = "pvc-" + claim.uid();
        String path = storageClass.json().text("parameters", VolumeMatch.PATH);
        JsonObject spec =
                JsonObject.builder()
                        .put("capacity", claim.spec().object("resources", "requests"))
                        .put("accessModes", claim.spec().array("accessModes"))
                        .put("claimRef", reference(claim))
                        .put(
                                "persistentVolumeReclaimPolicy",
                                storageClass.json().text("reclaimPolicy"))
                        .put("storageClassName", storageClass.name())
                        .put("volumeMode", "Filesystem")
                        .put(
                                "local",
                                JsonObject.of("path", path.isEmpty() ? name : path + "/" + name))
                        .put("nodeAffinity", LocalVolumes.affinityTo(node))
                        .build();
        return Storage.annotated(
                KubeObject.of(ResourceType.PERSISTENT_VOLUMES, "", name).withSpec(spec),
                LocalVolumes.PROVISIONED_BY,
                LocalVolumes.PROVISIONER);
    }

    private static JsonObject reference(KubeObject claim) {
        return JsonObject.builder()
                .put("apiVersion", CLAIMS.apiVersion())
                .put("kind", CLAIMS.kind())
                .put("namespace", claim.namespace())
                .put("name", claim.name())
                .put("uid", claim.uid())
                .put("resourceVersion", claim.resourceVersion())
                .build();
    }

    /** A claim that names the volume it wants. */
    private void asked(KubeObject claim) {
        String name = claim.spec().text("volumeName");
        Optional<KubeObject> volume = storage.volumes().get("", name);
        if (volume.isEmpty()) {
            storage.normal(claim, "FailedBinding", "volume \"" + name + "\" not found");
        } else if (volume.get().spec().text("claimRef", "uid").equals(claim.uid())) {
            complete(claim, volume.get());
        } else if (volume.get().spec().has("claimRef") && !VolumeMatch.isFor(volume.get(), claim)) {
            storage.normal(
                    claim,
                    "FailedBinding",
                    "volume \"" + name + "\" already bound to a different claim.");
        } else {
            Optional<String> against = VolumeMatch.against(volume.get(), claim);
            if (against.isPresent()) {
                storage.warn(
                        claim,
                        "VolumeMismatch",
                        "Cannot bind to requested volume \"" + name + "\": " + against.get());
            } else if (volume.get().deleted().isEmpty()) {
                bind(claim, volume.get());
            }
        }
    }

    private void bind(KubeObject claim, KubeObject volume) {
        KubeObject promised = volume.withSpec(volume.spec().with("claimRef", reference(claim)));
        if (!volume.spec().has("claimRef")) {
            promised = Storage.annotated(promised, BY_CONTROLLER, "yes");
        }
        complete(claim, storage.update(ResourceType.PERSISTENT_VOLUMES, promised));
    }

    private void complete(KubeObject claim, KubeObject volume) {
        KubeObject named = Storage.annotated(claim, VolumeMatch.BOUND, "yes");
        if (claim.spec().text("volumeName").isEmpty()) {
            named =
                    Storage.annotated(
                            named.withSpec(named.spec().with("volumeName", volume.name())),
                            BY_CONTROLLER,
                            "yes");
        }
        report(storage.update(CLAIMS, named), volume);
    }

    private void bound(KubeObject claim) {
        String name = claim.spec().text("volumeName");
        Optional<KubeObject> volume =
                storage.volumes()
                        .get("", name)
                        .or(
                                () ->
                                        cluster.store()
                                                .get(
                                                        ResourceType.PERSISTENT_VOLUMES.key(
                                                                "", name)));
        if (volume.isEmpty()) {
            lost(
                    claim,
                    "ClaimLost",
                    "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        } else if (!volume.get().spec().has("claimRef") && volume.get().deleted().isEmpty()) {
            bind(claim, volume.get());
        } else if (!VolumeMatch.isFor(volume.get(), claim)) {
            lost(
                    claim,
                    "ClaimMisbound",
                    "Two claims are bound to the same volume, this one is bound incorrectly");
        } else {
            report(claim, volume.get());
        }
    }

    private void lost(KubeObject claim, String reason, String message) {
        if (!claim.status().text("phase").equals("Lost")) {
            storage.status(CLAIMS, claim, claim.status().with("phase", "Lost"));
            storage.warn(claim, reason, message);
        }
    }

    private void report(KubeObject claim, KubeObject volume) {
        JsonObject status =
                claim.status()
                        .with("phase", "Bound")
                        .with("accessModes", volume.spec().array("accessModes"))
                        .with("capacity", volume.spec().object("capacity"));
        JsonArray before = status.array("conditions");
        JsonArray conditions = Conditions.without(before, LOST);
        boolean lost = storage.isLost(volume);
        if (lost) {
            String message = Storage.lost(volume);
            conditions =
                    Conditions.with(
                            before,
                            Conditions.of(LOST, "True", Storage.NODE_DELETED, message),
                            cluster.clock().instant());
            if (Conditions.find(before, LOST).isEmpty()) {
                storage.warn(claim, LOST, message);
            }
        }
        status =
                conditions.isEmpty()
                        ? status.without("conditions")
                        : status.with("conditions", (Json) conditions);
        storage.status(CLAIMS, claim, status);
    }
}
