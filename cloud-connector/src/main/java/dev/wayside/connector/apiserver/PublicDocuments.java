// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.JsonObject;
import java.util.Optional;

/** What the API says of itself: discovery and OpenAPI. Safe for any thread. */
public interface PublicDocuments {
    /**
     * @param path for instance {@code /apis/apps/v1} or {@code /openapi/v3/api/v1}
     * @param aggregated whether all groups are asked for at once (for {@code /api} and {@code
     *     /apis})
     */
    Optional<JsonObject> find(String path, boolean aggregated);
}
