// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.Quantity;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** PersistentVolumeClaim: a user's wish for storage that outlives pods. */
final class PersistentVolumeClaimKind extends TypedKind {
    private static final String IN_USE = "kubernetes.io/pvc-protection";
    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";

    PersistentVolumeClaimKind(TypeTable table) {
        super(
                Facts.of(
                                ResourceType.PERSISTENT_VOLUME_CLAIMS,
                                "core/v1.PersistentVolumeClaim",
                                "pvc")
                        .with("status"),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject claim) {
        return claim.withMetadata(StorageRules.withFinalizer(claim, IN_USE))
                .withSpec(spec(claim.spec()))
                .withStatus(PodDefaults.absent(claim.status(), "phase", Json.of("Pending")));
    }

    /** The defaults of a claim's spec, in a claim or in the template of one. */
    static JsonObject spec(JsonObject spec) {
        return PodDefaults.absent(spec, "volumeMode", Json.of("Filesystem"));
    }

    @Override
    void check(KubeObject claim, Errors errors) {
        checkSpec(claim.spec(), errors);
    }

    /** The rules for a claim's spec; fields are named as from the claim. */
    static void checkSpec(JsonObject spec, Errors errors) {
        StorageRules.accessModes(spec, "at least 1 access mode is required", errors);
        SelectorRules.check(spec.object("selector"), "spec.selector", errors);
        JsonObject requests = spec.object("resources", "requests");
        if (requests.has("storage")) {
            StorageRules.positive(requests, "storage", "spec.resources[storage]", errors);
        } else {
            errors.required("spec.resources[storage]");
        }
        StorageRules.className(spec, errors);
        StorageRules.volumeMode(spec, errors);
        for (String source : List.of("dataSource", "dataSourceRef")) {
            if (spec.has(source)) {
                for (String field : List.of("name", "kind")) {
                    if (spec.text(source, field).isEmpty()) {
                        errors.required("spec." + source + "." + field);
                    }
                }
            }
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        if (!subresource.isEmpty()) {
            return;
        }
        JsonObject old = before.spec();
        JsonObject spec = after.spec();
        errors.immutable(
                "metadata.annotations[" + OLD_CLASS + "]",
                annotation(before, OLD_CLASS),
                annotation(after, OLD_CLASS));
        boolean bound = after.status().text("phase").equals("Bound");
        if (!comparable(old, spec, bound).equals(comparable(spec, spec, bound))) {
            errors.forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and"
                            + " volumeAttributesClassName for bound claims");
        }
        if (bound) {
            size(old, spec, errors);
        }
        errors.immutable("", "volumeMode", old, spec);
    }

    /** With what may change taken over from the newer one. */
    private static JsonObject comparable(JsonObject spec, JsonObject newer, boolean bound) {
        JsonObject result = spec;
        if (spec.text("volumeName").isEmpty()) {
            result = with(result, "volumeName", newer); // once
        }
        if (!spec.has("storageClassName")) {
            result = with(result, "storageClassName", newer); // the default class, in hindsight
        }
        if (bound) {
            result = with(result, "volumeAttributesClassName", newer);
            result =
                    result.with(
                            "resources",
                            with(
                                    result.object("resources"),
                                    "requests",
                                    newer.object("resources")));
        }
        return result;
    }

    private static JsonObject with(JsonObject object, String member, JsonObject from) {
        return from.has(member)
                ? object.with(member, member(from, member))
                : object.without(member);
    }

    private static void size(JsonObject old, JsonObject spec, Errors errors) {
        Quantity was = ResourceRules.quantity(old.object("resources", "requests"), "storage");
        Quantity is = ResourceRules.quantity(spec.object("resources", "requests"), "storage");
        if (is.compareTo(was) < 0) {
            errors.forbidden(
                    "spec.resources.requests.storage", "field can not be less than previous value");
        } else if (is.compareTo(was) > 0) {
            errors.forbidden(
                    "spec.resources.requests.storage",
                    "only dynamically provisioned pvc can be resized and the storageclass that"
                            + " provisions the pvc must support resize");
        }
    }

    private static Json member(JsonObject object, String name) {
        return object.get(name).orElse(JsonNull.INSTANCE);
    }

    private static Json annotation(KubeObject object, String name) {
        return member(object.metadata().object("annotations"), name);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Status", "Whether the claim has a volume."),
                Cells.text("Volume", "The volume that the claim has."),
                Cells.text("Capacity", "The size of the volume."),
                Cells.text("Access Modes", "How the volume may be mounted."),
                Cells.text("StorageClass", "The class that the claim asks for."),
                Cells.text("VolumeAttributesClass", "The class of attributes asked for."),
                Cells.AGE,
                Cells.wide("VolumeMode", "Whether the volume is a file system or a device."));
    }

    @Override
    public List<Json> cells(KubeObject claim, Instant now) {
        JsonObject spec = claim.spec();
        boolean given = !spec.text("volumeName").isEmpty();
        JsonObject status = given ? claim.status() : JsonObject.EMPTY;
        String old = claim.annotations().getOrDefault(OLD_CLASS, "");
        return List.of(
                Cells.name(claim),
                StorageRules.phase(claim),
                Json.of(spec.text("volumeName")),
                StorageRules.amount(status.object("capacity")),
                StorageRules.shortModes(status.array("accessModes")),
                Json.of(old.isEmpty() ? spec.text("storageClassName") : old),
                Cells.orElse(spec.text("volumeAttributesClassName"), "<unset>"),
                Cells.age(claim, now),
                Cells.orElse(spec.text("volumeMode"), "<unset>"));
    }
}
