// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.Discovery;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.schema.OpenApi;
import dev.wayside.connector.schema.OpenApiV2;
import dev.wayside.connector.schema.OpenApiV2Protobuf;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the API says of itself: discovery and OpenAPI. Each document is made when it is first asked
 * for and kept until the kinds change. Safe for any thread.
 */
final class ApiDocuments {
    private static final String OPEN_API_V2 = "/openapi/v2";
    private static final String OPEN_API = "/openapi/v3/";

    private record Document(byte[] body, String tag, String type) {}

    private final Kinds kinds;
    private volatile Made made = new Made(-1, Map.of());

    /** What was made of the kinds as they were at one version. */
    private record Made(long version, Map<String, Document> documents) {}

    ApiDocuments(Kinds kinds) {
        this.kinds = kinds;
    }

    /**
     * @throws dev.wayside.connector.store.ApiException NotFound, NotAcceptable
     */
    HttpResponse answer(HttpRequest request, RequestInfo info) {
        String path = info.path();
        String type = type(path, request.header("accept"));
        String key = path + ";" + type;
        long version = kinds.version();
        Made known = made;
        if (known.version() != version) {
            known = new Made(version, new ConcurrentHashMap<>());
            made = known;
        }
        Document document = known.documents().get(key);
        if (document == null) {
            String host = request.header("host");
            JsonObject json =
                    find(
                                    path,
                                    type.equals(Discovery.AGGREGATED_CONTENT_TYPE),
                                    host.isEmpty() ? request.header(":authority") : host)
                            .orElseThrow(RequestInfo::noSuchPath);
            document = document(json, type);
            // Kinds that changed since the version was read make it newer than it says, no harm.
            known.documents().put(key, document);
        }
        return respond(request, info, document);
    }

    private static HttpResponse respond(HttpRequest request, RequestInfo info, Document document) {
        Map<String, String> headers = Responses.headers(document.type());
        headers.put("etag", document.tag());
        headers.put("vary", "Accept");
        if (!info.query().text("hash").isEmpty()) {
            // Its address changes with its content.
            headers.put("cache-control", "public, max-age=31536000, immutable");
        }
        return request.header("if-none-match").equals(document.tag())
                ? new HttpResponse(304, headers, new byte[0])
                : new HttpResponse(200, headers, document.body());
    }

    private Optional<JsonObject> find(String path, boolean aggregated, String host) {
        if (path.equals("/api")) {
            return Optional.of(
                    aggregated ? Discovery.aggregatedCore(kinds) : Discovery.coreVersions(host));
        }
        if (path.equals("/apis")) {
            return Optional.of(
                    aggregated ? Discovery.aggregatedGroups(kinds) : Discovery.groupList(kinds));
        }
        if (path.equals(OPEN_API_V2)) {
            return Optional.of(OpenApiV2.document(kinds));
        }
        if (path.equals("/openapi/v3")) {
            return Optional.of(OpenApi.index(kinds));
        }
        if (path.startsWith(OPEN_API)) {
            return OpenApi.document(kinds, path.substring(OPEN_API.length()));
        }
        String[] parts = path.substring(1).split("/", -1);
        if (parts.length == 2 && parts[0].equals("api")) {
            return Discovery.resources(kinds, "", parts[1]);
        }
        if (parts[0].equals("apis") && parts.length == 2) {
            return Discovery.group(kinds, parts[1]);
        }
        return parts[0].equals("apis") && parts.length == 3
                ? Discovery.resources(kinds, parts[1], parts[2])
                : Optional.empty();
    }

    /** In which form the document is wanted. */
    private static String type(String path, String accept) {
        if (path.equals(OPEN_API_V2)) {
            return openApiV2Type(accept);
        }
        boolean aggregated =
                (path.equals("/api") || path.equals("/apis"))
                        && Negotiation.choose(accept) == Negotiation.Form.DISCOVERY;
        return aggregated ? Discovery.AGGREGATED_CONTENT_TYPE : Responses.JSON;
    }

    private static String openApiV2Type(String accept) {
        for (String each : accept.isBlank() ? new String[] {"*/*"} : accept.split(",", -1)) {
            switch (each.split(";", -1)[0].strip()) {
                case OpenApiV2Protobuf.MEDIA_TYPE, OpenApiV2Protobuf.OLD_MEDIA_TYPE -> {
                    return OpenApiV2Protobuf.MEDIA_TYPE;
                }
                case Responses.JSON, "application/*", "*/*" -> {
                    return Responses.JSON;
                }
                default -> {}
            }
        }
        throw new ApiException(
                Reason.NOT_ACCEPTABLE,
                "only the following media types are accepted: application/json, "
                        + OpenApiV2Protobuf.MEDIA_TYPE);
    }

    private static Document document(JsonObject json, String type) {
        byte[] body =
                type.equals(OpenApiV2Protobuf.MEDIA_TYPE)
                        ? OpenApiV2Protobuf.encode(json)
                        : json.toBytes();
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
            return new Document(body, "\"" + HexFormat.of().formatHex(hash) + "\"", type);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }
}
