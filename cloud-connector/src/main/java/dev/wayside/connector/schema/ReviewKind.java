// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;

/** Questions about who may do what, and requests for tokens: created, answered and not kept. */
public final class ReviewKind extends TypedKind {
    public static final ResourceType SELF_SUBJECT_ACCESS_REVIEWS =
            authorization("SelfSubjectAccessReview", false);
    public static final ResourceType SELF_SUBJECT_RULES_REVIEWS =
            authorization("SelfSubjectRulesReview", false);
    public static final ResourceType SUBJECT_ACCESS_REVIEWS =
            authorization("SubjectAccessReview", false);
    public static final ResourceType LOCAL_SUBJECT_ACCESS_REVIEWS =
            authorization("LocalSubjectAccessReview", true);
    public static final ResourceType TOKEN_REVIEWS = authentication("TokenReview");
    public static final ResourceType SELF_SUBJECT_REVIEWS = authentication("SelfSubjectReview");

    /** Of the subresource {@code serviceaccounts/token}; no resource of its own. */
    public static final ResourceType TOKEN_REQUESTS = authentication("TokenRequest");

    private ReviewKind(ResourceType type, TypeTable table) {
        super(Facts.of(type, typeName(type)), table);
    }

    static ReviewKind of(ResourceType type, TypeTable table) {
        return new ReviewKind(type, table);
    }

    private static ResourceType authorization(String kind, boolean namespaced) {
        return type("authorization.k8s.io", kind, namespaced);
    }

    private static ResourceType authentication(String kind) {
        return type("authentication.k8s.io", kind, false);
    }

    private static ResourceType type(String group, String kind, boolean namespaced) {
        String plural = kind.toLowerCase(java.util.Locale.ROOT) + "s";
        return new ResourceType(group, "v1", kind, plural, namespaced);
    }

    private static String typeName(ResourceType type) {
        String group = type.group();
        return group.substring(0, group.indexOf('.')) + "/v1." + type.kind();
    }

    @Override
    public boolean stored() {
        return false;
    }

    @Override
    void check(KubeObject review, Errors errors) {
        // Whoever answers it says what is wrong with the question.
    }

    @Override
    public List<Column> columns() {
        return List.of(Cells.NAME);
    }

    @Override
    public List<Json> cells(KubeObject review, Instant now) {
        return List.of(Cells.name(review));
    }
}
