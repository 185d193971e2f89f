// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The kinds that the API serves. Some may come and go while the program runs, with objects that
 * define them. Safe for any thread.
 */
public interface Kinds {
    Collection<KindDefinition> all();

    /** By the parts of a path, for instance {@code apps}, {@code v1}, {@code deployments}. */
    Optional<KindDefinition> byPlural(String group, String version, String plural);

    /** By {@link dev.wayside.model.ResourceType#qualified()}. */
    Optional<KindDefinition> byQualified(String qualified);

    /** By what an object says of itself. */
    Optional<KindDefinition> byKind(String apiVersion, String kind);

    /** Another number whenever the kinds are others. */
    default long version() {
        return 0;
    }

    /** Whether objects of this resource define kinds. */
    default boolean areDefinedBy(String resource) {
        return false;
    }

    /**
     * What a definition makes of the kinds. Nothing has changed yet.
     *
     * @param after what is stored; null if it is removed
     * @return empty if the kinds stay as they are
     */
    default Optional<Redefinition> redefinition(ObjectKey definition, @Nullable KubeObject after) {
        return Optional.empty();
    }

    /** Makes it so. Called by the store alone, in the order of its revisions. */
    default void redefine(Redefinition redefinition) {}

    /**
     * A kind that comes, changes or goes.
     *
     * @param resource its {@link dev.wayside.model.ResourceType#qualified()}
     * @param stored its objects as they are stored; null if it goes
     * @param served one for each version that is served
     */
    record Redefinition(
            String resource, @Nullable KindDefinition stored, List<KindDefinition> served) {}
}
