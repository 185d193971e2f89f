// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.Discovery;
import dev.wayside.connector.schema.Kinds;
import dev.wayside.connector.schema.OpenApi;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpRequest;
import dev.wayside.wire.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
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
    private static final String V2_TYPE =
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
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
        if (path.equals("/openapi/v2")) {
            return openApiV2();
        }
        boolean aggregated =
                (path.equals("/api") || path.equals("/apis"))
                        && Negotiation.choose(request.header("accept"))
                                == Negotiation.Form.DISCOVERY;
        String key = aggregated ? path + ";aggregated" : path;
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
                    find(path, aggregated, host.isEmpty() ? request.header(":authority") : host)
                            .orElseThrow(RequestInfo::noSuchPath);
            document = document(json, aggregated);
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

    /**
     * The old form, empty: kubectl asks for it when it is given a kind that it cannot find, and
     * only with an answer does it come to say so. Hand-made: in protobuf, {@code swagger} is field
     * 1, {@code info} 2 with {@code title} 1 and {@code version} 2.
     */
    private static HttpResponse openApiV2() {
        byte[] title = "Kubernetes".getBytes(StandardCharsets.US_ASCII);
        byte[] version = "v1".getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream document = new ByteArrayOutputStream();
        field(document, 1, "2.0".getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        field(info, 1, title);
        field(info, 2, version);
        field(document, 2, info.toByteArray());
        return new HttpResponse(200, Responses.headers(V2_TYPE), document.toByteArray());
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] value) {
        out.write(number << 3 | 2);
        out.write(value.length);
        out.writeBytes(value);
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

    private static Document document(JsonObject json, boolean aggregated) {
        byte[] body = json.toBytes();
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
            return new Document(
                    body,
                    "\"" + HexFormat.of().formatHex(hash) + "\"",
                    aggregated ? Discovery.AGGREGATED_CONTENT_TYPE : Responses.JSON);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime has no SHA-256", e);
        }
    }
}
