// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes patches that turn one status into another: as merge patches (RFC 7396), or as strategic
 * merge patches, which leave alone the conditions of types that others write.
 */
final class StatusPatch {
    private static final String CONDITIONS = "conditions";
    private static final JsonObject REPLACE = JsonObject.of("$patch", "replace");

    /** Lists that a strategic patch would merge, and that are ours as a whole. */
    private static final Set<String> OURS = Set.of("podIPs", "hostIPs");

    private final boolean strategic;

    StatusPatch(boolean strategic) {
        this.strategic = strategic;
    }

    /** Empty if nothing need change. */
    JsonObject from(JsonObject there, JsonObject wanted) {
        JsonObject.Builder patch = JsonObject.builder();
        for (Map.Entry<String, Json> member : wanted.members().entrySet()) {
            String name = member.getKey();
            Json now = member.getValue();
            Json before = there.get(name).orElse(JsonNull.INSTANCE);
            if (now instanceof JsonObject object && before instanceof JsonObject old) {
                JsonObject inner = from(old, object);
                if (!inner.isEmpty()) {
                    patch.put(name, inner);
                }
            } else if (strategic && name.equals(CONDITIONS)) {
                patch.putUnlessEmpty(name, conditions(there.array(name), wanted.array(name)));
            } else if (!now.equals(before)) {
                patch.put(name, strategic && OURS.contains(name) ? replacing(now) : now);
            }
        }
        for (String name : there.members().keySet()) {
            if (!wanted.has(name) && !(strategic && name.equals(CONDITIONS))) {
                patch.put(name, JsonNull.INSTANCE);
            }
        }
        return patch.build();
    }

    private JsonArray conditions(JsonArray there, JsonArray wanted) {
        List<Json> changed = new ArrayList<>();
        for (JsonObject condition : wanted.objects()) {
            String type = condition.text("type");
            JsonObject before =
                    there.objects().stream()
                            .filter(each -> each.text("type").equals(type))
                            .findFirst()
                            .orElse(JsonObject.EMPTY);
            JsonObject change = from(before, condition);
            if (!change.isEmpty()) {
                changed.add(change.with("type", type));
            }
        }
        return new JsonArray(changed);
    }

    private static Json replacing(Json list) {
        if (!(list instanceof JsonArray array)) {
            return list;
        }
        List<Json> elements = new ArrayList<>();
        elements.add(REPLACE);
        array.forEach(elements::add);
        return new JsonArray(elements);
    }
}
