// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Namespace. */
final class NamespaceKind extends TypedKind {
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";
    private static final Set<String> STANDARD_FINALIZERS =
            Set.of("kubernetes", "orphan", "foregroundDeletion");

    NamespaceKind(TypeTable table) {
        super(Facts.of(ResourceType.NAMESPACES, "core/v1.Namespace", "ns").with("status"), table);
    }

    @Override
    KubeObject defaulted(KubeObject namespace) {
        KubeObject result = namespace;
        if (!namespace.name().isEmpty()) {
            Map<String, String> labels = new LinkedHashMap<>(namespace.labels());
            labels.put(NAME_LABEL, namespace.name());
            result = result.withLabels(labels);
        }
        // On its way out the finalizer is taken off; it must not come back.
        if (!namespace.metadata().has("deletionTimestamp")) {
            result =
                    result.withSpec(
                            PodDefaults.absent(
                                    result.spec(),
                                    "finalizers",
                                    JsonArray.ofStrings(List.of("kubernetes"))));
        }
        JsonObject status = PodDefaults.absent(result.status(), "phase", Json.of("Active"));
        return result.withStatus(status);
    }

    @Override
    NameRules.Rule nameRule() {
        return NameRules::label;
    }

    @Override
    void check(KubeObject namespace, Errors errors) {
        List<String> finalizers = namespace.spec().array("finalizers").strings();
        for (int i = 0; i < finalizers.size(); i++) {
            String finalizer = finalizers.get(i);
            String path = "spec.finalizers[" + i + "]";
            errors.invalid(path, finalizer, NameRules.qualified(finalizer));
            if (!finalizer.contains("/") && !STANDARD_FINALIZERS.contains(finalizer)) {
                errors.invalid(
                        path,
                        finalizer,
                        "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of("status.phase", at("status", "phase"));
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME, Cells.text("Status", "The status of the namespace"), Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject namespace, Instant now) {
        return List.of(
                Cells.name(namespace),
                Json.of(namespace.status().text("phase")),
                Cells.age(namespace, now));
    }
}
