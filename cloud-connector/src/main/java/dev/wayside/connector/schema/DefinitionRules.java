// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** What a CustomResourceDefinition must be like, in the words of Kubernetes. One use. */
final class DefinitionRules {
    private static final String APPROVAL = "api-approved.kubernetes.io";
    private static final int MOST_VERSIONS = 20;
    private static final int MOST_COLUMNS = 100;
    private static final int MOST_SELECTABLE = 8;
    private static final List<String> COLUMN_TYPES =
            List.of("boolean", "date", "integer", "number", "string");
    private static final List<String> COLUMN_FORMATS =
            List.of("byte", "date", "date-time", "double", "float", "int32", "int64", "password");
    private static final Set<String> SELECTABLE_TYPES = Set.of("string", "integer", "boolean");
    private static final Pattern LABEL = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final String LABEL_TEXT =
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with"
                    + " an alphabetic character, and end with an alphanumeric character (e.g."
                    + " 'my-name',  or 'abc-123', regex used for validation is"
                    + " '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private final Errors errors;

    DefinitionRules(Errors errors) {
        this.errors = errors;
    }

    void check(KubeObject definition) {
        JsonObject spec = definition.spec();
        String group = spec.text("group");
        JsonObject names = spec.object("names");
        if (!definition.name().equals(names.text("plural") + "." + group)) {
            errors.invalid(
                    "metadata.name",
                    definition.name(),
                    "must be spec.names.plural+\".\"+spec.group");
        }
        group(group);
        approval(definition, group);
        String scope = spec.text("scope");
        if (scope.isEmpty()) {
            errors.required("spec.scope");
        } else if (!scope.equals("Cluster") && !scope.equals("Namespaced")) {
            errors.notSupported("spec.scope", scope, List.of("Cluster", "Namespaced"));
        }
        names(names);
        String strategy = spec.text("conversion", "strategy");
        if (!strategy.equals("None")) {
            errors.notSupported("spec.conversion.strategy", strategy, List.of("None"));
        }
        if (spec.flag("preserveUnknownFields")) {
            errors.invalid(
                    "spec.preserveUnknownFields",
                    Json.of(true),
                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in"
                            + " spec.versions[*].schema instead");
        }
        versions(spec.array("versions"));
        stored(definition);
    }

    private void group(String group) {
        if (group.isEmpty()) {
            errors.required("spec.group");
            return;
        }
        List<String> wrong = NameRules.subdomain(group);
        errors.invalid("spec.group", group, wrong);
        if (wrong.isEmpty() && !group.contains(".")) {
            errors.invalid("spec.group", group, "should be a domain with at least one dot");
        }
    }

    private void approval(KubeObject definition, String group) {
        boolean guarded =
                group.equals("k8s.io")
                        || group.endsWith(".k8s.io")
                        || group.equals("kubernetes.io")
                        || group.endsWith(".kubernetes.io");
        if (guarded && definition.annotation(APPROVAL).isEmpty()) {
            errors.required(
                    "metadata.annotations[" + APPROVAL + "]",
                    "protected groups must have approval annotation \""
                            + APPROVAL
                            + "\", see https://github.com/kubernetes/enhancements/pull/1111");
        }
    }

    private void names(JsonObject names) {
        for (String name : List.of("plural", "singular", "kind", "listKind")) {
            if (names.text(name).isEmpty()) {
                errors.required("spec.names." + name);
            }
        }
        label(names.text("plural"), "spec.names.plural", "");
        label(names.text("singular"), "spec.names.singular", "");
        String mixed = "may have mixed case, but should otherwise match: ";
        label(names.text("kind"), "spec.names.kind", mixed);
        label(names.text("listKind"), "spec.names.listKind", mixed);
        each(names.array("shortNames"), "spec.names.shortNames");
        each(names.array("categories"), "spec.names.categories");
        String kind = names.text("kind");
        if (!kind.isEmpty() && kind.equals(names.text("listKind"))) {
            errors.invalid("spec.names.listKind", kind, "kind and listKind may not be the same");
        }
    }

    private void each(JsonArray labels, String path) {
        List<String> all = labels.strings();
        for (int i = 0; i < all.size(); i++) {
            String field = path + "[" + i + "]";
            if (all.get(i).isEmpty()) {
                errors.invalid(field, "", LABEL_TEXT);
            }
            label(all.get(i), field, "");
        }
    }

    /** Nothing to say of the empty one, which is required elsewhere. */
    private void label(String text, String path, String mixedCase) {
        if (text.isEmpty()) {
            return;
        }
        String name = mixedCase.isEmpty() ? text : text.toLowerCase(Locale.ROOT);
        if (text.length() > 63) {
            errors.invalid(path, text, mixedCase + "must be no more than 63 characters");
        } else if (!LABEL.matcher(name).matches()) {
            errors.invalid(path, text, mixedCase + LABEL_TEXT);
        }
    }

    private void versions(JsonArray versions) {
        String path = "spec.versions";
        if (versions.size() > MOST_VERSIONS) {
            errors.tooMany(path, versions.size(), MOST_VERSIONS);
            return;
        }
        Set<String> names = new HashSet<>();
        int stored = 0;
        for (int i = 0; i < versions.size(); i++) {
            JsonObject version = versions.objects().get(i);
            String here = path + "[" + i + "]";
            String name = version.text("name");
            if (name.isEmpty()) {
                errors.required(here + ".name");
            }
            label(name, here + ".name", "");
            if (!names.add(name)) {
                errors.invalid(path, versions, "must contain unique version names");
            }
            stored += version.flag("storage") ? 1 : 0;
            version(version, here);
        }
        if (stored != 1) {
            // The versions themselves would drown the message in schemas.
            errors.invalid(
                    path,
                    JsonArray.ofStrings(names),
                    "must have exactly one version marked as storage version");
        }
    }

    private void version(JsonObject version, String path) {
        if (!version.text("deprecationWarning").isEmpty()) {
            String warning = version.text("deprecationWarning");
            if (!version.flag("deprecated")) {
                errors.invalid(
                        path + ".deprecationWarning",
                        warning,
                        "can only be set for deprecated versions");
            }
            if (NameRules.bytes(warning) > 256) {
                errors.tooLong(path + ".deprecationWarning", 256);
            }
        }
        JsonObject schema = version.object("schema", "openAPIV3Schema");
        String schemaPath = path + ".schema.openAPIV3Schema";
        if (schema.isEmpty()) {
            errors.required(schemaPath, "schemas are required");
        } else {
            Errors wrong = new Errors();
            new StructuralRules(wrong).check(schema, schemaPath);
            errors.addAll(wrong);
        }
        columns(version.array("additionalPrinterColumns"), path + ".additionalPrinterColumns");
        if (version.object("subresources").has("scale")) {
            scale(version.object("subresources", "scale"), path + ".subresources.scale");
        }
        selectable(version.array("selectableFields"), schema, path + ".selectableFields");
    }

    private void columns(JsonArray columns, String path) {
        if (columns.size() > MOST_COLUMNS) {
            errors.tooMany(path, columns.size(), MOST_COLUMNS);
            return;
        }
        for (int i = 0; i < columns.size(); i++) {
            JsonObject column = columns.objects().get(i);
            String here = path + "[" + i + "]";
            String type = column.text("type");
            if (column.text("name").isEmpty()) {
                errors.required(here + ".name");
            }
            if (type.isEmpty()) {
                errors.required(here + ".type");
            } else if (!COLUMN_TYPES.contains(type)) {
                errors.notSupported(here + ".type", type, COLUMN_TYPES);
            }
            String format = column.text("format");
            if (!format.isEmpty() && !COLUMN_FORMATS.contains(format)) {
                errors.notSupported(here + ".format", format, COLUMN_FORMATS);
            }
            jsonPath(column.text("jsonPath"), here + ".jsonPath", parsed -> {});
        }
    }

    private void jsonPath(String text, String field, Consumer<JsonPath> then) {
        if (text.isEmpty()) {
            errors.required(field);
            return;
        }
        try {
            then.accept(JsonPath.parse(text));
        } catch (IllegalArgumentException e) {
            errors.invalid(field, text, "is an invalid jsonpath: " + e.getMessage());
        }
    }

    private void scale(JsonObject scale, String path) {
        under(scale, "specReplicasPath", List.of("spec"), path);
        under(scale, "statusReplicasPath", List.of("status"), path);
        if (!scale.text("labelSelectorPath").isEmpty()) {
            under(scale, "labelSelectorPath", List.of("spec", "status"), path);
        }
    }

    private void under(JsonObject scale, String field, List<String> roots, String path) {
        String text = scale.text(field);
        jsonPath(
                text,
                path + "." + field,
                parsed -> {
                    List<String> names = parsed.names();
                    if (names.size() < 2 || !roots.contains(names.get(0))) {
                        errors.invalid(
                                path + "." + field,
                                text,
                                "should be a json path under ." + String.join(" or .", roots));
                    }
                });
    }

    private void selectable(JsonArray fields, JsonObject schema, String path) {
        if (fields.size() > MOST_SELECTABLE) {
            errors.tooMany(path, fields.size(), MOST_SELECTABLE);
            return;
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < fields.size(); i++) {
            String text = fields.objects().get(i).text("jsonPath");
            String here = path + "[" + i + "].jsonPath";
            if (!seen.add(text)) {
                errors.duplicate(here, text);
            }
            jsonPath(
                    text,
                    here,
                    parsed -> {
                        JsonObject place = schema;
                        for (String name : parsed.names()) {
                            place = place.object("properties", name);
                        }
                        boolean meta =
                                !parsed.names().isEmpty()
                                        && parsed.names().get(0).equals("metadata");
                        if (parsed.names().isEmpty()
                                || meta
                                || !SELECTABLE_TYPES.contains(place.text("type"))) {
                            errors.invalid(
                                    here,
                                    text,
                                    "is an invalid path: must point to a field of type string,"
                                            + " boolean or integer that the schema has outside of"
                                            + " metadata");
                        }
                    });
        }
    }

    private void stored(KubeObject definition) {
        List<String> names = new ArrayList<>();
        String storage = "";
        for (JsonObject version : definition.spec().array("versions").objects()) {
            names.add(version.text("name"));
            storage = version.flag("storage") ? version.text("name") : storage;
        }
        List<String> stored = definition.status().array("storedVersions").strings();
        for (int i = 0; i < stored.size(); i++) {
            if (!names.contains(stored.get(i))) {
                errors.invalid(
                        "status.storedVersions[" + i + "]",
                        stored.get(i),
                        "missing from spec.versions; must appear in spec.versions");
            }
        }
        if (!stored.isEmpty() && !storage.isEmpty() && !stored.contains(storage)) {
            errors.invalid(
                    "status.storedVersions",
                    JsonArray.ofStrings(stored),
                    "must have the storage version " + storage);
        }
    }

    static void checkUpdate(KubeObject before, KubeObject after, Errors errors) {
        immutable(before, after, errors, "group");
        immutable(before, after, errors, "names", "plural");
        if (before.conditionIsTrue("Established")) {
            // What is stored already is of this kind and lies in, or not in, namespaces.
            immutable(before, after, errors, "scope");
            immutable(before, after, errors, "names", "kind");
        }
    }

    private static void immutable(
            KubeObject before, KubeObject after, Errors errors, String... path) {
        errors.immutable(
                "spec." + String.join(".", path),
                before.spec().at(path).orElse(JsonNull.INSTANCE),
                after.spec().at(path).orElse(JsonNull.INSTANCE));
    }
}
