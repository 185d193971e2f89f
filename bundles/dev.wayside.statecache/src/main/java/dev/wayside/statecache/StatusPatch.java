// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.Map;

/** Makes merge patches (RFC 7396) that turn one object into another. */
final class StatusPatch {
    private StatusPatch() {}

    /**
     * A patch that leaves exactly {@code wanted} when applied to {@code there}, or to anything with
     * no more members than it.
     */
    static JsonObject replace(JsonObject there, JsonObject wanted) {
        JsonObject.Builder patch = JsonObject.builder();
        for (Map.Entry<String, Json> member : wanted.members().entrySet()) {
            Json old = there.get(member.getKey()).orElse(JsonNull.INSTANCE);
            patch.put(
                    member.getKey(),
                    old instanceof JsonObject before && member.getValue() instanceof JsonObject now
                            ? replace(before, now)
                            : member.getValue());
        }
        for (String name : there.members().keySet()) {
            if (!wanted.has(name)) {
                patch.put(name, JsonNull.INSTANCE);
            }
        }
        return patch.build();
    }
}
