// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ObjectStore.DeleteOptions;
import dev.wayside.connector.store.ObjectStore.Propagation;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What a request to delete does to an object: mark it, or remove it. Pure. */
final class Deletion {
    /** The garbage collector deletes the dependents first, then takes this away. */
    static final String FOREGROUND = "foregroundDeletion";

    /** The garbage collector lets the dependents go first, then takes this away. */
    static final String ORPHAN = "orphan";

    /** Seconds, 68 years: with more no time could be written. */
    private static final long MOST_GRACE = Integer.MAX_VALUE;

    private Deletion() {}

    /**
     * The object marked for deletion; the same object if it is marked so already. Whether it may be
     * removed at once, says {@link #isOver}.
     *
     * @throws ApiException Conflict if a precondition does not hold
     */
    static KubeObject marked(
            KindDefinition kind, KubeObject object, DeleteOptions options, Instant now) {
        checkPreconditions(object.key(kind.type()), object, options);
        KubeObject marked = object;
        List<String> finalizers = finalizers(object, options.propagation());
        if (!finalizers.equals(object.finalizers())) {
            marked =
                    finalizers.isEmpty()
                            ? marked.withoutMetadata("finalizers")
                            : marked.withMetadata("finalizers", JsonArray.ofStrings(finalizers));
        }
        long grace = grace(kind, object, options.graceSeconds());
        OptionalLong before = object.deletionGraceSeconds();
        boolean isMarked = object.deleted().isPresent();
        if (isMarked && (before.isEmpty() || before.getAsLong() <= grace)) {
            return marked; // a deletion may be brought forward, never put off
        }
        Instant since =
                object.deleted().map(time -> time.minusSeconds(before.orElse(0))).orElse(now);
        marked =
                marked.withMetadata(
                                "deletionTimestamp",
                                Json.of(WriteRules.time(since.plusSeconds(grace))))
                        .withMetadata("deletionGracePeriodSeconds", Json.of(grace));
        if (!isMarked && object.generation() > 0) {
            marked = marked.withMetadata("generation", Json.of(object.generation() + 1));
        }
        if (!isMarked) {
            marked = kind.markedForDeletion(marked);
        }
        return WriteRules.isNamespace(kind)
                ? marked.withoutMetadata("deletionGracePeriodSeconds")
                        .withStatus(marked.status().with("phase", "Terminating"))
                : marked;
    }

    /** Whether nobody is to be waited for any more. */
    static boolean isOver(KindDefinition kind, KubeObject object) {
        return object.deleted().isPresent()
                && object.finalizers().isEmpty()
                && object.deletionGraceSeconds().orElse(0) == 0
                && !(WriteRules.isNamespace(kind) && !object.spec().array("finalizers").isEmpty());
    }

    private static long grace(KindDefinition kind, KubeObject object, OptionalLong asked) {
        long own = kind.deletionGraceSeconds(object);
        if (own <= 0 || isNobodysPod(kind, object)) {
            return 0;
        }
        long grace = Math.min(asked.orElse(own), MOST_GRACE);
        return grace < 0 ? 1 : grace; // as Kubernetes reads a negative period
    }

    /** A pod that no gateway runs has nobody who could confirm that it stopped. */
    private static boolean isNobodysPod(KindDefinition kind, KubeObject object) {
        if (!kind.type().qualified().equals(ResourceType.PODS.qualified())) {
            return false;
        }
        String phase = object.status().text("phase");
        return object.spec().text("nodeName").isEmpty()
                || phase.equals("Succeeded")
                || phase.equals("Failed");
    }

    private static List<String> finalizers(KubeObject object, @Nullable Propagation propagation) {
        if (propagation == null) {
            return object.finalizers();
        }
        List<String> finalizers = new ArrayList<>(object.finalizers());
        String wanted =
                switch (propagation) {
                    case FOREGROUND -> FOREGROUND;
                    case ORPHAN -> ORPHAN;
                    case BACKGROUND -> "";
                };
        finalizers.removeIf(
                finalizer ->
                        (finalizer.equals(FOREGROUND) || finalizer.equals(ORPHAN))
                                && !finalizer.equals(wanted));
        if (!wanted.isEmpty() && !finalizers.contains(wanted)) {
            finalizers.add(wanted);
        }
        return finalizers;
    }

    private static void checkPreconditions(
            ObjectKey key, KubeObject object, DeleteOptions options) {
        String uid = options.uid();
        if (uid != null && !uid.equals(object.uid())) {
            throw ApiException.conflict(
                    key,
                    "the UID in the precondition ("
                            + uid
                            + ") does not match the UID in record ("
                            + object.uid()
                            + "). The object might have been deleted and then recreated");
        }
        String revision = options.resourceVersion();
        if (revision != null && !revision.equals(object.resourceVersion())) {
            throw ApiException.conflict(
                    key,
                    "the ResourceVersion in the precondition ("
                            + revision
                            + ") does not match the ResourceVersion in record ("
                            + object.resourceVersion()
                            + "). The object might have been modified");
        }
    }
}
