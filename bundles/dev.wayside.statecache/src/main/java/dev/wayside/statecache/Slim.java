// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Optional;

/** Objects as they are kept: without what no reader on the gateway needs. */
final class Slim {
    private static final List<String> MANAGED_FIELDS = List.of("metadata", "managedFields");
    private static final List<String> REVISION = List.of("metadata", "resourceVersion");

    private Slim() {}

    /** Without managedFields; with apiVersion and kind, which the items of a list lack. */
    static KubeObject of(JsonObject object, ResourceType type) {
        JsonObject slim = object.withoutAt(MANAGED_FIELDS);
        return new KubeObject(
                slim.has("kind")
                        ? slim
                        : JsonObject.of("apiVersion", type.apiVersion())
                                .with("kind", type.kind())
                                .toBuilder()
                                .putAll(slim)
                                .build());
    }

    /**
     * Whether two states differ in nothing but what we report ourselves: then it is most often our
     * own report that comes back, and there is no hurry to write it. The conditions that a pod's
     * readiness gates wait for are others'.
     */
    static boolean sameButStatus(KubeObject one, KubeObject other) {
        return bare(one).equals(bare(other)) && gates(one).equals(gates(other));
    }

    private static JsonObject bare(KubeObject object) {
        return object.json().without("status").withoutAt(REVISION);
    }

    private static List<Optional<JsonObject>> gates(KubeObject object) {
        return object.spec().array("readinessGates").objects().stream()
                .map(gate -> object.condition(gate.text("conditionType")))
                .toList();
    }
}
