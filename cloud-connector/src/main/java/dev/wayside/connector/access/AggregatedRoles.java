// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes into a ClusterRole with an aggregation rule the rules of those that it selects. */
public final class AggregatedRoles {
    private static final Logger LOG = LoggerFactory.getLogger(AggregatedRoles.class);
    private static final ResourceType TYPE = ResourceType.CLUSTER_ROLES;
    private static final WriteOptions WRITER =
            WriteOptions.by("clusterrole-aggregation-controller");

    private final ObjectStore store;

    public AggregatedRoles(ObjectStore store) {
        this.store = store;
    }

    public static boolean isAggregated(KubeObject role) {
        return role.json().has("aggregationRule");
    }

    /**
     * One step; idempotent. A role that is gone or not aggregated is left alone.
     *
     * @return whether it was changed
     * @throws ApiException Conflict if others write at the same time: try again
     */
    public boolean reconcile(String name) {
        Optional<KubeObject> found =
                store.get(TYPE.key("", name)).filter(AggregatedRoles::isAggregated);
        if (found.isEmpty()) {
            return false;
        }
        KubeObject role = found.get();
        JsonArray rules = rules(role);
        if (role.json().array("rules").equals(rules)) {
            return false;
        }
        try {
            store.update(TYPE, role.with("rules", rules), "", WRITER);
            return true;
        } catch (ApiException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private JsonArray rules(KubeObject role) {
        Set<Json> rules = new LinkedHashSet<>();
        for (JsonObject selector :
                role.json().array("aggregationRule", "clusterRoleSelectors").objects()) {
            selected(role, selector)
                    .forEach(other -> rules.addAll(other.json().array("rules").items()));
        }
        return new JsonArray(List.copyOf(rules));
    }

    private List<KubeObject> selected(KubeObject role, JsonObject selector) {
        LabelSelector labels;
        try {
            labels = LabelSelector.of(selector);
        } catch (IllegalArgumentException e) {
            LOG.warn("ClusterRole {} aggregates by a selector that is no good", role.name(), e);
            return List.of();
        }
        return store.list(ListQuery.in(TYPE, "", labels)).items().stream()
                .filter(other -> !other.name().equals(role.name()))
                .sorted(Comparator.comparing(KubeObject::name))
                .toList();
    }
}
