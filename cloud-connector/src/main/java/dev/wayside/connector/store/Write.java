// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.ObjectKey;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One write that waits for the writer: replace what is at the key if that is still at the revision
 * that the caller saw.
 *
 * @param seen 0 if there was nothing
 * @param draft what is to be there; null to remove it
 * @param result how it ended; fails with an {@link ApiException} if the store cannot write
 */
record Write(
        KindDefinition kind,
        ObjectKey key,
        long seen,
        Stored.@Nullable Draft draft,
        CompletableFuture<Outcome> result) {

    static Write put(Stored.Draft draft, long seen) {
        return new Write(draft.kind(), draft.key(), seen, draft, new CompletableFuture<>());
    }

    static Write remove(KindDefinition kind, Stored seen) {
        return new Write(kind, seen.key(), seen.revision(), null, new CompletableFuture<>());
    }

    /** How a write ended. */
    sealed interface Outcome permits Done, Overtaken, NoNamespace, NoKind {}

    /** It is durable and visible. */
    record Done(Change change) implements Outcome {}

    /** Something else was written first, and is visible now. */
    record Overtaken() implements Outcome {}

    /**
     * The object is new, and its namespace is not there or on its way out.
     *
     * @param ending whether it is there
     */
    record NoNamespace(boolean ending) implements Outcome {}

    /**
     * The object's kind is no more, or the object is new and its kind on its way out.
     *
     * @param ending whether the kind is there
     */
    record NoKind(boolean ending) implements Outcome {}
}
