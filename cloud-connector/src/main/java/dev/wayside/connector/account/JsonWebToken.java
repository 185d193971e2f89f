// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Signed claims in the compact form of RFC 7519: header, claims, signature. Pure. */
final class JsonWebToken {
    static final String ALGORITHM = "ES256";
    private static final int MAX_LENGTH = 16 * 1024;

    private JsonWebToken() {}

    /** Whether a bearer token has the form of one: three parts. Join tokens have two. */
    static boolean looksLikeOne(String token) {
        return token.length() <= MAX_LENGTH && token.chars().filter(c -> c == '.').count() == 2;
    }

    static String sign(SigningKey key, JsonObject claims) {
        JsonObject header =
                JsonObject.builder()
                        .put("alg", ALGORITHM)
                        .put("kid", key.id())
                        .put("typ", "JWT")
                        .build();
        String signed = base64(header.toBytes()) + "." + base64(claims.toBytes());
        return signed + "." + base64(key.sign(ascii(signed)));
    }

    /**
     * The claims, if one of the keys has signed them. The algorithm is ours to choose, not the
     * token's.
     */
    static Optional<JsonObject> verify(SigningKeys keys, String token) {
        if (!looksLikeOne(token)) {
            return Optional.empty();
        }
        int last = token.lastIndexOf('.');
        String signed = token.substring(0, last);
        try {
            String[] parts = signed.split("\\.", -1);
            JsonObject header = object(parts[0]);
            byte[] signature = Base64.getUrlDecoder().decode(token.substring(last + 1));
            boolean good =
                    header.text("alg").equals(ALGORITHM)
                            && keys.accepted(header.text("kid"))
                                    .filter(key -> key.verify(ascii(signed), signature))
                                    .isPresent();
            return good ? Optional.of(object(parts[1])) : Optional.empty();
        } catch (IllegalArgumentException | JsonException e) {
            return Optional.empty(); // whatever it is, it is not signed by us
        }
    }

    private static JsonObject object(String base64) throws JsonException {
        return Json.parse(Base64.getUrlDecoder().decode(base64)) instanceof JsonObject object
                ? object
                : JsonObject.EMPTY;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
