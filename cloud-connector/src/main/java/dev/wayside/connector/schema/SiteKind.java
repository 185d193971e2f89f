// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.Locale;

/** What the kinds of {@code site.superedge.io} share, in one of its two versions. */
abstract class SiteKind extends TypedKind {

    SiteKind(ResourceType type, String shortName, TypeTable table) {
        super(
                Facts.of(type, "site/" + type.version() + "." + type.kind(), shortName)
                        .with("status")
                        .countingGenerations()
                        .asCustom(),
                table);
    }

    /** The rules of the kind's own fields, which are spelled as in the second version. */
    abstract void checkSpec(JsonObject spec, Errors errors);

    /** A field of the second version as this one spells it. */
    final String spelled(String name) {
        return SiteSpelling.isFirst(type()) ? name.toLowerCase(Locale.ROOT) : name;
    }

    @Override
    final void check(KubeObject object, Errors errors) {
        // Nodes are given a label of that name.
        errors.invalid("metadata.name", object.name(), NameRules.qualified(object.name()));
        JsonObject spec =
                SiteSpelling.isFirst(type()) ? SiteSpelling.second(object).spec() : object.spec();
        SelectorRules.check(spec.object("selector"), "spec.selector", errors);
        checkSpec(spec, errors);
    }

    @Override
    public final KubeObject converted(KubeObject stored) {
        return SiteSpelling.isFirst(type()) ? SiteSpelling.first(stored) : stored;
    }

    @Override
    public final KubeObject unconverted(KubeObject object, String apiVersion) {
        return SiteSpelling.isFirst(type()) ? SiteSpelling.second(object) : object;
    }

    static Json deleting(KubeObject object, Instant now) {
        return object.deleted().isPresent()
                ? Json.of(HumanDuration.since(object.deleted(), now))
                : Json.of("");
    }
}
