// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** ConfigMap. */
final class ConfigMapKind extends TypedKind {

    ConfigMapKind(TypeTable table) {
        super(Facts.of(ResourceType.CONFIG_MAPS, "core/v1.ConfigMap", "cm"), table);
    }

    @Override
    void check(KubeObject map, Errors errors) {
        JsonObject data = map.json().object("data");
        JsonObject binary = map.json().object("binaryData");
        DataRules.keys(data, "data", errors);
        DataRules.keys(binary, "binaryData", errors);
        for (String key : data.members().keySet()) {
            if (binary.has(key)) {
                errors.invalid("data[" + key + "]", key, "duplicate of key present in binaryData");
            }
        }
        long size = data.strings().values().stream().mapToLong(NameRules::bytes).sum();
        DataRules.size(size + DataRules.decodedBytes(binary), errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        DataRules.immutable(before, after, List.of("data", "binaryData"), errors);
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME, Cells.number("Data", "Number of keys."), Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject map, Instant now) {
        int keys =
                map.json().object("data").members().size()
                        + map.json().object("binaryData").members().size();
        return List.of(Cells.name(map), Json.of(keys), Cells.age(map, now));
    }
}
