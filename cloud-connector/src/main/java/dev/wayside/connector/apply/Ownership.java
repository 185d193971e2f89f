// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apply;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Keeps {@code metadata.managedFields}. An update owns what it changes, and whoever owned that owns
 * it no more. An applier owns what its configuration names; what it names no more, and nobody else
 * owns, is removed; where it would change what another owns it is refused, unless it insists.
 */
public final class Ownership {
    private static final String FIELD = "managedFields";

    /** Who owns what was there before anybody was asked. */
    private static final String BEFORE = "before-first-apply";

    private static final JsonArray RESET = JsonArray.of(JsonObject.EMPTY);

    private final Scope scope;
    private final String now;

    /**
     * @param now in RFC 3339
     */
    public Ownership(Scope scope, String now) {
        this.scope = scope;
        this.now = now;
    }

    /** A new object that its creator owns, all that was filled in among it. */
    public KubeObject created(KubeObject object, String manager) {
        Comparison all = compare(JsonObject.EMPTY, object.json());
        return with(
                object,
                ManagedFields.NONE.claimed(scope.writer(manager, false), all.set(), now).json());
    }

    /**
     * A new object of which its applier owns what the configuration names.
     *
     * @throws IllegalArgumentException if the configuration is malformed
     */
    public KubeObject createdByApply(KubeObject object, JsonObject config, String manager) {
        Configs.check(config, scope.shape());
        return with(
                object,
                ManagedFields.NONE.with(scope.writer(manager, true), named(config), now).json());
    }

    /**
     * A changed object.
     *
     * @param after with the managedFields that the client wrote, if it did
     */
    public KubeObject updated(KubeObject before, KubeObject after, String manager) {
        JsonArray known = of(before);
        JsonArray written = of(after);
        Comparison changes = compare(before.json(), after.json());
        Optional<ManagedFields> own =
                written.isEmpty() || written.equals(known)
                        ? Optional.empty()
                        : written.equals(RESET)
                                ? Optional.of(ManagedFields.NONE)
                                : ManagedFields.written(written);
        if (own.isEmpty() && changes.isSame()) {
            return with(after, known);
        }
        return with(
                after,
                own.orElseGet(() -> ManagedFields.of(known))
                        .released(changes.touched())
                        .claimed(scope.writer(manager, false), changes.set(), now)
                        .json());
    }

    /** A changed object whose writer owns nothing; others lose what it changed. */
    public KubeObject released(KubeObject before, KubeObject after) {
        JsonArray known = of(before);
        if (known.isEmpty()) {
            return with(after, known);
        }
        ManagedFields fields = ManagedFields.of(known);
        FieldSet reach = scope.reach();
        if (!reach.isEmpty() && !fields.mayMeet(reach)) {
            return with(after, known);
        }
        FieldSet touched = compare(before.json(), after.json()).touched();
        return with(after, fields.mayMeet(touched) ? fields.released(touched).json() : known);
    }

    /**
     * What a configuration makes of an object.
     *
     * @param object merged and pruned, not yet defaulted or validated
     */
    public record Applied(JsonObject object, Ownership ownership, KubeObject before, State state) {

        /** The object as it is to be stored, once all else about it is settled. */
        public KubeObject owned(KubeObject settled) {
            return ownership.settled(this, settled);
        }
    }

    /**
     * @param others what others own now
     */
    record State(
            Writer writer, FieldSet fields, ManagedFields others, Optional<ManagedEntry> was) {}

    /**
     * Applies a configuration.
     *
     * @param normal brings an object into the form in which it is stored
     * @throws ApplyConflict if others own what it would change, and it does not insist
     * @throws IllegalArgumentException if the configuration is malformed
     */
    public Applied apply(
            KubeObject before,
            JsonObject config,
            String manager,
            boolean force,
            UnaryOperator<JsonObject> normal) {
        JsonObject settable = scope.settable(config);
        Configs.check(settable, scope.shape());
        Writer writer = scope.writer(manager, true);
        FieldSet fields = named(config);
        ManagedFields known = known(before);
        Optional<ManagedEntry> was = known.of(writer);
        ManagedFields others = known.without(writer);

        JsonObject merged = (JsonObject) TypedMerge.merge(before.json(), settable, scope.shape());
        JsonObject pruned =
                new Pruning(
                                was.map(ManagedEntry::fields).orElse(FieldSet.NONE),
                                others.owned().union(fields))
                        .prune(merged, scope.shape());
        Comparison changes = compare(before.json(), normal.apply(pruned));
        // To set something to nothing takes it from its owner as well.
        FieldSet claimed = changes.set().union(changes.removed().intersection(fields));
        List<ApplyConflict.Field> conflicts = force ? List.of() : conflicts(others, claimed);
        if (!conflicts.isEmpty() && !LastApplied.allows(before, manager, conflicts, scope)) {
            throw new ApplyConflict(conflicts);
        }
        State state = new State(writer, fields, others.released(changes.touched()), was);
        return new Applied(LastApplied.kept(before, pruned, config, manager), this, before, state);
    }

    private ManagedFields known(KubeObject before) {
        ManagedFields known = ManagedFields.of(of(before));
        if (!known.isEmpty()) {
            return known;
        }
        FieldSet all = compare(JsonObject.EMPTY, before.json()).set();
        return ManagedFields.NONE.with(new Writer(BEFORE, false, scope.apiVersion(), ""), all, now);
    }

    private static List<ApplyConflict.Field> conflicts(ManagedFields others, FieldSet claimed) {
        List<ApplyConflict.Field> conflicts = new ArrayList<>();
        for (ManagedEntry entry : others.entries()) {
            entry.fields()
                    .intersection(claimed)
                    .paths()
                    .forEach(
                            path ->
                                    conflicts.add(
                                            new ApplyConflict.Field(
                                                    entry.writer().describe(), path)));
        }
        return conflicts;
    }

    private KubeObject settled(Applied applied, KubeObject settled) {
        State state = applied.state();
        boolean same =
                state.was().map(ManagedEntry::fields).filter(state.fields()::equals).isPresent()
                        && bare(settled).equals(bare(applied.before()));
        // A configuration that says what is so already leaves no trace.
        String time = same ? state.was().map(ManagedEntry::time).orElse(now) : now;
        return with(settled, state.others().with(state.writer(), state.fields(), time).json());
    }

    private static JsonObject bare(KubeObject object) {
        return object.withoutMetadata(FIELD).withoutMetadata("resourceVersion").json();
    }

    private FieldSet named(JsonObject config) {
        return scope.ownable(FieldSet.of(config, scope.shape()));
    }

    private Comparison compare(JsonObject before, JsonObject after) {
        return scope.ownable(Comparison.between(before, after, scope.shape()));
    }

    private static JsonArray of(KubeObject object) {
        return object.metadata().array(FIELD);
    }

    private static KubeObject with(KubeObject object, JsonArray entries) {
        return entries.isEmpty()
                ? object.metadata().has(FIELD) ? object.withoutMetadata(FIELD) : object
                : object.withMetadata(FIELD, entries);
    }
}
