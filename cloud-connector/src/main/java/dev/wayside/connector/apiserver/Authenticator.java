// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.wire.HttpRequest;

/** Finds out who asks. Safe for any thread; may block. */
public interface Authenticator {
    /**
     * @return {@link User#ANONYMOUS} if nothing was shown
     * @throws dev.wayside.connector.store.ApiException Unauthorized if what was shown is no good
     */
    User authenticate(HttpRequest request, RequestInfo info);

    /** Whether what the user showed is still good; asked again and again while a watch is open. */
    boolean stillGood(User user);
}
