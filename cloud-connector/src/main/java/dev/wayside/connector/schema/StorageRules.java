// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.Quantity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the kinds of persistent storage share. */
final class StorageRules {
    private static final Map<String, String> SHORT_MODES = new LinkedHashMap<>();

    static {
        SHORT_MODES.put("ReadWriteOnce", "RWO");
        SHORT_MODES.put("ReadOnlyMany", "ROX");
        SHORT_MODES.put("ReadWriteMany", "RWX");
        SHORT_MODES.put("ReadWriteOncePod", "RWOP");
    }

    private static final String ONE_POD = "ReadWriteOncePod";
    private static final List<String> VOLUME_MODES = List.of("Block", "Filesystem");

    private StorageRules() {}

    static void accessModes(JsonObject spec, String missing, Errors errors) {
        List<String> modes = spec.array("accessModes").strings();
        if (modes.isEmpty()) {
            errors.required("spec.accessModes", missing);
        }
        for (String mode : modes) {
            if (!SHORT_MODES.containsKey(mode)) {
                errors.notSupported(
                        "spec.accessModes", mode, SHORT_MODES.keySet().stream().sorted().toList());
            }
        }
        if (modes.contains(ONE_POD) && modes.stream().anyMatch(mode -> !mode.equals(ONE_POD))) {
            errors.forbidden(
                    "spec.accessModes", "may not use ReadWriteOncePod with other access modes");
        }
    }

    static void volumeMode(JsonObject spec, Errors errors) {
        String mode = spec.text("volumeMode");
        if (!mode.isEmpty() && !VOLUME_MODES.contains(mode)) {
            errors.notSupported("spec.volumeMode", mode, VOLUME_MODES);
        }
    }

    static void className(JsonObject spec, Errors errors) {
        String name = spec.text("storageClassName");
        if (!name.isEmpty()) {
            errors.invalid("spec.storageClassName", name, NameRules.subdomain(name));
        }
    }

    static void positive(JsonObject resources, String name, String path, Errors errors) {
        if (ResourceRules.quantity(resources, name).compareTo(Quantity.ZERO) <= 0) {
            errors.invalid(
                    path, resources.get(name).orElse(Json.of("")), "must be greater than zero");
        }
    }

    /** The metadata, with the finalizer that keeps a thing in use. */
    static JsonObject withFinalizer(KubeObject object, String finalizer) {
        List<String> finalizers = object.metadata().array("finalizers").strings();
        // Taken off on the way out; it must not come back then.
        if (object.metadata().has("deletionTimestamp") || finalizers.contains(finalizer)) {
            return object.metadata();
        }
        List<String> more = new ArrayList<>(finalizers);
        more.add(finalizer);
        return object.metadata().with("finalizers", JsonArray.ofStrings(more));
    }

    // Cells.

    static Json shortModes(JsonArray accessModes) {
        List<String> modes = accessModes.strings();
        return Json.of(
                SHORT_MODES.keySet().stream()
                        .filter(modes::contains)
                        .map(SHORT_MODES::get)
                        .collect(Collectors.joining(",")));
    }

    static Json phase(KubeObject object) {
        return Json.of(
                object.metadata().has("deletionTimestamp")
                        ? "Terminating"
                        : object.status().text("phase"));
    }

    static Json amount(JsonObject resources) {
        return Json.of(
                resources
                        .get("storage")
                        .map(
                                value ->
                                        value instanceof JsonString text
                                                ? text.value()
                                                : value.toJson())
                        .orElse(""));
    }
}
