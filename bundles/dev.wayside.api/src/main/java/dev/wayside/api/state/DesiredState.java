// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.state;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What the cloud last asked of this gateway, as it would still be known after a power cut: our
 * Node, the Pods bound to it, the ConfigMaps and Secrets they name. Readers never learn whether the
 * cloud is there. Safe for any thread.
 */
@ProviderType
public interface DesiredState {
    /** The object as last synced. Answers from memory or local disk, in bounded time. */
    Optional<KubeObject> get(ObjectKey key);

    /** All objects of the kind; a consistent snapshot. */
    List<KubeObject> list(ResourceType type);

    /**
     * Whether the kind was ever completely received, now or in an earlier life. Until it is, an
     * absent object means nothing and must not be acted upon.
     */
    boolean complete(ResourceType type);

    /**
     * Calls the listener with the key of each object that is added, changed or removed from now on,
     * after it is synced, and once with each key that is there already. Keys may repeat and
     * coalesce. The listener must not block; it is called from the cache's own thread, one call at
     * a time.
     */
    Subscription watch(ResourceType type, Consumer<ObjectKey> listener);

    /**
     * Ends a watch. Closing twice does nothing; after {@code close} returns the listener may still
     * be in one last call.
     */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
