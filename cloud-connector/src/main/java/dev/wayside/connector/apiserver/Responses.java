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

    private static final int MAX_WARNINGS = 32;
    private static final int MAX_WARNING_CHARS = 4_096;
    private static final int CUT_WARNING_CHARS = 512;
    private static final int MAX_HEADER_CHARS = 6_144;

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
            headers.put("warning", joined(warnings));
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

    /**
     * All of them if they are short enough; else each is cut, and what does not fit is left out.
     */
    private static String joined(List<String> warnings) {
        int sum = warnings.stream().mapToInt(String::length).sum();
        int longest = sum > MAX_WARNING_CHARS ? CUT_WARNING_CHARS : MAX_WARNING_CHARS;
        StringBuilder joined = new StringBuilder();
        int shown = 0;
        for (String text : warnings) {
            String warning = warning(text, longest);
            if (shown == MAX_WARNINGS || joined.length() + warning.length() > MAX_HEADER_CHARS) {
                break;
            }
            joined.append(joined.isEmpty() ? "" : ", ").append(warning);
            shown++;
        }
        if (shown < warnings.size()) {
            joined.append(joined.isEmpty() ? "" : ", ")
                    .append(warning("and " + (warnings.size() - shown) + " more warnings", 100));
        }
        return joined.toString();
    }

    /** RFC 7234's warn-code 299; control characters would break the header. */
    private static String warning(String text, int longest) {
        String whole =
                text.chars()
                        .filter(c -> c >= 0x20 && c < 0x7f)
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining());
        String plain = whole.length() <= longest ? whole : whole.substring(0, longest - 3) + "...";
        return "299 - \"" + plain.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
