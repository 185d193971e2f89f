// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads bodies in the formats that the API takes. A further format is one more entry. */
final class BodyDecoder {

    /** One format. */
    interface Format {
        /**
         * @throws ApiException BadRequest
         */
        Decoded decode(byte[] body);
    }

    /**
     * @param strictErrors what strict decoding would refuse, for instance duplicate fields
     */
    record Decoded(Json value, List<String> strictErrors) {}

    static final String PROTOBUF = "application/vnd.kubernetes.protobuf";

    private final Map<String, Format> formats;

    BodyDecoder() {
        this(
                Map.of(
                        "application/json",
                        new JsonFormat(),
                        "application/yaml",
                        new YamlFormat(),
                        PROTOBUF,
                        new ProtobufFormat(),
                        "application/apply-patch+yaml",
                        new YamlFormat(),
                        "application/merge-patch+json",
                        new JsonFormat(),
                        "application/strategic-merge-patch+json",
                        new JsonFormat(),
                        "application/json-patch+json",
                        new JsonFormat()));
    }

    BodyDecoder(Map<String, Format> formats) {
        this.formats = Map.copyOf(formats);
    }

    /**
     * @param contentType as the header has it; JSON if empty
     * @throws ApiException UnsupportedMediaType, BadRequest
     */
    Decoded decode(String contentType, byte[] body) {
        String type = mediaType(contentType);
        Format format = formats.get(type);
        if (format == null) {
            throw unsupported(type);
        }
        return format.decode(body);
    }

    /** The type alone, in small letters; {@code application/json} for none. */
    static String mediaType(String contentType) {
        int semicolon = contentType.indexOf(';');
        String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
        return type.isBlank() ? "application/json" : type.trim().toLowerCase(Locale.ROOT);
    }

    private static ApiException unsupported(String type) {
        return new ApiException(
                Reason.UNSUPPORTED_MEDIA_TYPE,
                "the body of the request was in an unknown format - "
                        + type
                        + "; accepted media types include: application/json, application/yaml, "
                        + PROTOBUF);
    }
}
