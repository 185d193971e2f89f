// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A container's environment, and the expansion of {@code $(NAME)}, as core/v1 defines them. */
final class Environment {
    private Environment() {}

    /**
     * The variables in the order in which they were given; later ones replace earlier ones.
     *
     * @throws InputException if a ConfigMap, a Secret or a key of one is not there
     */
    static Map<String, String> of(JsonObject container, PodFields fields, Inputs inputs)
            throws InputException {
        Map<String, String> env = new LinkedHashMap<>();
        for (JsonObject from : container.array("envFrom").objects()) {
            String prefix = from.text("prefix");
            for (Map.Entry<String, String> entry : all(from, fields, inputs).entrySet()) {
                // As Kubernetes does, names that no environment can hold are passed over.
                if (isName(prefix + entry.getKey())) {
                    env.put(prefix + entry.getKey(), entry.getValue());
                }
            }
        }
        for (JsonObject variable : container.array("env").objects()) {
            String name = variable.text("name");
            if (variable.has("valueFrom")) {
                Optional<String> value = one(variable.object("valueFrom"), fields, inputs);
                value.ifPresent(present -> env.put(name, present));
            } else {
                env.put(name, expand(variable.text("value"), env));
            }
        }
        return env;
    }

    static List<String> expandAll(List<String> texts, Map<String, String> env) {
        return texts.stream().map(text -> expand(text, env)).toList();
    }

    /** {@code $(NAME)} becomes the variable's value if there is one; {@code $$} becomes $. */
    static String expand(String text, Map<String, String> env) {
        StringBuilder expanded = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            char here = text.charAt(at);
            if (here != '$' || at + 1 == text.length()) {
                expanded.append(here);
                at++;
            } else if (text.charAt(at + 1) == '$') {
                expanded.append('$');
                at += 2;
            } else if (text.charAt(at + 1) == '(' && text.indexOf(')', at + 2) > 0) {
                int end = text.indexOf(')', at + 2);
                String value = env.get(text.substring(at + 2, end));
                expanded.append(value == null ? text.substring(at, end + 1) : value);
                at = end + 1;
            } else {
                expanded.append(here).append(text.charAt(at + 1));
                at += 2;
            }
        }
        return expanded.toString();
    }

    private static Map<String, String> all(JsonObject from, PodFields fields, Inputs inputs)
            throws InputException {
        boolean secret = from.has("secretRef");
        JsonObject reference = from.object(secret ? "secretRef" : "configMapRef");
        ResourceType type = secret ? ResourceType.SECRETS : ResourceType.CONFIG_MAPS;
        Optional<KubeObject> object =
                inputs.find(
                        type,
                        fields.pod().namespace(),
                        reference.text("name"),
                        reference.flag("optional"));
        if (object.isEmpty()) {
            return Map.of();
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String key :
                new java.util.TreeSet<>(object.get().json().object("data").members().keySet())) {
            value(type, object.get(), key).ifPresent(value -> values.put(key, value));
        }
        return values;
    }

    private static Optional<String> one(JsonObject from, PodFields fields, Inputs inputs)
            throws InputException {
        if (from.has("fieldRef")) {
            return Optional.of(fields.value(from.text("fieldRef", "fieldPath")));
        }
        boolean secret = from.has("secretKeyRef");
        JsonObject reference = from.object(secret ? "secretKeyRef" : "configMapKeyRef");
        ResourceType type = secret ? ResourceType.SECRETS : ResourceType.CONFIG_MAPS;
        boolean optional = reference.flag("optional");
        String namespace = fields.pod().namespace();
        Optional<KubeObject> object =
                inputs.find(type, namespace, reference.text("name"), optional);
        if (object.isEmpty()) {
            return Optional.empty();
        }
        String key = reference.text("key");
        Optional<String> value = value(type, object.get(), key);
        if (value.isEmpty() && !optional) {
            throw new InputException(
                    "couldn't find key "
                            + key
                            + " in "
                            + type.kind()
                            + " "
                            + namespace
                            + "/"
                            + reference.text("name"));
        }
        return value;
    }

    private static Optional<String> value(ResourceType type, KubeObject object, String key)
            throws InputException {
        Optional<String> text = object.json().string("data", key);
        if (text.isEmpty() || type.equals(ResourceType.CONFIG_MAPS)) {
            return text;
        }
        return Optional.of(new String(decode(object, key, text.get()), StandardCharsets.UTF_8));
    }

    /** Base64 as Secrets' {@code data} and ConfigMaps' {@code binaryData} carry it. */
    static byte[] decode(KubeObject object, String key, String base64) throws InputException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            InputException failure =
                    new InputException(
                            "key " + key + " of " + object + " does not hold valid base64");
            failure.initCause(e);
            throw failure;
        }
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '=');
    }
}
