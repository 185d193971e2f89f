// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/** The rules for a container's environment. No message shows a value. */
final class EnvironmentRules {
    private static final List<String> VALUE_SOURCES =
            List.of("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef");
    private static final List<String> FIELDS =
            List.of(
                    "metadata.name",
                    "metadata.namespace",
                    "metadata.uid",
                    "spec.nodeName",
                    "spec.serviceAccountName",
                    "status.hostIP",
                    "status.hostIPs",
                    "status.podIP",
                    "status.podIPs");
    private static final Pattern SUBSCRIPT =
            Pattern.compile("metadata\\.(labels|annotations)\\['.+'\\]");

    private EnvironmentRules() {}

    static void variables(JsonArray variables, String path, Errors errors) {
        for (int i = 0; i < variables.size(); i++) {
            if (variables.get(i) instanceof JsonObject variable) {
                String here = path + "[" + i + "]";
                String name = variable.text("name");
                if (name.isEmpty()) {
                    errors.required(here + ".name");
                } else {
                    errors.invalid(here + ".name", name, NameRules.environmentVariable(name));
                }
                if (variable.has("valueFrom")) {
                    valueFrom(variable, here + ".valueFrom", errors);
                }
            }
        }
    }

    private static void valueFrom(JsonObject variable, String path, Errors errors) {
        JsonObject from = variable.object("valueFrom");
        long sources = VALUE_SOURCES.stream().filter(from::has).count();
        if (sources == 0) {
            errors.invalid(
                    path,
                    "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or"
                            + " `secretKeyRef`");
        } else if (!variable.text("value").isEmpty()) {
            errors.invalid(path, "", "may not be specified when `value` is not empty");
        } else if (sources > 1) {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
        for (String source : List.of("configMapKeyRef", "secretKeyRef")) {
            if (from.has(source)) {
                String here = path + "." + source;
                if (from.text(source, "name").isEmpty()) {
                    errors.required(here + ".name");
                }
                String key = from.text(source, "key");
                if (key.isEmpty()) {
                    errors.required(here + ".key");
                } else {
                    errors.invalid(here + ".key", key, NameRules.configKey(key));
                }
            }
        }
        if (from.has("fieldRef")) {
            String field = from.text("fieldRef", "fieldPath");
            if (field.isEmpty()) {
                errors.required(path + ".fieldRef.fieldPath");
            } else if (!FIELDS.contains(field) && !SUBSCRIPT.matcher(field).matches()) {
                errors.notSupported(path + ".fieldRef.fieldPath", field, FIELDS);
            }
        }
        if (from.has("resourceFieldRef") && from.text("resourceFieldRef", "resource").isEmpty()) {
            errors.required(path + ".resourceFieldRef.resource");
        }
    }

    static void sources(JsonArray sources, String path, Errors errors) {
        for (int i = 0; i < sources.size(); i++) {
            if (sources.get(i) instanceof JsonObject source) {
                String here = path + "[" + i + "]";
                String prefix = source.text("prefix");
                if (!prefix.isEmpty()) {
                    errors.invalid(here + ".prefix", prefix, NameRules.environmentVariable(prefix));
                }
                boolean configMap = source.has("configMapRef");
                boolean secret = source.has("secretRef");
                if (!configMap && !secret) {
                    errors.invalid(here, "", "must specify one of: `configMapRef` or `secretRef`");
                } else if (configMap && secret) {
                    errors.invalid(
                            here, "", "may not have more than one field specified at a time");
                }
                for (String kind : List.of("configMapRef", "secretRef")) {
                    if (source.has(kind) && source.text(kind, "name").isEmpty()) {
                        errors.required(here + "." + kind + ".name");
                    }
                }
            }
        }
    }
}
