// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/**
 * ServiceGrid: one Service whose traffic stays in the site. The template stays as the user wrote
 * it; it is checked as if its defaults were filled in.
 */
final class ServiceGridKind extends TypedKind {

    ServiceGridKind(TypeTable table) {
        super(
                Facts.of(ResourceType.SERVICE_GRIDS, "superedge/v1.ServiceGrid", "sg")
                        .with("status")
                        .countingGenerations()
                        .asCustom(),
                table);
    }

    @Override
    void check(KubeObject grid, Errors errors) {
        SiteGridKind.checkGrid(grid, errors);
        String service = serviceName(grid.name());
        if (!NameRules.dns1035(service).isEmpty()) {
            errors.invalid(
                    "metadata.name",
                    grid.name(),
                    "its Service would be named \"" + service + "\", which is no name for one");
        }
        if (!grid.spec().has("template")) {
            errors.required("spec.template", "the spec of the Service");
            return;
        }
        JsonObject template = ServiceRules.defaulted(grid.spec().object("template"));
        ServiceRules.check(template, "spec.template", errors);
    }

    /** What the Service of a grid is called. */
    static String serviceName(String grid) {
        return grid + "-svc";
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Service", "The Service of this grid."),
                Cells.text("Cluster-IP", "Its address inside of each site."),
                Cells.text("Available", "Whether the Service is as this grid asks."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject grid, Instant now) {
        JsonObject status = grid.status();
        String available =
                grid.condition("Available").map(condition -> condition.text("status")).orElse("");
        return List.of(
                Cells.name(grid),
                Cells.orElse(status.text("service"), "<none>"),
                Cells.orElse(status.text("clusterIP"), "<none>"),
                Cells.orElse(available, "Unknown"),
                Cells.age(grid, now));
    }
}
