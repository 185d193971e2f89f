// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;

/** The ServiceAccount that every namespace has. */
public final class DefaultAccount {
    static final String NAME = "default";
    private static final WriteOptions WRITER = WriteOptions.by("service-account-controller");

    private DefaultAccount() {}

    /** Makes it if it is missing and the namespace is there to stay. */
    public static void ensure(ObjectStore store, String namespace) {
        KubeObject account = KubeObject.of(ResourceType.SERVICE_ACCOUNTS, namespace, NAME);
        if (store.get(account.key(ResourceType.SERVICE_ACCOUNTS)).isPresent()) {
            return;
        }
        try {
            store.create(ResourceType.SERVICE_ACCOUNTS, account, WRITER);
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
