// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Foretells what a write would bring about beyond the object itself: what else would be deleted,
 * and where. Asked before the write, for a dry run too; what it says goes to the client as
 * warnings. Reads memory only and changes nothing. A failure in it is logged and stops no write.
 * Safe for any thread.
 */
public interface ChangePlans {
    ChangePlans NONE =
            new ChangePlans() {
                @Override
                public boolean concerns(ResourceType type) {
                    return false;
                }

                @Override
                public List<String> warnings(Change change) {
                    return List.of();
                }
            };

    /** Those that there are when they are asked. */
    static ChangePlans from(Supplier<ChangePlans> plans) {
        return new ChangePlans() {
            @Override
            public boolean concerns(ResourceType type) {
                return plans.get().concerns(type);
            }

            @Override
            public List<String> warnings(Change change) {
                return plans.get().warnings(change);
            }
        };
    }

    /** Whether it has anything to say about this kind, in any of its versions. */
    boolean concerns(ResourceType type);

    /** For people to read: plain text in ASCII. No more than a few lines, the gravest first. */
    List<String> warnings(Change change);

    /**
     * A write that is about to happen.
     *
     * @param type in the version of the request
     * @param before in the version that is stored; null if it is new
     * @param after null if it is deleted
     * @param dryRun whether all that matters is to be told; else only what will be deleted, or kept
     *     on grace
     * @param orphaning whether what it owns stays when it is deleted
     * @param late whether the time is over: what is known by then is said
     * @param mayKnow whether the asker may be told of objects of a kind in a namespace
     */
    record Change(
            ResourceType type,
            @Nullable KubeObject before,
            @Nullable KubeObject after,
            boolean dryRun,
            boolean orphaning,
            BooleanSupplier late,
            BiPredicate<ResourceType, String> mayKnow) {}
}
