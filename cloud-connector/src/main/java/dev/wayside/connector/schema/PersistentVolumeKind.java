// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** PersistentVolume: storage that outlives pods. */
final class PersistentVolumeKind extends TypedKind {
    private static final String IN_USE = "kubernetes.io/pv-protection";
    private static final long GRACE_SECONDS = 30;
    private static final List<String> POLICIES = List.of("Delete", "Recycle", "Retain");

    /** The members of a spec that are no source. */
    private static final Set<String> COMMON =
            Set.of(
                    "capacity",
                    "accessModes",
                    "claimRef",
                    "persistentVolumeReclaimPolicy",
                    "storageClassName",
                    "mountOptions",
                    "volumeMode",
                    "nodeAffinity",
                    "volumeAttributesClassName");

    PersistentVolumeKind(TypeTable table) {
        super(
                Facts.of(ResourceType.PERSISTENT_VOLUMES, "core/v1.PersistentVolume", "pv")
                        .with("status"),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject volume) {
        JsonObject spec = volume.spec();
        spec = PodDefaults.absent(spec, "persistentVolumeReclaimPolicy", Json.of("Retain"));
        spec = PodDefaults.absent(spec, "volumeMode", Json.of("Filesystem"));
        if (spec.has("hostPath")) {
            spec =
                    spec.with(
                            "hostPath",
                            PodDefaults.absent(spec.object("hostPath"), "type", Json.of("")));
        }
        return volume.withMetadata(StorageRules.withFinalizer(volume, IN_USE))
                .withSpec(spec)
                .withStatus(PodDefaults.absent(volume.status(), "phase", Json.of("Pending")));
    }

    @Override
    void check(KubeObject volume, Errors errors) {
        JsonObject spec = volume.spec();
        StorageRules.accessModes(spec, "", errors);
        capacity(spec.object("capacity"), errors);
        String policy = spec.text("persistentVolumeReclaimPolicy");
        if (!POLICIES.contains(policy)) {
            errors.notSupported("spec.persistentVolumeReclaimPolicy", policy, POLICIES);
        }
        if (spec.has("nodeAffinity")) {
            if (spec.object("nodeAffinity").has("required")) {
                AffinityRules.nodeSelector(
                        spec.object("nodeAffinity", "required"),
                        "spec.nodeAffinity.required",
                        errors);
            } else {
                errors.required(
                        "spec.nodeAffinity.required", "must specify required node constraints");
            }
        }
        sources(spec, errors);
        StorageRules.className(spec, errors);
        StorageRules.volumeMode(spec, errors);
    }

    private static void capacity(JsonObject capacity, Errors errors) {
        if (capacity.isEmpty()) {
            errors.required("spec.capacity");
        }
        if (!capacity.has("storage") || capacity.members().size() > 1) {
            errors.notSupported("spec.capacity", capacity, List.of(Json.of("storage")));
        }
        for (String name : capacity.members().keySet()) {
            StorageRules.positive(capacity, name, "spec.capacity[" + name + "]", errors);
        }
    }

    private static void sources(JsonObject spec, Errors errors) {
        List<String> kinds =
                spec.members().keySet().stream().filter(name -> !COMMON.contains(name)).toList();
        if (kinds.isEmpty()) {
            errors.required("spec", "must specify a volume type");
            return;
        }
        kinds.stream()
                .skip(1)
                .forEach(
                        kind ->
                                errors.forbidden(
                                        "spec." + kind, "may not specify more than 1 volume type"));
        String kind = kinds.get(0);
        JsonObject source = spec.object(kind);
        if (kind.equals("hostPath")) {
            VolumeRules.hostPath(source, "spec.hostPath", errors);
            if (source.text("path").matches("/+")
                    && spec.text("persistentVolumeReclaimPolicy").equals("Recycle")) {
                errors.forbidden(
                        "spec.persistentVolumeReclaimPolicy",
                        "may not be 'recycle' for a hostPath mount of '/'");
            }
        }
        if (kind.equals("local")) {
            VolumeRules.localPath(source, "spec.local", errors);
            if (!spec.has("nodeAffinity")) {
                errors.required("metadata.annotations", "Local volume requires node affinity");
            }
        }
        if (kind.equals("csi")) {
            for (String field : List.of("driver", "volumeHandle")) {
                if (source.text(field).isEmpty()) {
                    errors.required("spec.csi." + field);
                }
            }
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        if (!subresource.isEmpty()) {
            return;
        }
        if (!source(before).equals(source(after))) {
            errors.forbidden(
                    "spec.persistentvolumesource",
                    "spec.persistentvolumesource is immutable after creation");
        }
        errors.immutable("", "volumeMode", before.spec(), after.spec());
        if (before.spec().has("nodeAffinity")) {
            errors.immutable("", "nodeAffinity", before.spec(), after.spec());
        }
    }

    private static JsonObject source(KubeObject volume) {
        JsonObject source = volume.spec();
        for (String name : COMMON) {
            source = source.without(name);
        }
        return source;
    }

    /** The gateway that has the volume, so that it can watch what is its own. */
    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of("spec.nodeName", LocalVolumes::node);
    }

    /** What is on a gateway is gone only when the gateway says so. */
    @Override
    public long deletionGraceSeconds(KubeObject volume) {
        return LocalVolumes.isRemovedByGateway(volume) ? GRACE_SECONDS : 0;
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Capacity", "The size of the volume."),
                Cells.text("Access Modes", "How the volume may be mounted."),
                Cells.text("Reclaim Policy", "What becomes of it when its claim goes."),
                Cells.text("Status", "Whether the volume is available, bound or released."),
                Cells.text("Claim", "The claim that has the volume."),
                Cells.text("StorageClass", "The class that the volume belongs to."),
                Cells.text("VolumeAttributesClass", "The class of attributes it has."),
                Cells.text("Reason", "Why it is in this state."),
                Cells.AGE,
                Cells.wide("VolumeMode", "Whether the volume is a file system or a device."));
    }

    @Override
    public List<Json> cells(KubeObject volume, Instant now) {
        JsonObject spec = volume.spec();
        JsonObject claim = spec.object("claimRef");
        return List.of(
                Cells.name(volume),
                StorageRules.amount(spec.object("capacity")),
                StorageRules.shortModes(spec.array("accessModes")),
                Json.of(spec.text("persistentVolumeReclaimPolicy")),
                StorageRules.phase(volume),
                Json.of(claim.isEmpty() ? "" : claim.text("namespace") + "/" + claim.text("name")),
                Json.of(spec.text("storageClassName")),
                Cells.orElse(spec.text("volumeAttributesClassName"), "<unset>"),
                Json.of(volume.status().text("reason")),
                Cells.age(volume, now),
                Cells.orElse(spec.text("volumeMode"), "<unset>"));
    }
}
