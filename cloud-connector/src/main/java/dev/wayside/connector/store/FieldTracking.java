// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.apply.ApplyConflict;
import dev.wayside.connector.apply.Ownership;
import dev.wayside.connector.apply.Scope;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ObjectStore.Tracking;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Instant;

/**
 * Keeps {@code metadata.managedFields} of what is written.
 *
 * <p>Not of everything. The connector's own controllers and the gateways write most of all, and
 * what they write nobody else does: a record of it would say nothing, would make every pod a
 * kilobyte bigger in memory and on each gateway's metered line, and would cost each status a
 * comparison. So they own nothing ({@link Tracking#NONE}); where they change what a user owns, the
 * user owns it no more. The same holds for all updates of lazily kept kinds (Leases). To whoever
 * applies a configuration to such an object, what was there before belongs to {@code
 * before-first-apply}.
 */
final class FieldTracking {
    private final KindDefinition kind;
    private final Ownership ownership;
    private final WriteOptions options;

    FieldTracking(KindDefinition kind, String subresource, WriteOptions options, Instant now) {
        this.kind = kind;
        this.options = options;
        this.ownership =
                new Ownership(
                        new Scope(
                                kind.shape(),
                                kind.type().apiVersion(),
                                kind.subresources().contains("status"),
                                subresource),
                        WriteRules.time(now));
    }

    /**
     * @param given the object as the client wrote it
     */
    KubeObject created(KubeObject given, KubeObject object) {
        return switch (options.tracking()) {
            case APPLY -> createdByApply(given, object);
            case UPDATE -> kind.lazy() ? object : ownership.created(object, options.fieldManager());
            case NONE -> object;
        };
    }

    private KubeObject createdByApply(KubeObject given, KubeObject object) {
        try {
            return ownership.createdByApply(object, given.json(), options.fieldManager());
        } catch (IllegalArgumentException e) {
            throw malformed(e);
        }
    }

    KubeObject updated(KubeObject before, KubeObject after) {
        return options.tracking() == Tracking.NONE || kind.lazy()
                ? ownership.released(before, after)
                : ownership.updated(before, after, options.fieldManager());
    }

    /**
     * @throws ApiException Conflict, naming the fields; BadRequest
     */
    Ownership.Applied apply(KubeObject before, JsonObject config) {
        try {
            return ownership.apply(
                    before, config, options.fieldManager(), options.force(), kind::pruned);
        } catch (ApplyConflict e) {
            ApiException conflict =
                    new ApiException(
                            ApiException.Reason.CONFLICT,
                            String.valueOf(e.getMessage()),
                            "",
                            "",
                            "",
                            e.fields().stream()
                                    .map(
                                            field ->
                                                    new ApiException.Cause(
                                                            "FieldManagerConflict",
                                                            field.message(),
                                                            field.path()))
                                    .toList());
            conflict.initCause(e);
            throw conflict;
        } catch (IllegalArgumentException e) {
            throw malformed(e);
        }
    }

    private static ApiException malformed(IllegalArgumentException e) {
        ApiException malformed =
                new ApiException(
                        ApiException.Reason.BAD_REQUEST,
                        "failed to create typed patch object: " + e.getMessage());
        malformed.initCause(e);
        return malformed;
    }

    /** A configuration does not say who owns what. */
    static void refuseManagedFields(JsonObject config) {
        if (config.object("metadata").has("managedFields")) {
            throw new ApiException(
                    ApiException.Reason.BAD_REQUEST, "metadata.managedFields must be nil");
        }
    }
}
