// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** StorageClass: how volumes come to be for claims that name it. */
final class StorageClassKind extends TypedKind {
    private static final String IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";
    private static final String WAS_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class";
    private static final List<String> POLICIES = List.of("Delete", "Retain");
    private static final List<String> MODES = List.of("Immediate", "WaitForFirstConsumer");
    private static final int MOST_PARAMETERS = 512;
    private static final int MOST_PARAMETER_BYTES = 256 * 1024;

    StorageClassKind(TypeTable table) {
        super(Facts.of(ResourceType.STORAGE_CLASSES, "storage/v1.StorageClass", "sc"), table);
    }

    @Override
    KubeObject defaulted(KubeObject storageClass) {
        JsonObject json = storageClass.json();
        json = PodDefaults.absent(json, "reclaimPolicy", Json.of("Delete"));
        return new KubeObject(PodDefaults.absent(json, "volumeBindingMode", Json.of("Immediate")));
    }

    @Override
    void check(KubeObject storageClass, Errors errors) {
        JsonObject json = storageClass.json();
        String provisioner = json.text("provisioner");
        if (provisioner.isEmpty()) {
            errors.required("provisioner");
        } else {
            errors.invalid(
                    "provisioner",
                    provisioner,
                    NameRules.qualified(provisioner.toLowerCase(Locale.ROOT)));
        }
        parameters(json.object("parameters"), errors);
        String policy = json.text("reclaimPolicy");
        if (!POLICIES.contains(policy)) {
            errors.notSupported("reclaimPolicy", policy, POLICIES);
        }
        String mode = json.text("volumeBindingMode");
        if (!MODES.contains(mode)) {
            errors.notSupported("volumeBindingMode", mode, MODES);
        }
        topologies(json.array("allowedTopologies"), errors);
    }

    private static void parameters(JsonObject parameters, Errors errors) {
        if (parameters.members().size() > MOST_PARAMETERS) {
            errors.tooLong("parameters", MOST_PARAMETERS);
        }
        long size = 0;
        for (var parameter : parameters.strings().entrySet()) {
            if (parameter.getKey().isEmpty()) {
                errors.invalid("parameters", "", "field can not be empty.");
            }
            size += NameRules.bytes(parameter.getKey()) + NameRules.bytes(parameter.getValue());
        }
        if (size > MOST_PARAMETER_BYTES) {
            errors.tooLong("parameters", MOST_PARAMETER_BYTES);
        }
    }

    private static void topologies(JsonArray topologies, Errors errors) {
        for (int i = 0; i < topologies.size(); i++) {
            if (topologies.get(i) instanceof JsonObject term) {
                JsonArray expressions = term.array("matchLabelExpressions");
                for (int j = 0; j < expressions.size(); j++) {
                    if (expressions.get(j) instanceof JsonObject expression) {
                        String path =
                                "allowedTopologies[" + i + "].matchLabelExpressions[" + j + "]";
                        String key = expression.text("key");
                        errors.invalid(path + ".key", key, NameRules.qualified(key));
                        if (expression.array("values").isEmpty()) {
                            errors.required(path + ".values");
                        }
                    }
                }
            }
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        for (String field : List.of("parameters", "provisioner", "reclaimPolicy")) {
            if (!member(before, field).equals(member(after, field))) {
                errors.forbidden(field, "updates to " + field + " are forbidden.");
            }
        }
        errors.immutable("", "volumeBindingMode", before.json(), after.json());
    }

    private static Json member(KubeObject storageClass, String name) {
        return storageClass.json().get(name).orElse(JsonNull.INSTANCE);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Provisioner", "Who makes the volumes."),
                Cells.text("ReclaimPolicy", "What becomes of a volume when its claim goes."),
                Cells.text("VolumeBindingMode", "When a claim gets its volume."),
                Cells.text("AllowVolumeExpansion", "Whether claims may grow."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject storageClass, Instant now) {
        JsonObject json = storageClass.json();
        boolean first =
                storageClass.annotations().getOrDefault(IS_DEFAULT, "").equals("true")
                        || storageClass.annotations().getOrDefault(WAS_DEFAULT, "").equals("true");
        return List.of(
                Json.of(first ? storageClass.name() + " (default)" : storageClass.name()),
                Json.of(json.text("provisioner")),
                Cells.orElse(json.text("reclaimPolicy"), "Delete"),
                Cells.orElse(json.text("volumeBindingMode"), "Immediate"),
                Json.of(json.flag("allowVolumeExpansion")),
                Cells.age(storageClass, now));
    }
}
