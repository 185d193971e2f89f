// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.link;

import dev.wayside.model.JsonObject;
import java.util.concurrent.CompletableFuture;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One request at a time to the connector, over the connection that the state cache holds. For what
 * must be fresh or not at all (the Lease, the Node's own status); everything that may wait goes
 * through the outbox. Safe for any thread; never blocks.
 */
@ProviderType
public interface CloudLink {
    /**
     * Sends now or fails.
     *
     * @param method GET, POST, PUT, PATCH (merge patch, or strategic where the kind has it) or
     *     DELETE
     * @param path with its query
     * @param body the empty object for none
     * @return the answer's object; completes exceptionally with {@link LinkException}, within 15 s
     *     at the most, if there is no connection or the answer is an error
     */
    CompletableFuture<JsonObject> send(String method, String path, JsonObject body);

    /** Whether the connection is up now; a hint for people, nothing decides by it. */
    boolean connected();
}
