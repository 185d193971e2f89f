// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** NodeGroup: places that belong together. In one of its two versions. */
final class NodeGroupKind extends SiteKind {

    NodeGroupKind(TypeTable table, ResourceType type) {
        super(type, "ng", table);
    }

    @Override
    void checkSpec(JsonObject spec, Errors errors) {
        String units = "spec." + spelled("nodeUnits");
        List<String> names = spec.array("nodeUnits").strings();
        for (int i = 0; i < names.size(); i++) {
            errors.invalid(units + "[" + i + "]", names.get(i), NameRules.subdomain(names.get(i)));
        }
        String keys = "spec." + spelled("autoFindNodeKeys");
        List<String> found = spec.array("autoFindNodeKeys").strings();
        for (int i = 0; i < found.size(); i++) {
            errors.invalid(keys + "[" + i + "]", found.get(i), NameRules.qualified(found.get(i)));
        }
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.number("Units", "How many units it has."),
                Cells.AGE,
                Cells.text("Deleting", "Since when it is being deleted."));
    }

    @Override
    public List<Json> cells(KubeObject group, Instant now) {
        return List.of(
                Cells.name(group),
                Cells.count(group.status(), spelled("unitNumber")),
                Cells.age(group, now),
                deleting(group, now));
    }
}
