// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** By what others can check tokens of service accounts without asking for each. */
public final class OpenIdPages {
    private static final String CONFIGURATION = "/.well-known/openid-configuration";
    private static final String KEYS = "/openid/v1/jwks";

    private OpenIdPages() {}

    /**
     * By path.
     *
     * @param server where the API is reached from outside; known once it listens
     */
    public static Map<String, Supplier<JsonObject>> of(SigningKeys keys, Supplier<String> server) {
        return Map.of(
                CONFIGURATION,
                () -> configuration(server.get()),
                KEYS,
                () -> JsonObject.of("keys", keys.publicKeys()));
    }

    private static JsonObject configuration(String server) {
        return JsonObject.builder()
                .put("issuer", AccountTokens.ISSUER)
                .put("jwks_uri", server + KEYS)
                .put("response_types_supported", JsonArray.ofStrings(List.of("id_token")))
                .put("subject_types_supported", JsonArray.ofStrings(List.of("public")))
                .put(
                        "id_token_signing_alg_values_supported",
                        JsonArray.ofStrings(List.of(JsonWebToken.ALGORITHM)))
                .build();
    }
}
