// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.util.Collection;
import java.util.Optional;

/** The kinds that the API serves. Safe for any thread. */
public interface Kinds {
    Collection<KindDefinition> all();

    /** By the parts of a path, for instance {@code apps}, {@code v1}, {@code deployments}. */
    Optional<KindDefinition> byPlural(String group, String version, String plural);

    /** By {@link dev.wayside.model.ResourceType#qualified()}. */
    Optional<KindDefinition> byQualified(String qualified);

    /** By what an object says of itself. */
    Optional<KindDefinition> byKind(String apiVersion, String kind);
}
