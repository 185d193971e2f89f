// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.Responder;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.apiserver.User.Bound;
import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code serviceaccounts/token}: makes tokens for those who may ask for them. */
public final class TokenRequests implements Responder {
    /** Where this answers. */
    public static final String RESOURCE = "serviceaccounts/token";

    static final Duration USUAL = Duration.ofHours(1);
    static final Duration LEAST = Duration.ofMinutes(10);
    // Who asks for longer gets this; what the answer says is what counts.
    static final Duration MOST = Duration.ofHours(24);
    private static final long LONGEST_REQUEST = 1L << 32;

    private final ObjectStore store;
    private final AccountTokens tokens;
    private final KindDefinition kind;

    /**
     * @param kind TokenRequest's
     */
    public TokenRequests(ObjectStore store, AccountTokens tokens, KindDefinition kind) {
        this.store = store;
        this.tokens = tokens;
        this.kind = kind;
    }

    @Override
    public Optional<KindDefinition> bodyKind() {
        return Optional.of(kind);
    }

    @Override
    public KubeObject answer(User user, RequestInfo request, KubeObject asked) {
        ObjectKey key = ResourceType.SERVICE_ACCOUNTS.key(request.namespace(), request.name());
        KubeObject account = store.get(key).orElseThrow(() -> ApiException.notFound(key));
        JsonObject spec = asked.spec();
        Duration lifetime = lifetime(spec);
        List<String> audiences =
                spec.array("audiences").isEmpty()
                        ? List.of(AccountTokens.ISSUER)
                        : spec.array("audiences").strings();
        Optional<Bound> bound =
                spec.object("boundObjectRef").isEmpty()
                        ? Optional.empty()
                        : Optional.of(bound(account, spec.object("boundObjectRef")));
        AccountTokens.Issued issued = tokens.issue(account, audiences, lifetime, bound);
        return KubeObject.of(ResourceType.SERVICE_ACCOUNTS, account.namespace(), account.name())
                .with("apiVersion", Json.of(kind.type().apiVersion()))
                .with("kind", Json.of(kind.type().kind()))
                .withSpec(
                        spec.with("audiences", JsonArray.ofStrings(audiences))
                                .with("expirationSeconds", lifetime.toSeconds()))
                .withStatus(
                        JsonObject.builder()
                                .put("token", issued.token())
                                .put("expirationTimestamp", issued.end().toString())
                                .build());
    }

    private static Duration lifetime(JsonObject spec) {
        if (!spec.has("expirationSeconds")) {
            return USUAL;
        }
        long seconds = spec.number("expirationSeconds").orElse(0);
        if (seconds < LEAST.toSeconds()) {
            throw invalid(
                    "spec.expirationSeconds",
                    "Invalid value: "
                            + seconds
                            + ": may not specify a duration less than 10 minutes");
        }
        if (seconds > LONGEST_REQUEST) {
            throw invalid(
                    "spec.expirationSeconds",
                    "Too long: may not specify a duration larger than 2^32 seconds");
        }
        return seconds > MOST.toSeconds() ? MOST : Duration.ofSeconds(seconds);
    }

    private Bound bound(KubeObject account, JsonObject reference) {
        ResourceType type =
                switch (reference.text("apiVersion") + " " + reference.text("kind")) {
                    case "v1 Pod" -> ResourceType.PODS;
                    case "v1 Secret" -> ResourceType.SECRETS;
                    default ->
                            throw new ApiException(
                                    Reason.BAD_REQUEST,
                                    "cannot bind token for serviceaccount to type "
                                            + reference.text("apiVersion")
                                            + ", Kind="
                                            + reference.text("kind"));
                };
        ObjectKey key = type.key(account.namespace(), reference.text("name"));
        KubeObject object = store.get(key).orElseThrow(() -> ApiException.notFound(key));
        String uid = reference.text("uid");
        if (!uid.isEmpty() && !uid.equals(object.uid())) {
            throw ApiException.conflict(
                    key,
                    "the UID in the bound object reference ("
                            + uid
                            + ") does not match the UID in record. The object might have been"
                            + " deleted and then recreated");
        }
        if (type.equals(ResourceType.PODS) && !accountOf(object).equals(account.name())) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "cannot bind token for serviceaccount \""
                            + account.name()
                            + "\" to pod running with different serviceaccount name.");
        }
        return new Bound(type, object.name(), object.uid());
    }

    private static String accountOf(KubeObject pod) {
        String name = pod.spec().text("serviceAccountName");
        return name.isEmpty() ? "default" : name;
    }

    private static ApiException invalid(String field, String message) {
        return ApiException.invalid(
                "TokenRequest.authentication.k8s.io",
                "",
                List.of(new Cause("FieldValueInvalid", message, field)));
    }
}
