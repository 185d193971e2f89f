// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * The annotation in which client-side apply keeps its last configuration. It lets kubectl go over
 * to server-side apply without a conflict with itself, and back. Only for kubectl's own name: who
 * takes another does not want this.
 */
final class LastApplied {
    private static final String KUBECTL = "kubectl";
    private static final String ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

    /** Kubernetes' limit for all annotations of an object. */
    private static final int MOST_BYTES = 256 * 1024;

    private LastApplied() {}

    /** Whether all that conflicts is as kubectl itself last applied it. */
    static boolean allows(
            KubeObject before, String manager, List<ApplyConflict.Field> conflicts, Scope scope) {
        String text = before.annotation(ANNOTATION).orElse("");
        if (!manager.equals(KUBECTL) || text.isEmpty()) {
            return false;
        }
        try {
            if (!(Json.parse(text) instanceof JsonObject last)) {
                return false;
            }
            FieldSet differs = Comparison.between(last, before.json(), scope.shape()).touched();
            Set<String> mine =
                    Set.copyOf(FieldSet.of(last, scope.shape()).difference(differs).paths());
            return conflicts.stream().allMatch(conflict -> mine.contains(conflict.path()));
        } catch (JsonException unreadable) {
            return false;
        }
    }

    /** Where the annotation is in use, it follows what kubectl applies. */
    static JsonObject kept(
            KubeObject before, JsonObject object, JsonObject config, String manager) {
        KubeObject applied = new KubeObject(object);
        if (!manager.equals(KUBECTL) || applied.annotation(ANNOTATION).isEmpty()) {
            return object;
        }
        JsonObject plain =
                new KubeObject(config)
                        .withMetadata(
                                "annotations",
                                config.object("metadata", "annotations").without(ANNOTATION))
                        .json();
        String text = sorted(plain).toJson() + "\n";
        JsonObject annotations = applied.metadata().object("annotations");
        return text.length() > MOST_BYTES
                ? object
                : applied.withMetadata("annotations", annotations.with(ANNOTATION, text)).json();
    }

    /** With members in the order in which kubectl itself writes them. */
    private static Json sorted(Json value) {
        if (value instanceof JsonObject object) {
            JsonObject.Builder sorted = JsonObject.builder();
            new TreeMap<>(object.members()).forEach((name, at) -> sorted.put(name, sorted(at)));
            return sorted.build();
        }
        return value instanceof JsonArray array
                ? new JsonArray(array.items().stream().map(LastApplied::sorted).toList())
                : value;
    }
}
