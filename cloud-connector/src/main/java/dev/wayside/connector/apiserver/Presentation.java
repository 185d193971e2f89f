// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.ScaleColumns;
import dev.wayside.connector.store.ObjectStore.Event;
import dev.wayside.connector.store.ObjectStore.EventType;
import dev.wayside.connector.store.ObjectStore.ObjectList;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Gives objects and lists the form that the client asked for. */
final class Presentation {
    private final KindDefinition kind;
    private final Negotiation.Form form;
    private final String includeObject;
    private final Clock clock;
    private final LongAdder encodings;

    /**
     * @param includeObject what each row of a table brings along: {@code None}, {@code Metadata} or
     *     {@code Object}; {@code ""} for Metadata
     * @param encodings counts the events that were encoded
     */
    Presentation(
            KindDefinition kind,
            Negotiation.Form form,
            String includeObject,
            Clock clock,
            LongAdder encodings) {
        this.encodings = encodings;
        this.kind = kind;
        this.form = form == Negotiation.Form.DISCOVERY ? Negotiation.Form.PLAIN : form;
        this.includeObject = includeObject;
        this.clock = clock;
    }

    JsonObject object(KubeObject object) {
        return switch (form) {
            case TABLE ->
                    table(
                            JsonObject.of("resourceVersion", object.resourceVersion()),
                            true,
                            List.of(object));
            case METADATA -> metadataOnly(object);
            default -> kind.converted(object).json();
        };
    }

    /** The Scale of an object of the kind. */
    JsonObject scale(KubeObject scale) {
        return form == Negotiation.Form.TABLE
                ? table(
                        JsonObject.of("resourceVersion", scale.resourceVersion()),
                        definitions(ScaleColumns.ALL),
                        List.of(row(scale, ScaleColumns.cells(scale, clock.instant()))))
                : scale.json();
    }

    /** All that decides how an event looks; its kind and version are those of the watch. */
    private record Look(
            String apiVersion, Negotiation.Form form, String includeObject, boolean columns) {}

    /**
     * The line of a watch, made once for all watches that show the event alike. The ages in a table
     * are those at that time.
     *
     * @param first whether it is the first of its watch: later tables leave out the columns
     */
    byte[] line(Event event, boolean first) {
        boolean columns = form == Negotiation.Form.TABLE && first;
        Look look =
                new Look(
                        kind.type().apiVersion(),
                        form,
                        form == Negotiation.Form.TABLE ? includeObject : "",
                        columns);
        return event.in(look, made -> encoded(made, columns));
    }

    private byte[] encoded(Event event, boolean columns) {
        encodings.increment();
        KubeObject object = event.object();
        return line(
                event.type().name(),
                event.type() == EventType.BOOKMARK
                        ? bookmark(object)
                        : form == Negotiation.Form.TABLE
                                ? table(
                                        JsonObject.of("resourceVersion", object.resourceVersion()),
                                        columns,
                                        List.of(object))
                                : object(object));
    }

    static byte[] line(String type, Json object) {
        byte[] text =
                JsonObject.builder().put("type", type).put("object", object).build().toBytes();
        byte[] line = Arrays.copyOf(text, text.length + 1);
        line[text.length] = '\n';
        return line;
    }

    /** A bookmark has nothing but its revision, and perhaps an annotation. */
    private JsonObject bookmark(KubeObject object) {
        JsonObject metadata = object.metadata();
        if (form == Negotiation.Form.TABLE) {
            return table(metadata, false, List.of());
        }
        JsonObject bare =
                JsonObject.builder()
                        .put("kind", kind.type().kind())
                        .put("apiVersion", kind.type().apiVersion())
                        .put("metadata", metadata)
                        .build();
        return form == Negotiation.Form.METADATA ? metadataOnly(new KubeObject(bare)) : bare;
    }

    JsonObject list(ObjectList list) {
        JsonObject.Builder metadata =
                JsonObject.builder().put("resourceVersion", list.resourceVersion());
        metadata.putUnlessEmpty("continue", list.continueToken());
        if (!list.continueToken().isEmpty()) {
            list.remaining().ifPresent(count -> metadata.put("remainingItemCount", count));
        }
        if (form == Negotiation.Form.TABLE) {
            return table(metadata.build(), true, list.items());
        }
        List<Json> items = new ArrayList<>(list.items().size());
        list.items()
                .forEach(
                        item ->
                                items.add(
                                        form == Negotiation.Form.METADATA
                                                ? metadataOnly(item)
                                                : kind.converted(item).json()));
        boolean partial = form == Negotiation.Form.METADATA;
        return JsonObject.builder()
                .put("kind", partial ? "PartialObjectMetadataList" : kind.listKind())
                .put("apiVersion", partial ? "meta.k8s.io/v1" : kind.type().apiVersion())
                .put("metadata", metadata.build())
                .put("items", new JsonArray(items))
                .build();
    }

    private JsonObject table(JsonObject metadata, boolean columns, List<KubeObject> objects) {
        Instant now = clock.instant();
        List<Json> rows = new ArrayList<>(objects.size());
        for (KubeObject stored : objects) {
            KubeObject object = kind.converted(stored);
            rows.add(row(object, kind.cells(object, now)));
        }
        return table(metadata, columns ? definitions(kind.columns()) : JsonArray.EMPTY, rows);
    }

    private static JsonObject table(JsonObject metadata, JsonArray columns, List<Json> rows) {
        return JsonObject.builder()
                .put("kind", "Table")
                .put("apiVersion", "meta.k8s.io/v1")
                .put("metadata", metadata)
                .put("columnDefinitions", columns)
                .put("rows", new JsonArray(rows))
                .build();
    }

    private static JsonArray definitions(List<KindDefinition.Column> all) {
        List<Json> columns = new ArrayList<>();
        for (KindDefinition.Column column : all) {
            columns.add(
                    JsonObject.builder()
                            .put("name", column.name())
                            .put("type", column.type())
                            .put("format", column.format())
                            .put("description", column.description())
                            .put("priority", column.priority())
                            .build());
        }
        return new JsonArray(columns);
    }

    private JsonObject row(KubeObject object, List<Json> cells) {
        JsonObject.Builder row = JsonObject.builder().put("cells", new JsonArray(cells));
        switch (includeObject) {
            case "None" -> {}
            case "Object" -> row.put("object", object.json());
            default -> row.put("object", metadataOnly(object));
        }
        return row.build();
    }

    private static JsonObject metadataOnly(KubeObject object) {
        return JsonObject.builder()
                .put("kind", "PartialObjectMetadata")
                .put("apiVersion", "meta.k8s.io/v1")
                .put("metadata", object.metadata())
                .build();
    }
}
