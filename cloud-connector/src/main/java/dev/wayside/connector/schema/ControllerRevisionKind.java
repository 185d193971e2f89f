// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** ControllerRevision: what a controller's object once said, kept to go back to. */
final class ControllerRevisionKind extends TypedKind {

    ControllerRevisionKind(TypeTable table) {
        super(Facts.of(ResourceType.CONTROLLER_REVISIONS, "apps/v1.ControllerRevision"), table);
    }

    @Override
    void check(KubeObject revision, Errors errors) {
        JsonObject json = revision.json();
        if (json.get("data").filter(JsonObject.class::isInstance).isEmpty()) {
            errors.required("data", "data is mandatory");
        }
        errors.nonNegative("revision", json.number("revision").orElse(0));
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("data", data(before), data(after));
    }

    private static Json data(KubeObject revision) {
        return revision.json().get("data").orElse(JsonNull.INSTANCE);
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Controller", "The object that it is a revision of."),
                Cells.number("Revision", "The higher, the newer."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject revision, Instant now) {
        return List.of(
                Cells.name(revision),
                Json.of(
                        revision.controller()
                                .map(
                                        owner ->
                                                resource(
                                                        owner.apiVersion(),
                                                        owner.kind(),
                                                        owner.name()))
                                .orElse("<none>")),
                Cells.count(revision.json(), "revision"),
                Cells.age(revision, now));
    }

    /** As kubectl names an object: {@code statefulset.apps/web}. */
    private static String resource(String apiVersion, String kind, String name) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : "." + apiVersion.substring(0, slash);
        return kind.toLowerCase(java.util.Locale.ROOT) + group + "/" + name;
    }
}
