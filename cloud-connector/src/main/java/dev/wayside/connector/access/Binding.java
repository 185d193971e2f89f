// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.User;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A RoleBinding or ClusterRoleBinding.
 *
 * @param role its key
 * @param subjects as {@link #userKey} and {@link #groupKey} write them
 */
record Binding(ObjectKey key, ObjectKey role, Set<String> subjects) {

    static Binding of(ResourceType type, KubeObject binding) {
        Set<String> subjects = new LinkedHashSet<>();
        for (JsonObject subject : binding.json().array("subjects").objects()) {
            String name = subject.text("name");
            switch (subject.text("kind")) {
                case "User" -> subjects.add(userKey(name));
                case "Group" -> subjects.add(groupKey(name));
                case "ServiceAccount" ->
                        subjects.add(
                                userKey(
                                        User.SERVICE_ACCOUNT_PREFIX
                                                + subject.text("namespace")
                                                + ":"
                                                + name));
                default -> {} // validation lets no other in
            }
        }
        return new Binding(
                binding.key(type),
                roleKey(binding.namespace(), binding.json().object("roleRef")),
                Set.copyOf(subjects));
    }

    /** The role that a {@code roleRef} means. */
    static ObjectKey roleKey(String namespace, JsonObject roleRef) {
        ResourceType type =
                roleRef.text("kind").equals("Role")
                        ? ResourceType.ROLES
                        : ResourceType.CLUSTER_ROLES;
        return type.key(namespace, roleRef.text("name"));
    }

    static String userKey(String name) {
        return "User " + name;
    }

    static String groupKey(String name) {
        return "Group " + name;
    }
}
