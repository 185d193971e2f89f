// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.QueryParameters;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.Responder;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.schema.ReviewKind;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Answers who may do what, without doing it. */
public final class AccessReviews {
    private final Authorizer authorizer;
    private final Rbac rbac;

    private AccessReviews(Authorizer authorizer, Rbac rbac) {
        this.authorizer = authorizer;
        this.rbac = rbac;
    }

    /** By {@link ResourceType#qualified()}. */
    public static Map<String, Responder> all(Authorizer authorizer, Rbac rbac) {
        AccessReviews reviews = new AccessReviews(authorizer, rbac);
        Map<String, Responder> all = new HashMap<>();
        all.put(ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS.qualified(), reviews::self);
        all.put(ReviewKind.SUBJECT_ACCESS_REVIEWS.qualified(), reviews::subject);
        all.put(ReviewKind.LOCAL_SUBJECT_ACCESS_REVIEWS.qualified(), reviews::local);
        all.put(ReviewKind.SELF_SUBJECT_RULES_REVIEWS.qualified(), reviews::rules);
        all.put(
                ReviewKind.SELF_SUBJECT_REVIEWS.qualified(),
                (user, request, asked) ->
                        asked.withStatus(JsonObject.of("userInfo", user.asJson())));
        return all;
    }

    private KubeObject self(User user, RequestInfo request, KubeObject asked) {
        return answered(user, asked, ReviewKind.SELF_SUBJECT_ACCESS_REVIEWS);
    }

    private KubeObject subject(User user, RequestInfo request, KubeObject asked) {
        return answered(
                subjectOf(user, asked, ReviewKind.SUBJECT_ACCESS_REVIEWS),
                asked,
                ReviewKind.SUBJECT_ACCESS_REVIEWS);
    }

    private KubeObject local(User user, RequestInfo request, KubeObject asked) {
        ResourceType type = ReviewKind.LOCAL_SUBJECT_ACCESS_REVIEWS;
        JsonObject resource = asked.spec().object("resourceAttributes");
        if (asked.spec().has("nonResourceAttributes")) {
            throw invalid(type, "spec.nonResourceAttributes", "disallowed on this kind of request");
        }
        if (!resource.text("namespace").equals(request.namespace())) {
            throw invalid(
                    type,
                    "spec.resourceAttributes.namespace",
                    "must match metadata.namespace: " + request.namespace());
        }
        return answered(subjectOf(user, asked, type), asked, type);
    }

    private KubeObject answered(User subject, KubeObject asked, ResourceType type) {
        Authorizer.Decision decision = authorizer.authorize(subject, meant(asked, type));
        return asked.withStatus(
                JsonObject.builder()
                        .put("allowed", decision.allowed())
                        .putUnlessEmpty("reason", decision.why())
                        .build());
    }

    private static User subjectOf(User asker, KubeObject asked, ResourceType type) {
        JsonObject spec = asked.spec();
        List<String> groups = spec.array("groups").strings();
        if (spec.text("user").isEmpty() && groups.isEmpty()) {
            throw invalid(type, "spec.user", "at least one of user or group must be specified");
        }
        Map<String, List<String>> extra = new TreeMap<>();
        spec.object("extra")
                .members()
                .forEach(
                        (key, values) -> {
                            if (values instanceof JsonArray array) {
                                extra.put(key, array.strings());
                            }
                        });
        return new User(
                spec.text("user"),
                spec.text("uid"),
                groups,
                extra,
                new User.Credential.ActedBy(asker));
    }

    private static RequestInfo meant(KubeObject asked, ResourceType type) {
        JsonObject resource = asked.spec().object("resourceAttributes");
        JsonObject path = asked.spec().object("nonResourceAttributes");
        if (asked.spec().has("resourceAttributes") == asked.spec().has("nonResourceAttributes")) {
            throw invalid(
                    type,
                    "spec.resourceAttributes",
                    "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        }
        if (asked.spec().has("nonResourceAttributes")) {
            // Without a path nothing is asked about, which no rule allows.
            String text = path.text("path").isEmpty() ? "/" : path.text("path");
            return RequestInfo.about(
                    path.text("verb"), text, "", "", "", "", "", "", QueryParameters.NONE);
        }
        return RequestInfo.about(
                resource.text("verb"),
                "",
                resource.text("group"),
                resource.text("version"),
                resource.text("namespace"),
                resource.text("resource"),
                resource.text("name"),
                resource.text("subresource"),
                fields(resource));
    }

    private static QueryParameters fields(JsonObject resource) {
        String raw = resource.text("fieldSelector", "rawSelector");
        List<String> terms = new ArrayList<>();
        for (JsonObject term : resource.array("fieldSelector", "requirements").objects()) {
            List<String> values = term.array("values").strings();
            if (term.text("operator").equals("In") && values.size() == 1) {
                terms.add(term.text("key") + "=" + values.get(0));
            }
        }
        String selector = raw.isEmpty() ? String.join(",", terms) : raw;
        return selector.isEmpty()
                ? QueryParameters.NONE
                : new QueryParameters(Map.of("fieldSelector", selector));
    }

    private KubeObject rules(User user, RequestInfo request, KubeObject asked) {
        String namespace = asked.spec().text("namespace");
        if (namespace.isEmpty()) {
            throw new ApiException(ApiException.Reason.BAD_REQUEST, "no namespace on request");
        }
        Rbac.Allowed allowed = rbac.allowed(user, namespace);
        List<Json> onResources = new ArrayList<>();
        List<Json> onPaths = new ArrayList<>();
        for (PolicyRule rule : allowed.rules()) {
            (rule.nonResourceUrls().isEmpty() ? onResources : onPaths).add(rule.toJson());
        }
        // What a gateway may depends on its pods, which is no list of rules.
        boolean gateway = !user.nodeName().isEmpty();
        List<String> errors = new ArrayList<>(allowed.missing());
        if (gateway) {
            errors.add("node authorizer does not support user rule resolution");
        }
        return asked.withStatus(
                JsonObject.builder()
                        .put("resourceRules", new JsonArray(onResources))
                        .put("nonResourceRules", new JsonArray(onPaths))
                        .put("incomplete", !errors.isEmpty())
                        .putUnlessEmpty("evaluationError", String.join(", ", errors))
                        .build());
    }

    private static ApiException invalid(ResourceType type, String field, String why) {
        return ApiException.invalid(
                type.kind() + "." + type.group(),
                "",
                List.of(new Cause("FieldValueInvalid", "Invalid value: " + why, field)));
    }
}
