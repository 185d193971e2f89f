// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.JsonLimits;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** YAML bodies of one document, within the limits of JSON bodies. */
final class YamlFormat implements BodyDecoder.Format {
    private static final JsonLimits LIMITS = JsonLimits.DEFAULT;
    private static final int MAX_BUFFER = 256 * 1024;

    @Override
    public BodyDecoder.Decoded decode(byte[] body) {
        if (body.length > LIMITS.maxBytes()) {
            throw ApiStatus.badRequest("YAML text is larger than " + LIMITS.maxBytes() + " bytes");
        }
        try {
            String text = new String(body, StandardCharsets.UTF_8);
            YamlReader reader =
                    new YamlReader(
                            new Parse(settings(text.length())).parseString(text).iterator(),
                            LIMITS);
            return new BodyDecoder.Decoded(reader.document(), List.of());
        } catch (YamlEngineException e) {
            throw ApiStatus.badRequest("invalid YAML: " + firstLine(e));
        } catch (StackOverflowError e) {
            // The scanner is not ours to vouch for.
            throw ApiStatus.badRequest("YAML is nested too deep");
        }
    }

    private static LoadSettings settings(int length) {
        return LoadSettings.builder()
                .setUseMarks(false)
                .setCodePointLimit(LIMITS.maxBytes())
                // The parser copies what it has read of a scalar as often as the buffer is filled.
                .setBufferSize(Math.min(length + 1, MAX_BUFFER))
                .build();
    }

    private static String firstLine(YamlEngineException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
