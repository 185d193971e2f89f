// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.state;

import dev.wayside.model.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Small facts that a bundle must remember across restarts and that never leave the device, in the
 * state cache's one durable store. A bucket belongs to the one bundle that writes it. Safe for any
 * thread.
 */
@ProviderType
public interface LocalRecords {
    Optional<JsonObject> get(String bucket, String key);

    Map<String, JsonObject> all(String bucket);

    /**
     * Returns once synced.
     *
     * @throws StateException if it cannot be stored (disk full: retry later), or the record is
     *     larger than 64 KiB
     */
    void put(String bucket, String key, JsonObject record) throws StateException;

    /**
     * Returns once synced; nothing happens if there is none.
     *
     * @throws StateException if it cannot be stored
     */
    void remove(String bucket, String key) throws StateException;
}
