// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.KubeObject;
import org.jspecify.annotations.Nullable;

/** What a kind needs beyond storing when users write it. Safe for any thread; may block. */
public interface KindRules {
    KindRules NONE = new KindRules() {};

    /**
     * Before an object is created.
     *
     * @param dryRun if so, nothing else may be changed on the way
     * @return what is to be stored
     * @throws dev.wayside.connector.store.ApiException to refuse
     */
    default KubeObject creating(User user, KubeObject object, boolean dryRun) {
        return object;
    }

    /**
     * When all else allows a write: the last word, with the object as it would be stored. Asked
     * again if others write in between; must change nothing.
     *
     * @param before null if it is new
     * @throws dev.wayside.connector.store.ApiException to refuse
     */
    default void changing(
            User user, RequestInfo request, @Nullable KubeObject before, KubeObject after) {}

    /**
     * After an object was created or changed (not in a dry run).
     *
     * @return what is to be answered
     */
    default KubeObject written(User user, KubeObject object) {
        return object;
    }
}
