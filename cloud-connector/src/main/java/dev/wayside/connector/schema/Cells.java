// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.schema.KindDefinition.Column;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Columns and cells that several kinds share. */
final class Cells {
    static final Column NAME =
            new Column(
                    "Name",
                    "string",
                    "name",
                    "Name must be unique within a namespace. Is required when creating resources,"
                        + " although some resources may allow a client to request the generation of"
                        + " an appropriate name automatically.",
                    0);
    static final Column AGE = text("Age", "How long ago the object was created.");
    static final List<Column> WORKLOAD_WIDE =
            List.of(
                    wide("Containers", "Names of each container in the template."),
                    wide("Images", "Images referenced by each container in the template."),
                    wide("Selector", "Label selector for pods."));

    private Cells() {}

    static Column text(String name, String description) {
        return new Column(name, "string", "", description, 0);
    }

    static Column number(String name, String description) {
        return new Column(name, "integer", "", description, 0);
    }

    /** Seen with {@code -o wide} alone. */
    static Column wide(String name, String description) {
        return new Column(name, "string", "", description, 1);
    }

    static Json name(KubeObject object) {
        return Json.of(object.name());
    }

    static Json age(KubeObject object, Instant now) {
        return Json.of(HumanDuration.since(object.created(), now));
    }

    static Json count(JsonObject object, String... path) {
        return Json.of(object.number(path).orElse(0));
    }

    static Json orElse(String text, String otherwise) {
        return Json.of(text.isEmpty() ? otherwise : text);
    }

    /** The cells of {@link #WORKLOAD_WIDE}. */
    static List<Json> workload(JsonObject spec) {
        List<JsonObject> containers = spec.object("template", "spec").array("containers").objects();
        return List.of(
                Json.of(joined(containers, "name")),
                Json.of(joined(containers, "image")),
                Json.of(selector(spec.object("selector"))));
    }

    private static String joined(List<JsonObject> containers, String field) {
        return containers.stream()
                .map(container -> container.text(field))
                .collect(Collectors.joining(","));
    }

    private static String selector(JsonObject selector) {
        String text =
                SelectorRules.read(selector).stream()
                        .flatMap(read -> read.requirements().stream())
                        .sorted(Comparator.comparing(LabelSelector.Requirement::key))
                        .map(term -> new LabelSelector(List.of(term)).toString())
                        .collect(Collectors.joining(","));
        return text.isEmpty() ? "<none>" : text;
    }
}
