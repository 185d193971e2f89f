// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Decodes parts of a request's target. Strict: what could be read in two ways is refused, so that
 * the one who checks a path and the one who uses it can never differ.
 */
final class PercentDecoder {
    private PercentDecoder() {}

    /** One segment of a path: not empty, no dots alone, no slash, no control character. */
    static String segment(String raw) {
        String segment = decode(raw, false);
        boolean bad =
                segment.isEmpty()
                        || segment.equals(".")
                        || segment.equals("..")
                        || segment.indexOf('/') >= 0
                        || segment.indexOf('\\') >= 0;
        if (bad) {
            throw malformed();
        }
        return segment;
    }

    /** A name or value of a query; {@code +} is a space. */
    static String query(String raw) {
        return decode(raw, true);
    }

    /** A part of a header's name. */
    static String header(String raw) {
        return decode(raw, false);
    }

    private static String decode(String raw, boolean plusIsSpace) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                if (i + 2 >= raw.length()) {
                    throw malformed();
                }
                int high = Character.digit(raw.charAt(i + 1), 16);
                int low = Character.digit(raw.charAt(i + 2), 16);
                if (high < 0 || low < 0) {
                    throw malformed();
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else if (c > 0x7e || c < 0x21) {
                throw malformed();
            } else {
                bytes.write(plusIsSpace && c == '+' ? ' ' : c);
            }
        }
        String text = utf8(bytes.toByteArray());
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw malformed();
        }
        return text;
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw malformed();
        }
    }

    private static ApiException malformed() {
        return new ApiException(Reason.BAD_REQUEST, "the request's path or query is malformed");
    }
}
