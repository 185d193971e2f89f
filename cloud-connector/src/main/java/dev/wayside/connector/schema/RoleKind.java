// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** Role and ClusterRole: what may be done. */
final class RoleKind extends TypedKind {
    private final boolean namespaced;

    private RoleKind(ResourceType type, TypeTable table) {
        super(Facts.of(type, "rbac/v1." + type.kind()), table);
        this.namespaced = type.namespaced();
    }

    static RoleKind inNamespace(TypeTable table) {
        return new RoleKind(ResourceType.ROLES, table);
    }

    static RoleKind inCluster(TypeTable table) {
        return new RoleKind(ResourceType.CLUSTER_ROLES, table);
    }

    @Override
    NameRules.Rule nameRule() {
        return RbacRules::name;
    }

    @Override
    void check(KubeObject role, Errors errors) {
        RbacRules.rules(role, namespaced, errors);
        if (!role.json().has("aggregationRule")) {
            return;
        }
        String path = "aggregationRule.clusterRoleSelectors";
        JsonArray selectors = role.json().array("aggregationRule", "clusterRoleSelectors");
        if (selectors.isEmpty()) {
            errors.required(
                    path,
                    "at least one clusterRoleSelector required if aggregationRule is non-nil");
        }
        List<JsonObject> each = selectors.objects();
        for (int i = 0; i < each.size(); i++) {
            SelectorRules.check(each.get(i), path + "[" + i + "]", errors);
        }
    }

    @Override
    public List<Column> columns() {
        return RbacRules.ROLE_COLUMNS;
    }

    @Override
    public List<Json> cells(KubeObject role, Instant now) {
        return RbacRules.roleCells(role);
    }
}
