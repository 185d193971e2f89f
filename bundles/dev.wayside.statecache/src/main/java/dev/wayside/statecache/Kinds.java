// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.StateException;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.List;

/** The kinds that this gateway reads or reports on. */
final class Kinds {
    private static final List<ResourceType> KNOWN =
            List.of(
                    ResourceType.NODES,
                    ResourceType.PODS,
                    ResourceType.CONFIG_MAPS,
                    ResourceType.SECRETS,
                    ResourceType.PERSISTENT_VOLUME_CLAIMS,
                    ResourceType.PERSISTENT_VOLUMES);

    private Kinds() {}

    /**
     * @throws StateException if nothing is known of the kind: a fault of the caller's
     */
    static ResourceType of(ObjectKey key) throws StateException {
        for (ResourceType type : KNOWN) {
            if (type.qualified().equals(key.resource())) {
                return type;
            }
        }
        throw new StateException("a gateway does not report on " + key.resource(), null);
    }

    static boolean known(ObjectKey key) {
        return KNOWN.stream().anyMatch(type -> type.qualified().equals(key.resource()));
    }
}
