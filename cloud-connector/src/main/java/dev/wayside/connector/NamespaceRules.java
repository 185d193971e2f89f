// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;

/** Every namespace has a ServiceAccount "default"; some namespaces are always there. */
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
        KubeObject account = KubeObject.of(ResourceType.SERVICE_ACCOUNTS, namespace, "default");
        if (store.get(account.key(ResourceType.SERVICE_ACCOUNTS)).isEmpty()) {
            createIfMissing(ResourceType.SERVICE_ACCOUNTS, account);
        }
    }

    private void createIfMissing(ResourceType type, KubeObject object) {
        try {
            store.create(type, object, WRITER);
        } catch (ApiException e) {
            // There already, or the namespace ends just now: both are as they should be.
            if (e.reason() != Reason.ALREADY_EXISTS
                    && e.reason() != Reason.FORBIDDEN
                    && e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
        }
    }
}
