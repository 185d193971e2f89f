// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.apiserver.User.Bound;
import dev.wayside.connector.apiserver.User.Credential.AccountToken;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Signs tokens of service accounts and knows them again. Nothing of a token is kept: it is good as
 * long as its time is not over, and its account, and the pod or Secret that it is bound to, are
 * still the same objects. Safe for any thread; blocks for the store.
 */
public final class AccountTokens {
    /** Who signs; also the audience that this API belongs to. */
    public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    private static final String CLAIM = "kubernetes.io";
    private static final Duration SKEW = Duration.ofSeconds(10);

    /** What a token may be bound to, by its name among the claims. */
    private static final Map<String, ResourceType> BINDABLE =
            Map.of("pod", ResourceType.PODS, "secret", ResourceType.SECRETS);

    private final ObjectStore store;
    private final SigningKeys keys;
    private final Clock clock;

    public AccountTokens(ObjectStore store, SigningKeys keys, Clock clock) {
        this.store = store;
        this.keys = keys;
        this.clock = clock;
    }

    /** Whether a bearer token is for this class to judge. */
    public static boolean looksLikeOne(String token) {
        return JsonWebToken.looksLikeOne(token);
    }

    /** A token, and until when it is good. */
    record Issued(String token, Instant end) {}

    /**
     * Signs one.
     *
     * @param audiences at least one
     */
    Issued issue(
            KubeObject account, List<String> audiences, Duration lifetime, Optional<Bound> bound) {
        Instant now = Instant.ofEpochSecond(clock.instant().getEpochSecond());
        Instant end = now.plus(lifetime);
        JsonObject.Builder about =
                JsonObject.builder()
                        .put("namespace", account.namespace())
                        .put("serviceaccount", reference(account.name(), account.uid()));
        bound.ifPresent(object -> about.put(claim(object.type()), reference(object)));
        JsonObject claims =
                JsonObject.builder()
                        .put("aud", JsonArray.ofStrings(audiences))
                        .put("exp", end.getEpochSecond())
                        .put("iat", now.getEpochSecond())
                        .put("iss", ISSUER)
                        .put("jti", UUID.randomUUID().toString())
                        .put(CLAIM, about.build())
                        .put("nbf", now.getEpochSecond())
                        .put("sub", userName(account.namespace(), account.name()))
                        .build();
        return new Issued(JsonWebToken.sign(keys.current(), claims), end);
    }

    /**
     * The user whom a token shown to this API is for.
     *
     * @throws ApiException Unauthorized
     */
    public User authenticate(String token) {
        return review(token, List.of(ISSUER)).user();
    }

    /** A good token: whose it is, and for which of the audiences asked about. */
    record Reviewed(User user, List<String> audiences) {}

    /**
     * Checks a token for any audience of several.
     *
     * @throws ApiException Unauthorized, saying why
     */
    Reviewed review(String token, List<String> wanted) {
        JsonObject claims =
                JsonWebToken.verify(keys, token)
                        .orElseThrow(() -> refused("it is not signed here"));
        if (!claims.text("iss").equals(ISSUER)) {
            throw refused("it has another issuer");
        }
        List<String> audiences = new ArrayList<>(wanted);
        audiences.retainAll(claims.array("aud").strings());
        if (audiences.isEmpty()) {
            throw refused("it is for another audience");
        }
        Instant now = clock.instant();
        if (now.plus(SKEW).isBefore(Instant.ofEpochSecond(claims.number("nbf").orElse(0)))) {
            throw refused("it is not good yet");
        }
        AccountToken credential = credential(claims);
        refusal(credential)
                .ifPresent(
                        why -> {
                            throw refused(why);
                        });
        return new Reviewed(user(credential, claims.text("jti")), List.copyOf(audiences));
    }

    /** Whether what once was a good token still is. */
    public boolean stillGood(AccountToken token) {
        return refusal(token).isEmpty();
    }

    private Optional<String> refusal(AccountToken token) {
        if (!clock.instant().isBefore(token.end())) {
            return Optional.of("it has expired");
        }
        if (!isThere(ResourceType.SERVICE_ACCOUNTS, token.namespace(), token.name(), token.uid())) {
            return Optional.of("its service account is gone");
        }
        return token.bound()
                .filter(to -> !isThere(to.type(), token.namespace(), to.name(), to.uid()))
                .map(to -> "the " + claim(to.type()) + " that it is bound to is gone");
    }

    private boolean isThere(ResourceType type, String namespace, String name, String uid) {
        return store.get(type.key(namespace, name))
                .filter(found -> found.uid().equals(uid))
                // One whose grace period is over keeps nobody in.
                .filter(found -> found.deleted().map(clock.instant()::isBefore).orElse(true))
                .isPresent();
    }

    private static AccountToken credential(JsonObject claims) {
        JsonObject about = claims.object(CLAIM);
        Optional<Bound> bound =
                BINDABLE.entrySet().stream()
                        .filter(entry -> about.has(entry.getKey()))
                        .map(
                                entry ->
                                        new Bound(
                                                entry.getValue(),
                                                about.text(entry.getKey(), "name"),
                                                about.text(entry.getKey(), "uid")))
                        .findFirst();
        return new AccountToken(
                about.text("namespace"),
                about.text("serviceaccount", "name"),
                about.text("serviceaccount", "uid"),
                bound,
                Instant.ofEpochSecond(claims.number("exp").orElse(0)));
    }

    private static User user(AccountToken token, String id) {
        Map<String, List<String>> extra = new LinkedHashMap<>();
        extra.put("authentication.kubernetes.io/credential-id", List.of("JTI=" + id));
        token.bound()
                .filter(bound -> bound.type().equals(ResourceType.PODS))
                .ifPresent(
                        pod -> {
                            extra.put("authentication.kubernetes.io/pod-name", List.of(pod.name()));
                            extra.put("authentication.kubernetes.io/pod-uid", List.of(pod.uid()));
                        });
        List<String> groups = new ArrayList<>(User.accountGroups(token.namespace()));
        groups.add(User.AUTHENTICATED_GROUP);
        return new User(
                userName(token.namespace(), token.name()), token.uid(), groups, extra, token);
    }

    private static String claim(ResourceType type) {
        return type.kind().toLowerCase(java.util.Locale.ROOT);
    }

    private static JsonObject reference(Bound bound) {
        return reference(bound.name(), bound.uid());
    }

    private static JsonObject reference(String name, String uid) {
        return JsonObject.builder().put("name", name).put("uid", uid).build();
    }

    private static String userName(String namespace, String name) {
        return User.SERVICE_ACCOUNT_PREFIX + namespace + ":" + name;
    }

    private static ApiException refused(String why) {
        return new ApiException(Reason.UNAUTHORIZED, "the token is not valid: " + why);
    }
}
