// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.state;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Whether the state cache has reason to doubt what the connector sends or what its disk holds; the
 * node bundle makes the condition {@code CacheSuspect} of it. While in doubt nothing is removed.
 * Safe for any thread; never blocks.
 */
@ProviderType
public interface CacheHealth {
    /** The gravest doubt there is now; empty if all is well. */
    Optional<Doubt> doubt();

    /**
     * @param reason one CamelCase word, for instance {@code StoreReplaced}
     * @param message what was seen and what would help; no secrets
     */
    record Doubt(String reason, String message) {}
}
