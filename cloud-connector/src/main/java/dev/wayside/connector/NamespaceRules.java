// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.account.DefaultAccount;
import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;

/**
 * Some namespaces are always there, and a new one has its ServiceAccount "default" at once; when it
 * is deleted later, {@link dev.wayside.connector.account.DefaultAccountController} makes another.
 */
final class NamespaceRules implements KindRules {
    static final List<String> ALWAYS =
            List.of("default", "kube-system", "kube-public", "kube-node-lease");

    private static final WriteOptions WRITER = WriteOptions.by("wayside-connector");

    private final ObjectStore store;

    NamespaceRules(ObjectStore store) {
        this.store = store;
    }

    /** Makes what is missing. */
    void ensure() {
        for (String name : ALWAYS) {
            KubeObject namespace = KubeObject.of(ResourceType.NAMESPACES, "", name);
            if (store.get(namespace.key(ResourceType.NAMESPACES)).isEmpty()) {
                createIfMissing(ResourceType.NAMESPACES, namespace);
            }
            ensureAccount(name);
        }
    }

    @Override
    public KubeObject written(User user, KubeObject namespace) {
        if (namespace.deleted().isEmpty()) {
            ensureAccount(namespace.name());
        }
        return namespace;
    }

    private void ensureAccount(String namespace) {
        DefaultAccount.ensure(store, namespace);
    }

    private void createIfMissing(ResourceType type, KubeObject object) {
        try {
            store.create(type, object, WRITER);
        } catch (ApiException e) {
            if (e.reason() != Reason.ALREADY_EXISTS) {
                throw e;
            }
        }
    }
}
