// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Whole answers. */
final class Responses {
    static final String JSON = "application/json";

    private Responses() {}

    static HttpResponse json(int status, JsonObject body) {
        return json(status, body, JSON, List.of());
    }

    /**
     * @param warnings what the client should tell its user
     */
    static HttpResponse json(int status, JsonObject body, String type, List<String> warnings) {
        return new HttpResponse(status, headers(type, warnings), body.toBytes());
    }

    static Map<String, String> headers(String type, List<String> warnings) {
        Map<String, String> headers = headers(type);
        if (!warnings.isEmpty()) {
            headers.put(
                    "warning",
                    warnings.stream().map(Responses::warning).collect(Collectors.joining(", ")));
        }
        return headers;
    }

    static HttpResponse text(int status, String body) {
        return new HttpResponse(
                status,
                headers("text/plain; charset=utf-8"),
                body.getBytes(StandardCharsets.UTF_8));
    }

    static HttpResponse error(ApiException e) {
        Map<String, String> headers = headers(JSON);
        if (ApiStatus.isSoonOver(e)) {
            headers.put("retry-after", "1");
        }
        return new HttpResponse(e.reason().code(), headers, ApiStatus.of(e).toBytes());
    }

    static Map<String, String> headers(String type) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("content-type", type);
        headers.put("cache-control", "no-cache, private");
        return headers;
    }

    /** RFC 7234's warn-code 299; control characters would break the header. */
    private static String warning(String text) {
        String plain =
                text.chars()
                        .filter(c -> c >= 0x20 && c < 0x7f)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining());
        return "299 - \"" + plain.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
