// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.JsonPatch;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.MergePatch;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;

/** Applies patches to objects, touching nothing else. */
public final class Patches {
    private Patches() {}

    /**
     * The object as the patch wants it, not yet defaulted or validated.
     *
     * @param plain whether the document is not of the kind itself (a Scale), so that only merge and
     *     JSON patches make sense and a strategic one is read as a merge patch
     * @throws ApiException BadRequest, Invalid, UnsupportedMediaType
     */
    public static JsonObject apply(
            KindDefinition kind, JsonObject document, Patch patch, boolean plain) {
        return switch (patch.type()) {
            case MERGE -> merge(document, object(patch.body()));
            case STRATEGIC -> strategic(kind, document, object(patch.body()), plain);
            case JSON -> operations(document, array(patch.body()));
            case APPLY ->
                    throw new IllegalArgumentException("a configuration is applied, not patched");
        };
    }

    /**
     * What a server-side apply is to make so. Of a Scale, what it says of the object itself.
     *
     * @throws ApiException BadRequest
     */
    static JsonObject configuration(KindDefinition kind, Patch patch, String subresource) {
        JsonObject config = object(patch.body());
        FieldTracking.refuseManagedFields(config);
        return subresource.equals("scale") ? Scales.configuration(kind, config) : config;
    }

    private static JsonObject strategic(
            KindDefinition kind, JsonObject document, JsonObject patch, boolean plain) {
        if (plain) {
            return merge(document, patch);
        }
        if (!kind.hasStrategicMerge()) {
            throw new ApiException(
                    ApiException.Reason.UNSUPPORTED_MEDIA_TYPE,
                    "the body of the request was in an unknown format - accepted media types"
                            + " include: application/json-patch+json,"
                            + " application/merge-patch+json");
        }
        try {
            return kind.strategicMerge(document, patch);
        } catch (IllegalArgumentException e) {
            ApiException malformed =
                    new ApiException(
                            ApiException.Reason.BAD_REQUEST,
                            "error decoding patch: " + e.getMessage());
            malformed.initCause(e);
            throw malformed;
        }
    }

    private static JsonObject merge(JsonObject document, JsonObject patch) {
        return object(MergePatch.apply(document, patch));
    }

    private static JsonObject operations(JsonObject document, JsonArray operations) {
        try {
            return object(JsonPatch.apply(document, operations));
        } catch (IllegalArgumentException e) {
            ApiException unfit =
                    new ApiException(
                            ApiException.Reason.INVALID,
                            "the server rejected our request due to an error in our request: "
                                    + e.getMessage());
            unfit.initCause(e);
            throw unfit;
        }
    }

    private static JsonObject object(Json body) {
        if (body instanceof JsonObject object) {
            return object;
        }
        throw new ApiException(
                ApiException.Reason.BAD_REQUEST, "error decoding patch: it is no JSON object");
    }

    private static JsonArray array(Json body) {
        if (body instanceof JsonArray array) {
            return array;
        }
        throw new ApiException(
                ApiException.Reason.BAD_REQUEST, "error decoding patch: it is no JSON array");
    }
}
