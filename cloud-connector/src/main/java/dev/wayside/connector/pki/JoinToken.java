// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.Names;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The record of a join token, kept as a Secret of kube-system. The token's secret part is not in
 * it: only its hash, of which 160 random bits cannot be found again.
 *
 * @param id the public part
 * @param secretHash SHA-256 of the secret part, in hexadecimal
 * @param nodeName the only Node that may join by it, {@code ""} for any
 * @param labels for the Node
 * @param taints for the Node
 * @param usedByKey hash of the key that joined by it, {@code ""} if unused
 * @param usedByRequest name of that key's newest CertificateSigningRequest
 * @param nodeUid of the Node that it made, {@code ""} before that; when this Node is gone, the
 *     token is good for nothing
 */
public record JoinToken(
        String id,
        String secretHash,
        Instant expires,
        String nodeName,
        Map<String, String> labels,
        JsonArray taints,
        String usedByKey,
        String usedByRequest,
        String nodeUid) {

    static final String NAMESPACE = "kube-system";
    static final String SECRET_TYPE = "bootstrap.kubernetes.io/token";
    private static final String NAME_PREFIX = "bootstrap-token-";
    private static final Pattern WHOLE = Pattern.compile("([a-z0-9]{6,32})\\.([a-z0-9]{26,128})");
    private static final SecureRandom RANDOM = new SecureRandom();

    public JoinToken {
        labels = Map.copyOf(labels);
    }

    /**
     * @param whole what the gateway is given: {@code ID.SECRET}; shown once, kept nowhere
     */
    public record Fresh(String whole, JoinToken record) {
        @Override
        public String toString() {
            return "token " + record.id();
        }
    }

    /** The two parts of what a gateway shows. */
    record Parts(String id, String secret) {
        @Override
        public String toString() {
            return "token " + id;
        }
    }

    /**
     * Makes a new one.
     *
     * @throws IllegalArgumentException if the node's name or a label is malformed
     */
    public static Fresh create(
            String nodeName, Map<String, String> labels, JsonArray taints, Instant expires) {
        if (!nodeName.isEmpty() && !Names.isDnsSubdomain(nodeName)) {
            throw new IllegalArgumentException("\"" + nodeName + "\" is no name for a Node");
        }
        labels.forEach(
                (key, value) -> {
                    if (!Names.isQualifiedName(key) || !Names.isLabelValue(value)) {
                        throw new IllegalArgumentException(
                                "\"" + key + "=" + value + "\" is no label");
                    }
                });
        String id = random(4);
        String secret = random(20);
        return new Fresh(
                id + "." + secret,
                new JoinToken(id, hash(secret), expires, nodeName, labels, taints, "", "", ""));
    }

    /** Splits {@code ID.SECRET}; empty if it is not of that form. */
    static Optional<Parts> split(String whole) {
        var matcher = WHOLE.matcher(whole);
        return matcher.matches()
                ? Optional.of(new Parts(matcher.group(1), matcher.group(2)))
                : Optional.empty();
    }

    static String secretName(String id) {
        return NAME_PREFIX + id;
    }

    boolean hasSecret(String secret) {
        return MessageDigest.isEqual(
                hash(secret).getBytes(StandardCharsets.US_ASCII),
                secretHash.getBytes(StandardCharsets.US_ASCII));
    }

    boolean isUsed() {
        return !usedByKey.isEmpty();
    }

    boolean isExpired(Instant now) {
        return !now.isBefore(expires);
    }

    JoinToken usedBy(String key, String request) {
        return new JoinToken(
                id, secretHash, expires, nodeName, labels, taints, key, request, nodeUid);
    }

    JoinToken madeNode(String uid) {
        return new JoinToken(
                id, secretHash, expires, nodeName, labels, taints, usedByKey, usedByRequest, uid);
    }

    /** As a Secret, to be created. */
    public KubeObject toSecret() {
        return KubeObject.of(ResourceType.SECRETS, NAMESPACE, secretName(id))
                .with("type", Json.of(SECRET_TYPE))
                .with("data", data());
    }

    JsonObject data() {
        JsonObject.Builder data = JsonObject.builder();
        put(data, "token-id", id);
        put(data, "token-secret-sha256", secretHash);
        put(data, "expiration", expires.toString());
        put(data, "node-name", nodeName);
        put(data, "node-labels", JsonObject.ofStrings(labels).toJson());
        put(data, "node-taints", taints.toJson());
        put(data, "used-by-key", usedByKey);
        put(data, "used-by-request", usedByRequest);
        put(data, "node-uid", nodeUid);
        return data.build();
    }

    /** Reads it back; empty if the Secret is no join token of ours. */
    static Optional<JoinToken> of(KubeObject secret) {
        JsonObject data = secret.json().object("data");
        String id = text(data, "token-id");
        if (!secret.json().text("type").equals(SECRET_TYPE)
                || !secret.name().equals(secretName(id))
                || text(data, "token-secret-sha256").isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new JoinToken(
                            id,
                            text(data, "token-secret-sha256"),
                            Instant.parse(text(data, "expiration")),
                            text(data, "node-name"),
                            object(text(data, "node-labels")).strings(),
                            array(text(data, "node-taints")),
                            text(data, "used-by-key"),
                            text(data, "used-by-request"),
                            text(data, "node-uid")));
        } catch (DateTimeParseException | JsonException e) {
            return Optional.empty();
        }
    }

    private static JsonObject object(String json) throws JsonException {
        return !json.isEmpty() && Json.parse(json) instanceof JsonObject object
                ? object
                : JsonObject.EMPTY;
    }

    private static JsonArray array(String json) throws JsonException {
        return !json.isEmpty() && Json.parse(json) instanceof JsonArray array
                ? array
                : JsonArray.EMPTY;
    }

    private static void put(JsonObject.Builder data, String name, String value) {
        if (!value.isEmpty()) {
            data.put(
                    name,
                    Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static String text(JsonObject data, String name) {
        try {
            return new String(Base64.getDecoder().decode(data.text(name)), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static String hash(String secret) {
        return CertificateAuthority.sha256Hex(secret.getBytes(StandardCharsets.UTF_8));
    }

    private static String random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    @Override
    public String toString() {
        return "token " + id;
    }
}
