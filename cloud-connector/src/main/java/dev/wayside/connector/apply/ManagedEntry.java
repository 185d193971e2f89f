// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.JsonObject;
import org.jspecify.annotations.Nullable;

/** One entry of {@code metadata.managedFields}. Its fields are read when they are needed. */
final class ManagedEntry {
    private final Writer writer;
    private final String time;
    private final @Nullable JsonObject json;
    private @Nullable FieldSet fields;

    private ManagedEntry(
            Writer writer, String time, @Nullable JsonObject json, @Nullable FieldSet fields) {
        this.writer = writer;
        this.time = time;
        this.json = json;
        this.fields = fields;
    }

    ManagedEntry(Writer writer, String time, FieldSet fields) {
        this(writer, time, null, fields);
    }

    static ManagedEntry of(JsonObject json) {
        Writer writer =
                new Writer(
                        json.text("manager"),
                        json.text("operation").equals("Apply"),
                        json.text("apiVersion"),
                        json.text("subresource"));
        return new ManagedEntry(writer, json.text("time"), json, null);
    }

    Writer writer() {
        return writer;
    }

    /** RFC 3339, {@code ""} if unknown. */
    String time() {
        return time;
    }

    /**
     * @throws IllegalArgumentException if what was read is malformed
     */
    FieldSet fields() {
        FieldSet known = fields;
        if (known == null) {
            known = json == null ? FieldSet.NONE : FieldSet.parse(json.object("fieldsV1"));
            fields = known;
        }
        return known;
    }

    /** Whether the entry may own something of the set; says so without reading all of it. */
    boolean mayMeet(FieldSet set) {
        JsonObject raw = json == null ? null : json.object("fieldsV1");
        return raw == null || set.children().keySet().stream().anyMatch(raw::has);
    }

    ManagedEntry with(FieldSet changed, String newTime) {
        return changed.equals(fields()) && newTime.equals(time)
                ? this
                : new ManagedEntry(writer, newTime, changed);
    }

    /** As it was read, if it was. */
    JsonObject json() {
        if (json != null) {
            return json;
        }
        return JsonObject.builder()
                .putUnlessEmpty("manager", writer.name())
                .put("operation", writer.apply() ? "Apply" : "Update")
                .put("apiVersion", writer.apiVersion())
                .putUnlessEmpty("time", time)
                .put("fieldsType", "FieldsV1")
                .put("fieldsV1", fields().json())
                .putUnlessEmpty("subresource", writer.subresource())
                .build();
    }
}
