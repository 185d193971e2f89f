// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;

/** The one place where Kubernetes' {@code Status} objects and words of refusal are made. */
public final class ApiStatus {
    private ApiStatus() {}

    static JsonObject of(ApiException e) {
        JsonObject.Builder details = JsonObject.builder();
        details.putUnlessEmpty("name", e.name());
        details.putUnlessEmpty("group", e.group());
        details.putUnlessEmpty("kind", e.kind());
        details.putUnlessEmpty(
                "causes",
                new JsonArray(List.copyOf(e.causes().stream().map(ApiStatus::cause).toList())));
        if (isSoonOver(e)) {
            details.put("retryAfterSeconds", 1);
        }
        return base("Failure")
                .putUnlessEmpty("message", String.valueOf(e.getMessage()))
                .put("reason", e.reason().word())
                .putUnlessEmpty("details", details.build())
                .put("code", e.reason().code())
                .build();
    }

    /** Whether to try again in a second is good advice; not where a cause of its own is told. */
    static boolean isSoonOver(ApiException e) {
        return (e.reason() == Reason.TOO_MANY_REQUESTS && e.causes().isEmpty())
                || e.reason() == Reason.UNAVAILABLE;
    }

    /** What a deletion that is complete is answered with. */
    static JsonObject deleted(ResourceType type, KubeObject object) {
        return base("Success")
                .put(
                        "details",
                        JsonObject.builder()
                                .put("name", object.name())
                                .putUnlessEmpty("group", type.group())
                                .put("kind", type.plural())
                                .putUnlessEmpty("uid", object.uid())
                                .build())
                .build();
    }

    static JsonObject success(int code) {
        return base("Success").put("code", code).build();
    }

    /** A refusal as Kubernetes words it. */
    public static ApiException forbidden(User user, RequestInfo request, String why) {
        String end = why.isEmpty() ? "" : ": " + why;
        if (!request.resourceRequest()) {
            return new ApiException(
                    Reason.FORBIDDEN,
                    "forbidden: User \""
                            + user.name()
                            + "\" cannot "
                            + request.verb()
                            + " path \""
                            + request.path()
                            + "\""
                            + end);
        }
        String resource =
                request.subresource().isEmpty()
                        ? request.resource()
                        : request.resource() + "/" + request.subresource();
        String scope =
                request.namespace().isEmpty()
                        ? " at the cluster scope"
                        : " in the namespace \"" + request.namespace() + "\"";
        String what = request.qualifiedResource();
        String named = request.name().isEmpty() ? what : what + " \"" + request.name() + "\"";
        return new ApiException(
                Reason.FORBIDDEN,
                named
                        + " is forbidden: User \""
                        + user.name()
                        + "\" cannot "
                        + request.verb()
                        + " resource \""
                        + resource
                        + "\" in API group \""
                        + request.group()
                        + "\""
                        + scope
                        + end,
                request.group(),
                request.resource(),
                request.name(),
                List.of());
    }

    static ApiException methodNotAllowed() {
        return new ApiException(
                Reason.METHOD_NOT_ALLOWED,
                "the server does not allow this method on the requested resource");
    }

    static ApiException badRequest(String message) {
        return new ApiException(Reason.BAD_REQUEST, message);
    }

    private static JsonObject.Builder base(String status) {
        return JsonObject.builder()
                .put("kind", "Status")
                .put("apiVersion", "v1")
                .put("metadata", JsonObject.EMPTY)
                .put("status", status);
    }

    private static JsonObject cause(Cause cause) {
        return JsonObject.builder()
                .putUnlessEmpty("reason", cause.reason())
                .putUnlessEmpty("message", cause.message())
                .putUnlessEmpty("field", cause.field())
                .build();
    }
}
