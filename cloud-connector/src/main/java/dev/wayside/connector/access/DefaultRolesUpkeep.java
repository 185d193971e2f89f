// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * At start: makes default roles and bindings that are missing, and adds to the others the rules,
 * subjects, labels that they lack. What an operator added stays; a role annotated {@code
 * rbac.authorization.kubernetes.io/autoupdate: "false"} is left as it is.
 */
public final class DefaultRolesUpkeep {
    private static final Logger LOG = LoggerFactory.getLogger(DefaultRolesUpkeep.class);
    private static final WriteOptions WRITER = WriteOptions.by("wayside-connector");
    private static final int ATTEMPTS = 5;

    private final ObjectStore store;

    public DefaultRolesUpkeep(ObjectStore store) {
        this.store = store;
    }

    public void run() {
        DefaultRoles.roles().forEach(role -> bring(ResourceType.CLUSTER_ROLES, role));
        aggregate();
        DefaultRoles.bindings()
                .forEach(binding -> bring(ResourceType.CLUSTER_ROLE_BINDINGS, binding));
    }

    /**
     * So that admin, edit and view mean something before their controller's first round. Admin
     * takes from edit, and edit from view: hence several rounds.
     */
    private void aggregate() {
        AggregatedRoles aggregation = new AggregatedRoles(store);
        boolean changed = true;
        for (int i = 0; i < ATTEMPTS && changed; i++) {
            changed = false;
            for (KubeObject role : store.list(ListQuery.all(ResourceType.CLUSTER_ROLES)).items()) {
                changed |= aggregation.reconcile(role.name());
            }
        }
    }

    private void bring(ResourceType type, KubeObject wanted) {
        for (int i = 0; i < ATTEMPTS; i++) {
            try {
                Optional<KubeObject> there = store.get(wanted.key(type));
                if (there.isEmpty()) {
                    store.create(type, wanted, WRITER);
                } else {
                    reconcile(type, there.get(), wanted);
                }
                return;
            } catch (ApiException e) {
                if (e.reason() != Reason.CONFLICT && e.reason() != Reason.ALREADY_EXISTS) {
                    throw e;
                }
            }
        }
        LOG.warn("{} changes all the time and was left as it is", wanted.key(type));
    }

    private void reconcile(ResourceType type, KubeObject there, KubeObject wanted) {
        if (there.annotation(DefaultRoles.AUTO_UPDATE).orElse("").equals("false")) {
            return;
        }
        if (!there.json().object("roleRef").equals(wanted.json().object("roleRef"))) {
            replace(type, there, wanted);
            return;
        }
        KubeObject completed = completed(there, wanted);
        if (!completed.equals(there)) {
            store.update(type, completed, "", WRITER);
            LOG.info("Completed the default {}", wanted.key(type));
        }
    }

    /** What a binding is bound to cannot be changed. */
    private void replace(ResourceType type, KubeObject there, KubeObject wanted) {
        ObjectKey key = there.key(type);
        store.delete(type, key, DeleteOptions.BACKGROUND);
        store.create(type, wanted, WRITER);
        LOG.info("Bound the default {} to its role again", key);
    }

    private static KubeObject completed(KubeObject there, KubeObject wanted) {
        Map<String, String> labels = new LinkedHashMap<>(there.labels());
        labels.putAll(wanted.labels());
        KubeObject completed = there.withLabels(labels);
        Map<String, String> annotations = new LinkedHashMap<>(wanted.annotations());
        annotations.putAll(there.annotations());
        completed = completed.withAnnotations(annotations);
        if (wanted.json().has("aggregationRule")) {
            return completed.with(
                    "aggregationRule",
                    JsonObject.of(
                            "clusterRoleSelectors",
                            united(
                                    there.json().array("aggregationRule", "clusterRoleSelectors"),
                                    wanted.json()
                                            .array("aggregationRule", "clusterRoleSelectors"))));
        }
        if (wanted.json().has("subjects")) {
            return completed.with(
                    "subjects",
                    united(there.json().array("subjects"), wanted.json().array("subjects")));
        }
        return completed.with("rules", rules(there, wanted));
    }

    private static JsonArray rules(KubeObject there, KubeObject wanted) {
        JsonArray rules = there.json().array("rules");
        List<PolicyRule> own = PolicyRule.of(there);
        for (PolicyRule rule : PolicyRule.of(wanted)) {
            boolean covered =
                    rule.simple().stream()
                            .allMatch(simple -> own.stream().anyMatch(o -> o.covers(simple)));
            if (!covered) {
                rules = rules.plus(rule.toJson());
            }
        }
        return rules;
    }

    private static JsonArray united(JsonArray there, JsonArray wanted) {
        List<Json> all = new ArrayList<>(there.items());
        wanted.items().stream().filter(item -> !all.contains(item)).forEach(all::add);
        return new JsonArray(all);
    }
}
