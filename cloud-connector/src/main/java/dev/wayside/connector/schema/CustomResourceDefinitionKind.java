// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** CustomResourceDefinition: a kind that users add. What it makes of the kinds: ServedKinds. */
final class CustomResourceDefinitionKind extends TypedKind {
    CustomResourceDefinitionKind(TypeTable table) {
        super(
                new Facts(
                        ResourceType.CUSTOM_RESOURCE_DEFINITIONS,
                        "apiextensions/v1.CustomResourceDefinition",
                        List.of("crd", "crds"),
                        List.of("api-extensions"),
                        java.util.Set.of("status"),
                        true,
                        false),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject definition) {
        JsonObject spec = definition.spec();
        JsonObject names = spec.object("names");
        String kind = names.text("kind");
        if (!kind.isEmpty()) {
            if (names.text("singular").isEmpty()) {
                names = names.with("singular", kind.toLowerCase(Locale.ROOT));
            }
            if (names.text("listKind").isEmpty()) {
                names = names.with("listKind", kind + "List");
            }
            spec = spec.with("names", names);
        }
        if (spec.text("conversion", "strategy").isEmpty()) {
            spec = spec.with("conversion", spec.object("conversion").with("strategy", "None"));
        }
        return withStoredVersion(definition.withSpec(spec));
    }

    /** The version that objects are written in is noted with the change that makes it so. */
    private static KubeObject withStoredVersion(KubeObject definition) {
        JsonArray known = definition.status().array("storedVersions");
        List<String> versions = new ArrayList<>(known.strings());
        for (JsonObject version : definition.spec().array("versions").objects()) {
            String name = version.text("name");
            if (version.flag("storage") && !versions.contains(name)) {
                versions.add(name);
            }
        }
        return versions.size() == known.size()
                ? definition
                : definition.withStatus(
                        definition.status().with("storedVersions", JsonArray.ofStrings(versions)));
    }

    @Override
    void check(KubeObject definition, Errors errors) {
        new DefinitionRules(errors).check(definition);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        DefinitionRules.checkUpdate(before, after, errors);
    }

    /** What keeps it until its objects are gone is put on with the mark itself. */
    @Override
    public KubeObject markedForDeletion(KubeObject definition) {
        List<String> finalizers = new ArrayList<>(definition.finalizers());
        if (finalizers.contains(Definitions.CLEANUP)) {
            return definition;
        }
        finalizers.add(Definitions.CLEANUP);
        return definition.withMetadata("finalizers", JsonArray.ofStrings(finalizers));
    }

    @Override
    public List<String> warnings(KubeObject definition) {
        int rules = UncheckedRules.in(definition.spec().array("versions"));
        return rules == 0
                ? List.of()
                : List.of(
                        "spec.versions: "
                                + rules
                                + " x-kubernetes-validations rules are kept but not checked by this"
                                + " server; objects that break them are accepted");
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                new Column("Created At", "date", "", "When the definition was created.", 0));
    }

    @Override
    public List<Json> cells(KubeObject definition, Instant now) {
        return List.of(
                Cells.name(definition), Json.of(definition.metadata().text("creationTimestamp")));
    }
}
