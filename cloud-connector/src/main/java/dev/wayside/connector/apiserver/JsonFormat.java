// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonReader;
import dev.wayside.model.JsonReader.DuplicateNames;
import java.util.List;

/** JSON bodies. */
final class JsonFormat implements BodyDecoder.Format {
    private static final String DUPLICATE = "duplicate field \"";

    @Override
    public BodyDecoder.Decoded decode(byte[] body) {
        try {
            return new BodyDecoder.Decoded(read(body, DuplicateNames.REFUSE), List.of());
        } catch (JsonException first) {
            String message = String.valueOf(first.getMessage());
            if (!message.startsWith(DUPLICATE)) {
                throw ApiStatus.badRequest(message);
            }
            try {
                int end = message.indexOf('"', DUPLICATE.length()) + 1;
                return new BodyDecoder.Decoded(
                        read(body, DuplicateNames.LAST_WINS), List.of(message.substring(0, end)));
            } catch (JsonException second) {
                throw ApiStatus.badRequest(String.valueOf(second.getMessage()));
            }
        }
    }

    private static Json read(byte[] body, DuplicateNames duplicates) throws JsonException {
        return JsonReader.read(body, JsonLimits.DEFAULT, duplicates);
    }
}
