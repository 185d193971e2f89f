// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.KubeObject;
import java.util.Optional;

/** Answers what is created and not stored: reviews, requests for tokens. Safe for any thread. */
public interface Responder {
    /** The kind of the body, where it is not the kind that the path names. */
    default Optional<KindDefinition> bodyKind() {
        return Optional.empty();
    }

    /**
     * May block.
     *
     * @param asked the body, decoded and with the fields of its kind alone
     * @return it with its answer
     * @throws dev.wayside.connector.store.ApiException to refuse
     */
    KubeObject answer(User user, RequestInfo request, KubeObject asked);
}
