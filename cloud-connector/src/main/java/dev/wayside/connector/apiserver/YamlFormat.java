// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonNumber;
import dev.wayside.model.JsonObject;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** YAML bodies of one document, within the limits of JSON bodies. */
final class YamlFormat implements BodyDecoder.Format {
    private static final JsonLimits LIMITS = JsonLimits.DEFAULT;
    private static final LoadSettings SETTINGS =
            LoadSettings.builder()
                    .setAllowDuplicateKeys(false)
                    .setAllowRecursiveKeys(false)
                    .setMaxAliasesForCollections(50)
                    .setSchema(new CoreSchema())
                    .setCodePointLimit(LIMITS.maxBytes())
                    .build();

    @Override
    public BodyDecoder.Decoded decode(byte[] body) {
        if (body.length > LIMITS.maxBytes()) {
            throw ApiStatus.badRequest("YAML text is larger than " + LIMITS.maxBytes() + " bytes");
        }
        Object document;
        try {
            document = new Load(SETTINGS).loadFromString(new String(body, StandardCharsets.UTF_8));
        } catch (YamlEngineException e) {
            throw ApiStatus.badRequest("invalid YAML: " + firstLine(e));
        } catch (StackOverflowError e) {
            // The parser recurses as deep as the text nests; that is bounded only by its length.
            throw ApiStatus.badRequest("YAML is nested too deep");
        }
        return new BodyDecoder.Decoded(new Conversion().convert(document, 1), List.of());
    }

    private static String firstLine(YamlEngineException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Aliases may repeat a value many times over: every copy counts against the limit. */
    private static final class Conversion {
        private int values;

        Json convert(@Nullable Object value, int depth) {
            if (++values > LIMITS.maxValues() || depth > LIMITS.maxDepth()) {
                throw ApiStatus.badRequest("YAML has too many values or is nested too deep");
            }
            if (value == null) {
                return JsonNull.INSTANCE;
            }
            if (value instanceof Map<?, ?> map) {
                JsonObject.Builder object = JsonObject.builder();
                map.forEach(
                        (key, item) -> object.put(String.valueOf(key), convert(item, depth + 1)));
                return object.build();
            }
            if (value instanceof List<?> list) {
                List<Json> items = new ArrayList<>();
                list.forEach(item -> items.add(convert(item, depth + 1)));
                return new JsonArray(items);
            }
            return scalar(value);
        }

        private static Json scalar(Object value) {
            if (value instanceof Boolean flag) {
                return Json.of(flag);
            }
            if (value instanceof Integer || value instanceof Long) {
                return Json.of(((Number) value).longValue());
            }
            if (value instanceof BigInteger big) {
                return JsonNumber.of(new BigDecimal(big));
            }
            if (value instanceof Double number && Double.isFinite(number)) {
                return JsonNumber.of(BigDecimal.valueOf(number));
            }
            return Json.of(String.valueOf(value));
        }
    }
}
