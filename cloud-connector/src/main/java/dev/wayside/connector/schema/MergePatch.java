// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;

/** JSON merge patch (RFC 7386). */
public final class MergePatch {
    private MergePatch() {}

    /** Objects merge member by member, null deletes a member, anything else replaces. */
    public static Json apply(Json current, Json patch) {
        if (!(patch instanceof JsonObject changes)) {
            return patch;
        }
        JsonObject before = current instanceof JsonObject object ? object : JsonObject.EMPTY;
        JsonObject.Builder result = before.toBuilder();
        changes.members()
                .forEach(
                        (name, change) -> {
                            if (change == JsonNull.INSTANCE) {
                                result.remove(name);
                            } else {
                                result.put(
                                        name,
                                        apply(before.get(name).orElse(JsonNull.INSTANCE), change));
                            }
                        });
        return result.build();
    }
}
