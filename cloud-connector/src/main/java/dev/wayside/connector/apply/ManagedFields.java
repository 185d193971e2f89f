// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** All of {@code metadata.managedFields}: which writer owns which fields. Immutable. */
final class ManagedFields {
    static final ManagedFields NONE = new ManagedFields(List.of());

    /** Entries of updates that are kept apart; the oldest beyond it become one. */
    static final int MOST_UPDATES = 10;

    /** In whose name the oldest are kept. */
    private static final String ANCIENT = "ancient-changes";

    private static final Set<String> OPERATIONS = Set.of("Apply", "Update");
    private static final Comparator<ManagedEntry> ORDER =
            Comparator.<ManagedEntry, Boolean>comparing(entry -> !entry.writer().apply())
                    .thenComparing(ManagedEntry::time)
                    .thenComparing(entry -> entry.writer().name())
                    .thenComparing(entry -> entry.writer().apiVersion())
                    .thenComparing(entry -> entry.writer().subresource());

    private final List<ManagedEntry> entries;

    private ManagedFields(List<ManagedEntry> entries) {
        this.entries = entries;
    }

    /** Those that the store holds, which were made here. */
    static ManagedFields of(JsonArray json) {
        return json.isEmpty()
                ? NONE
                : new ManagedFields(json.objects().stream().map(ManagedEntry::of).toList());
    }

    /** Those that a client wrote; empty if they are malformed. */
    static Optional<ManagedFields> written(JsonArray json) {
        List<ManagedEntry> entries = new ArrayList<>();
        for (Json item : json) {
            if (!(item instanceof JsonObject entry)
                    || !OPERATIONS.contains(entry.text("operation"))
                    || !entry.text("fieldsType").matches("|FieldsV1")
                    || entry.text("apiVersion").isEmpty()) {
                return Optional.empty();
            }
            entries.add(ManagedEntry.of(entry));
        }
        ManagedFields fields = new ManagedFields(entries);
        try {
            fields.owned();
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
        return Optional.of(fields);
    }

    JsonArray json() {
        return new JsonArray(
                entries.stream().sorted(ORDER).map(entry -> (Json) entry.json()).toList());
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    List<ManagedEntry> entries() {
        return entries;
    }

    Optional<ManagedEntry> of(Writer writer) {
        return entries.stream().filter(entry -> entry.writer().isSame(writer)).findFirst();
    }

    /** All that anybody owns. */
    FieldSet owned() {
        FieldSet all = FieldSet.NONE;
        for (ManagedEntry entry : entries) {
            all = all.union(entry.fields());
        }
        return all;
    }

    boolean mayMeet(FieldSet set) {
        return entries.stream().anyMatch(entry -> entry.mayMeet(set));
    }

    /** Nobody owns these any more. */
    ManagedFields released(FieldSet gone) {
        return changed(
                entry ->
                        entry.mayMeet(gone)
                                ? entry.with(entry.fields().difference(gone), entry.time())
                                : entry);
    }

    private ManagedFields changed(UnaryOperator<ManagedEntry> change) {
        List<ManagedEntry> left = new ArrayList<>(entries.size());
        for (ManagedEntry entry : entries) {
            ManagedEntry after = change.apply(entry);
            if (after == entry || !after.fields().isEmpty()) {
                left.add(after);
            }
        }
        return new ManagedFields(left);
    }

    /** One writer owns exactly these; nothing of it is left if they are none. */
    ManagedFields with(Writer writer, FieldSet fields, String time) {
        List<ManagedEntry> left = new ArrayList<>(without(writer).entries);
        if (!fields.isEmpty()) {
            left.add(new ManagedEntry(writer, time, fields));
        }
        return new ManagedFields(left);
    }

    ManagedFields without(Writer writer) {
        return new ManagedFields(
                entries.stream().filter(entry -> !entry.writer().isSame(writer)).toList());
    }

    /** One writer owns these too. */
    ManagedFields claimed(Writer writer, FieldSet more, String time) {
        if (more.isEmpty()) {
            return this;
        }
        FieldSet before = of(writer).map(ManagedEntry::fields).orElse(FieldSet.NONE);
        return with(writer, before.union(more), time).bounded();
    }

    /** With the oldest updates of a version joined, where there are too many. */
    private ManagedFields bounded() {
        List<ManagedEntry> updates =
                new ArrayList<>(
                        entries.stream()
                                .filter(entry -> !entry.writer().apply())
                                .sorted(Comparator.comparing(ManagedEntry::time))
                                .toList());
        if (updates.size() <= MOST_UPDATES) {
            return this;
        }
        ManagedEntry oldest = updates.get(0);
        String version = oldest.writer().apiVersion();
        ManagedFields left = this;
        FieldSet joined = FieldSet.NONE;
        String time = "";
        int count = updates.size();
        for (ManagedEntry entry : updates) {
            if (entry.writer().apiVersion().equals(version) && count >= MOST_UPDATES) {
                joined = joined.union(entry.fields());
                time = entry.time();
                left = left.without(entry.writer());
                count--;
            }
        }
        Writer ancient = new Writer(ANCIENT, false, version, "");
        FieldSet known = left.of(ancient).map(ManagedEntry::fields).orElse(FieldSet.NONE);
        return left.with(ancient, known.union(joined), time);
    }
}
