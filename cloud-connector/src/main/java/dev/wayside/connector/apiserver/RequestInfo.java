// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.LabelSelector;
import java.util.ArrayList;
import java.util.List;

/**
 * What a request asks for, read from its method and path alone, as Kubernetes does.
 *
 * @param method in capitals
 * @param path decoded
 * @param resourceRequest whether the path names a resource; if not, only method, path and query
 *     count
 * @param verb {@code get}, {@code list}, {@code watch}, {@code create}, {@code update}, {@code
 *     patch}, {@code delete}, {@code deletecollection}; the method in small letters if the path
 *     names no resource
 * @param group {@code ""} for core
 * @param namespace {@code ""} for all or none
 * @param resource the plural
 * @param name {@code ""} for the collection
 * @param subresource {@code ""} for the object itself
 */
public record RequestInfo(
        String method,
        String path,
        boolean resourceRequest,
        String verb,
        String group,
        String version,
        String namespace,
        String resource,
        String name,
        String subresource,
        QueryParameters query) {

    private static final int MAX_SEGMENTS = 16;

    /**
     * @param target path and query, undecoded
     * @throws ApiException BadRequest if it is malformed
     */
    public static RequestInfo parse(String method, String target) {
        int mark = target.indexOf('?');
        String rawPath = mark < 0 ? target : target.substring(0, mark);
        QueryParameters query =
                mark < 0 ? QueryParameters.NONE : QueryParameters.parse(target.substring(mark + 1));
        List<String> segments = segments(rawPath);
        String path = "/" + String.join("/", segments);
        int skip = groupVersionSegments(segments);
        if (skip == 0) {
            return new RequestInfo(
                    method,
                    path,
                    false,
                    method.toLowerCase(java.util.Locale.ROOT),
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                    query);
        }
        String group = skip == 3 ? segments.get(1) : "";
        String version = segments.get(skip - 1);
        List<String> rest = segments.subList(skip, segments.size());
        String namespace = "";
        // namespaces/NAME and namespaces/NAME/{status,finalize} are the Namespace itself.
        boolean inNamespace =
                rest.get(0).equals("namespaces")
                        && rest.size() >= 3
                        && !(group.isEmpty() && isNamespaceSubresource(rest));
        if (inNamespace) {
            namespace = rest.get(1);
            rest = rest.subList(2, rest.size());
        }
        if (rest.size() > 3) {
            throw noSuchPath();
        }
        String name = rest.size() > 1 ? rest.get(1) : "";
        return new RequestInfo(
                method,
                path,
                true,
                verb(method, name, query),
                group,
                version,
                namespace,
                rest.get(0),
                name,
                rest.size() > 2 ? rest.get(2) : "",
                query);
    }

    /**
     * Not a request of its own, but one that is asked about.
     *
     * @param verb any
     * @param path {@code ""} unless no resource is meant
     */
    public static RequestInfo about(
            String verb,
            String path,
            String group,
            String version,
            String namespace,
            String resource,
            String name,
            String subresource,
            QueryParameters query) {
        return new RequestInfo(
                "",
                path,
                path.isEmpty(),
                verb,
                group,
                version,
                namespace,
                resource,
                name,
                subresource,
                query);
    }

    /** A cluster-wide or namespaced resource that is asked about. */
    public static RequestInfo about(
            String verb, String group, String namespace, String resource, String name) {
        return about(verb, "", group, "v1", namespace, resource, name, "", QueryParameters.NONE);
    }

    /** For the kinds of another version of the same group: the plural and its group. */
    public String qualifiedResource() {
        return group.isEmpty() ? resource : resource + "." + group;
    }

    /** The object's name, also where a field selector of a list or watch allows only that one. */
    public String selectedName() {
        return name.isEmpty() ? fields().required("metadata.name").orElse("") : name;
    }

    /**
     * @throws ApiException BadRequest if the selector is malformed
     */
    public FieldSelector fields() {
        try {
            return FieldSelector.parse(query.text("fieldSelector"));
        } catch (IllegalArgumentException e) {
            throw new ApiException(Reason.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    /**
     * @throws ApiException BadRequest if the selector is malformed
     */
    public LabelSelector labels() {
        try {
            return LabelSelector.parse(query.text("labelSelector"));
        } catch (IllegalArgumentException e) {
            throw new ApiException(
                    Reason.BAD_REQUEST,
                    "unable to parse requirement: " + String.valueOf(e.getMessage()));
        }
    }

    static ApiException noSuchPath() {
        return new ApiException(
                Reason.NOT_FOUND, "the server could not find the requested resource");
    }

    private static List<String> segments(String rawPath) {
        if (!rawPath.startsWith("/")) {
            throw new ApiException(Reason.BAD_REQUEST, "the request's path is malformed");
        }
        List<String> segments = new ArrayList<>();
        String inner = rawPath.substring(1);
        if (inner.endsWith("/")) {
            inner = inner.substring(0, inner.length() - 1);
        }
        if (inner.isEmpty()) {
            return segments;
        }
        for (String raw : inner.split("/", -1)) {
            segments.add(PercentDecoder.segment(raw));
            if (segments.size() > MAX_SEGMENTS) {
                throw noSuchPath();
            }
        }
        return segments;
    }

    /** How many segments the prefix takes: 2 for core, 3 for a group, 0 if there is no resource. */
    private static int groupVersionSegments(List<String> segments) {
        if (segments.size() > 2 && segments.get(0).equals("api")) {
            return 2;
        }
        return segments.size() > 3 && segments.get(0).equals("apis") ? 3 : 0;
    }

    private static boolean isNamespaceSubresource(List<String> rest) {
        return rest.size() == 3 && (rest.get(2).equals("status") || rest.get(2).equals("finalize"));
    }

    private static String verb(String method, String name, QueryParameters query) {
        return switch (method) {
            case "GET", "HEAD" -> !name.isEmpty() ? "get" : query.flag("watch") ? "watch" : "list";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> name.isEmpty() ? "deletecollection" : "delete";
            default -> "";
        };
    }
}
