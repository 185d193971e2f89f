// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** RoleBinding and ClusterRoleBinding: who may do it. */
final class RoleBindingKind extends TypedKind {
    private final List<String> roleKinds;

    private RoleBindingKind(ResourceType type, List<String> roleKinds, TypeTable table) {
        super(Facts.of(type, "rbac/v1." + type.kind()), table);
        this.roleKinds = roleKinds;
    }

    static RoleBindingKind inNamespace(TypeTable table) {
        return new RoleBindingKind(
                ResourceType.ROLE_BINDINGS, List.of("ClusterRole", "Role"), table);
    }

    static RoleBindingKind inCluster(TypeTable table) {
        return new RoleBindingKind(
                ResourceType.CLUSTER_ROLE_BINDINGS, List.of("ClusterRole"), table);
    }

    @Override
    KubeObject defaulted(KubeObject binding) {
        return RbacRules.withGroups(binding);
    }

    @Override
    NameRules.Rule nameRule() {
        return RbacRules::name;
    }

    @Override
    void check(KubeObject binding, Errors errors) {
        RbacRules.binding(binding, roleKinds, errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        RbacRules.sameRole(before, after, errors);
    }

    @Override
    public List<Column> columns() {
        return RbacRules.BINDING_COLUMNS;
    }

    @Override
    public List<Json> cells(KubeObject binding, Instant now) {
        return RbacRules.bindingCells(binding, now);
    }
}
