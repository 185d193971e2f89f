// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * One stored JSON object as bytes: a flag (0 plain, 1 deflated), the CRC-32 of all else, and for a
 * deflated one its length before. Larger ones are deflated, which spares both memory and flash. The
 * store does not check its pages' contents itself, hence the checksum.
 */
final class Value {
    private static final int HEAD = 5;
    private static final int DEFLATE_FROM = 512;
    private static final int MAX_BYTES = 4 * 1024 * 1024;
    private static final JsonLimits LIMITS = new JsonLimits(MAX_BYTES, 300, 1_000_000);

    private Value() {}

    /**
     * @throws IllegalArgumentException if the object is larger than 4 MiB
     */
    static byte[] encode(JsonObject object) {
        byte[] text = object.toBytes();
        if (text.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "an object of " + text.length + " bytes is larger than " + MAX_BYTES);
        }
        byte[] packed = text.length < DEFLATE_FROM ? text : deflate(text);
        boolean deflated = packed.length + 4 < text.length;
        ByteBuffer out =
                ByteBuffer.allocate(HEAD + (deflated ? 4 + packed.length : text.length))
                        .put((byte) (deflated ? 1 : 0))
                        .putInt(0);
        if (deflated) {
            out.putInt(text.length).put(packed);
        } else {
            out.put(text);
        }
        return out.putInt(1, crc(out.array())).array();
    }

    /** Whether the bytes are as they were written. */
    static boolean intact(byte[] value) {
        return value.length > HEAD && ByteBuffer.wrap(value).getInt(1) == crc(value);
    }

    /**
     * @throws IllegalStateException if the bytes are not {@link #intact}: they were checked when
     *     they were read from disk, so that would be a fault of ours
     */
    static JsonObject decode(byte[] value) {
        try {
            byte[] text =
                    value[0] == 1 ? inflate(value) : Arrays.copyOfRange(value, HEAD, value.length);
            return JsonReader.readObject(text, LIMITS, JsonReader.DuplicateNames.LAST_WINS);
        } catch (JsonException | DataFormatException e) {
            throw new IllegalStateException("a stored value that passed its checksum is broken", e);
        }
    }

    private static int crc(byte[] value) {
        CRC32 crc = new CRC32();
        crc.update(value, 0, 1);
        crc.update(value, HEAD, value.length - HEAD);
        return (int) crc.getValue();
    }

    private static byte[] deflate(byte[] text) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        try {
            deflater.setInput(text);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream(text.length / 2);
            byte[] buffer = new byte[4096];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static byte[] inflate(byte[] value) throws DataFormatException {
        int length = ByteBuffer.wrap(value).getInt(HEAD);
        if (length < 0 || length > MAX_BYTES) {
            throw new DataFormatException("length " + length);
        }
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(value, HEAD + 4, value.length - HEAD - 4);
            byte[] text = new byte[length];
            if (inflater.inflate(text) != length) {
                throw new DataFormatException("shorter than " + length);
            }
            return text;
        } finally {
            inflater.end();
        }
    }
}
