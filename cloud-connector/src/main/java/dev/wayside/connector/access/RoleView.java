// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.store.Mirror;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The rules of all Roles, or of all ClusterRoles. */
final class RoleView implements Mirror.View {
    private final ResourceType type;
    private final Map<ObjectKey, List<PolicyRule>> rules = new ConcurrentHashMap<>();

    RoleView(ResourceType type) {
        this.type = type;
    }

    @Override
    public void apply(Event event) {
        KubeObject role = event.object();
        ObjectKey key = role.key(type);
        if (event.type() == EventType.DELETED) {
            rules.remove(key);
        } else {
            rules.put(key, PolicyRule.of(role));
        }
    }

    Optional<List<PolicyRule>> rules(ObjectKey key) {
        return Optional.ofNullable(rules.get(key));
    }
}
