// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Event (core/v1). */
final class EventKind extends TypedKind {

    EventKind(TypeTable table) {
        super(Facts.of(ResourceType.EVENTS, "core/v1.Event", "ev"), table);
    }

    @Override
    void check(KubeObject event, Errors errors) {
        String about = event.json().text("involvedObject", "namespace");
        // Events about cluster-wide objects live in the default namespace.
        boolean fits =
                about.isEmpty()
                        ? event.namespace().isEmpty() || event.namespace().equals("default")
                        : about.equals(event.namespace());
        if (!fits) {
            errors.invalid("involvedObject.namespace", about, "does not match event.namespace");
        }
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        Map<String, Function<KubeObject, String>> fields = new LinkedHashMap<>();
        for (String part :
                List.of(
                        "kind",
                        "namespace",
                        "name",
                        "uid",
                        "apiVersion",
                        "resourceVersion",
                        "fieldPath")) {
            fields.put("involvedObject." + part, at("involvedObject", part));
        }
        fields.put("reason", at("reason"));
        fields.put("reportingComponent", at("reportingComponent"));
        fields.put("source", EventKind::component);
        fields.put("type", at("type"));
        return fields;
    }

    private static String component(KubeObject event) {
        return event.json()
                .string("source", "component")
                .orElse(event.json().text("reportingComponent"));
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.text("Last Seen", "How long ago it was last seen."),
                Cells.text("Type", "Normal or Warning."),
                Cells.text("Reason", "Why, in one word."),
                Cells.text("Object", "What it is about."),
                Cells.wide("Subobject", "The part of the object."),
                Cells.wide("Source", "Who says so."),
                Cells.text("Message", "What happened."),
                Cells.wide("First Seen", "How long ago it was first seen."),
                Cells.wide("Count", "How often it was seen."),
                new Column("Name", "string", "name", "Name of the event.", 1));
    }

    @Override
    public List<Json> cells(KubeObject event, Instant now) {
        JsonObject json = event.json();
        Optional<Instant> first =
                KubeObject.time(json, "firstTimestamp")
                        .or(() -> KubeObject.time(json, "eventTime"));
        Optional<Instant> last = KubeObject.time(json, "lastTimestamp").or(() -> first);
        long count = Math.max(1, json.number("count").orElse(1));
        if (json.has("series")) {
            last = KubeObject.time(json.object("series"), "lastObservedTime");
            count = json.number("series", "count").orElse(0);
        }
        String kind = json.text("involvedObject", "kind").toLowerCase(Locale.ROOT);
        String name = json.text("involvedObject", "name");
        String host = json.string("source", "host").orElse(json.text("reportingInstance"));
        String source = component(event);
        return List.of(
                Json.of(HumanDuration.since(last, now)),
                Json.of(json.text("type")),
                Json.of(json.text("reason")),
                Json.of(name.isEmpty() ? kind : kind + "/" + name),
                Json.of(json.text("involvedObject", "fieldPath")),
                Json.of(host.isEmpty() ? source : source + ", " + host),
                Json.of(json.text("message").strip()),
                Json.of(HumanDuration.since(first, now)),
                Json.of(count),
                Cells.name(event));
    }
}
