// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** ControllerRevision: a template as a workload once had it. */
final class ControllerRevisionKind extends TypedKind {

    ControllerRevisionKind(TypeTable table) {
        super(Facts.of(ResourceType.CONTROLLER_REVISIONS, "apps/v1.ControllerRevision"), table);
    }

    @Override
    void check(KubeObject revision, Errors errors) {
        errors.nonNegative("revision", revision.json().number("revision").orElse(0));
        if (!revision.json().has("data")) {
            errors.required("data", "data is mandatory");
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("", "data", before.json(), after.json());
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Controller", "Controller of the object"),
                Cells.text("Revision", "The number of the state that the object keeps."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject revision, Instant now) {
        String controller =
                revision.controller()
                        .map(
                                owner ->
                                        owner.kind().toLowerCase(Locale.ROOT)
                                                + group(owner.apiVersion())
                                                + "/"
                                                + owner.name())
                        .orElse("<none>");
        return List.of(
                Cells.name(revision),
                Json.of(controller),
                Json.of(Long.toString(revision.json().number("revision").orElse(0))),
                Cells.age(revision, now));
    }

    private static String group(String apiVersion) {
        int slash = apiVersion.indexOf('/');
        return slash < 0 ? "" : "." + apiVersion.substring(0, slash);
    }
}
