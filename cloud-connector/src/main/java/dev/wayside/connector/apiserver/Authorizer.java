// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.Json;
import org.jspecify.annotations.Nullable;

/** Says what a user may. Safe for any thread; may block. */
public interface Authorizer {

    /** Judges by path and query alone. */
    Decision authorize(User user, RequestInfo request);

    /**
     * Judges the body of a request that {@link #authorize} let pass.
     *
     * @param patch how the body is to be read, null if it is no patch
     * @throws ApiException Forbidden
     */
    default void admit(User user, RequestInfo request, @Nullable PatchType patch, Json body) {}

    /**
     * @param why what to add to the refusal, or which rule allows it; {@code ""} for nothing
     */
    record Decision(boolean allowed, String why) {
        public static final Decision ALLOW = new Decision(true, "");

        public static Decision allow(String why) {
            return new Decision(true, why);
        }

        public static Decision deny(String why) {
            return new Decision(false, why);
        }
    }
}
