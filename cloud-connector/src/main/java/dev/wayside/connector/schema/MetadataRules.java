// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The rules for {@code metadata} that all kinds share. */
final class MetadataRules {
    private static final int MOST_ANNOTATION_BYTES = 256 * 1024;

    private MetadataRules() {}

    static void check(KubeObject object, ResourceType type, NameRules.Rule rule, Errors errors) {
        JsonObject metadata = object.metadata();
        String generateName = metadata.text("generateName");
        if (!generateName.isEmpty()) {
            errors.invalid(
                    "metadata.generateName", generateName, NameRules.prefix(generateName, rule));
        }
        if (object.name().isEmpty()) {
            if (generateName.isEmpty()) {
                errors.required("metadata.name", "name or generateName is required");
            }
        } else {
            errors.invalid("metadata.name", object.name(), rule.wrongWith(object.name()));
        }
        if (!type.namespaced() && !object.namespace().isEmpty()) {
            errors.forbidden("metadata.namespace", "not allowed on this type");
        } else if (!object.namespace().isEmpty()) {
            errors.invalid(
                    "metadata.namespace", object.namespace(), NameRules.label(object.namespace()));
        }
        labels(metadata.object("labels"), "metadata.labels", errors);
        annotations(metadata.object("annotations"), "metadata.annotations", errors);
        owners(metadata.array("ownerReferences"), errors);
        finalizers(metadata.array("finalizers").strings(), errors);
    }

    static void checkUpdate(KubeObject before, KubeObject after, Errors errors) {
        for (String field : List.of("name", "namespace", "uid", "creationTimestamp")) {
            // What a client leaves out it does not mean to change.
            if (after.metadata().has(field)) {
                errors.immutable("metadata.", field, before.metadata(), after.metadata());
            }
        }
        if (before.metadata().has("deletionTimestamp")) {
            List<String> added = new ArrayList<>(after.finalizers());
            added.removeAll(before.finalizers());
            if (!added.isEmpty()) {
                errors.forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new"
                                + " finalizers []string{"
                                + added.stream()
                                        .map(Errors::quote)
                                        .collect(Collectors.joining(", "))
                                + "}");
            }
        }
    }

    static void labels(JsonObject labels, String field, Errors errors) {
        labels.strings()
                .forEach(
                        (key, value) -> {
                            errors.invalid(field, key, NameRules.qualified(key));
                            errors.invalid(field, value, NameRules.labelValue(value));
                        });
    }

    static void annotations(JsonObject annotations, String field, Errors errors) {
        long size = 0;
        for (var annotation : annotations.strings().entrySet()) {
            String key = annotation.getKey();
            // Upper case is allowed in prefixes of annotations alone.
            errors.invalid(field, key, NameRules.qualified(key.toLowerCase(java.util.Locale.ROOT)));
            size += NameRules.bytes(key) + NameRules.bytes(annotation.getValue());
        }
        if (size > MOST_ANNOTATION_BYTES) {
            errors.tooLong(field, MOST_ANNOTATION_BYTES);
        }
    }

    private static void owners(JsonArray owners, Errors errors) {
        String controller = "";
        for (int i = 0; i < owners.size(); i++) {
            if (!(owners.get(i) instanceof JsonObject owner)) {
                continue;
            }
            String path = "metadata.ownerReferences";
            String apiVersion = owner.text("apiVersion");
            if (apiVersion.isEmpty() || apiVersion.endsWith("/")) {
                errors.invalid(path + ".apiVersion", apiVersion, "version must not be empty");
            }
            for (String name : List.of("kind", "name", "uid")) {
                if (owner.text(name).isEmpty()) {
                    errors.invalid(path + "." + name, "", "must not be empty");
                }
            }
            if (owner.text("kind").equals("Event")
                    && (apiVersion.equals("v1") || apiVersion.startsWith("events.k8s.io/"))) {
                errors.invalid(
                        path, owner, apiVersion + ", Kind=Event is disallowed from being an owner");
            }
            if (owner.flag("controller")) {
                String name = owner.text("kind") + "/" + owner.text("name");
                if (!controller.isEmpty()) {
                    errors.invalid(
                            path,
                            (Json) owners,
                            "Only one reference can have Controller set to true. Found \"true\" in"
                                    + " references for "
                                    + controller
                                    + " and "
                                    + name);
                }
                controller = name;
            }
        }
    }

    private static void finalizers(List<String> finalizers, Errors errors) {
        for (String finalizer : finalizers) {
            errors.invalid("metadata.finalizers", finalizer, NameRules.qualified(finalizer));
        }
        if (finalizers.contains("orphan") && finalizers.contains("foregroundDeletion")) {
            errors.invalid(
                    "metadata.finalizers",
                    JsonArray.ofStrings(finalizers),
                    "finalizer foregroundDeletion and orphan cannot be both set");
        }
    }
}
