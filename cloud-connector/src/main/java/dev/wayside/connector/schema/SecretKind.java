// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Secret. No message of its rules ever shows a value. */
final class SecretKind extends TypedKind {

    SecretKind(TypeTable table) {
        super(Facts.of(ResourceType.SECRETS, "core/v1.Secret"), table);
    }

    @Override
    KubeObject defaulted(KubeObject secret) {
        JsonObject json = PodDefaults.absent(secret.json(), "type", Json.of("Opaque"));
        if (json.has("stringData")) {
            JsonObject.Builder data = json.object("data").toBuilder();
            json.object("stringData")
                    .strings()
                    .forEach(
                            (key, value) ->
                                    data.put(
                                            key,
                                            Base64.getEncoder()
                                                    .encodeToString(
                                                            value.getBytes(
                                                                    StandardCharsets.UTF_8))));
            json =
                    json.without("stringData").toBuilder()
                            .putUnlessEmpty("data", data.build())
                            .build();
        }
        return new KubeObject(json);
    }

    @Override
    void check(KubeObject secret, Errors errors) {
        JsonObject data = secret.json().object("data");
        DataRules.keys(data, "data", errors);
        DataRules.size(DataRules.decodedBytes(data), errors);
        switch (secret.json().text("type")) {
            case "kubernetes.io/service-account-token" -> {
                if (secret.annotation("kubernetes.io/service-account.name").isEmpty()) {
                    errors.required("metadata.annotations[kubernetes.io/service-account.name]");
                }
            }
            case "kubernetes.io/dockercfg" -> keys(data, errors, ".dockercfg");
            case "kubernetes.io/dockerconfigjson" -> keys(data, errors, ".dockerconfigjson");
            case "kubernetes.io/ssh-auth" -> keys(data, errors, "ssh-privatekey");
            case "kubernetes.io/tls" -> keys(data, errors, "tls.crt", "tls.key");
            case "kubernetes.io/basic-auth" -> {
                if (!data.has("username") && !data.has("password")) {
                    keys(data, errors, "username", "password");
                }
            }
            default -> {
                // Opaque, and types that others define: any keys.
            }
        }
    }

    private static void keys(JsonObject data, Errors errors, String... keys) {
        for (String key : keys) {
            if (!data.has(key)) {
                errors.required("data[" + key + "]");
            }
        }
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("", "type", before.json(), after.json());
        DataRules.immutable(before, after, List.of("data"), errors);
    }

    @Override
    Map<String, Function<KubeObject, String>> selectable() {
        return Map.of("type", at("type"));
    }

    @Override
    public List<Column> columns() {
        return List.of(
                Cells.NAME,
                Cells.text("Type", "What the secret is for."),
                Cells.number("Data", "Number of keys."),
                Cells.AGE);
    }

    @Override
    public List<Json> cells(KubeObject secret, Instant now) {
        return List.of(
                Cells.name(secret),
                Json.of(secret.json().text("type")),
                Json.of(secret.json().object("data").members().size()),
                Cells.age(secret, now));
    }
}
