// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.connector.workload.Priorities;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Gives new pods the priority of their PriorityClass, of which at most one is the default; the two
 * of the system are always there.
 */
final class PriorityRules implements KindRules {
    private static final WriteOptions WRITER = WriteOptions.by("wayside-connector");

    private static final Map<String, String> SYSTEM =
            Map.of(
                    "system-cluster-critical",
                    "Used for system critical pods that must run in the cluster, but can be moved"
                            + " to another node if necessary.",
                    "system-node-critical",
                    "Used for system critical pods that must not be moved from their current"
                            + " node.");

    private final ObjectStore store;

    PriorityRules(ObjectStore store) {
        this.store = store;
    }

    /** Makes what is missing. */
    void ensure() {
        SYSTEM.forEach(
                (name, description) -> {
                    long value =
                            name.equals("system-node-critical") ? 2_000_001_000 : 2_000_000_000;
                    KubeObject made =
                            new KubeObject(
                                    KubeObject.of(ResourceType.PRIORITY_CLASSES, "", name)
                                            .json()
                                            .toBuilder()
                                            .put("value", value)
                                            .put("description", description)
                                            .build());
                    if (store.get(made.key(ResourceType.PRIORITY_CLASSES)).isEmpty()) {
                        store.create(ResourceType.PRIORITY_CLASSES, made, WRITER);
                    }
                });
    }

    @Override
    public KubeObject creating(User user, KubeObject object, boolean dryRun) {
        return object.kind().equals(ResourceType.PODS.kind())
                ? Priorities.admitted(object, this::byName, this::all)
                : object;
    }

    private Optional<KubeObject> byName(String name) {
        return store.get(ResourceType.PRIORITY_CLASSES.key("", name));
    }

    private List<KubeObject> all() {
        return store.list(ListQuery.all(ResourceType.PRIORITY_CLASSES)).items();
    }

    @Override
    public void changing(
            User user, RequestInfo request, @Nullable KubeObject before, KubeObject after) {
        if (!after.kind().equals(ResourceType.PRIORITY_CLASSES.kind())
                || !isDefault(after.json())) {
            return;
        }
        all().stream()
                .filter(other -> isDefault(other.json()) && !other.name().equals(after.name()))
                .findFirst()
                .ifPresent(
                        other -> {
                            throw new ApiException(
                                    Reason.FORBIDDEN,
                                    ResourceType.PRIORITY_CLASSES.qualified()
                                            + " \""
                                            + after.name()
                                            + "\" is forbidden: PriorityClass "
                                            + other.name()
                                            + " is already marked as default. Only one default can"
                                            + " exist");
                        });
    }

    private static boolean isDefault(JsonObject priorityClass) {
        return priorityClass.flag("globalDefault");
    }
}
