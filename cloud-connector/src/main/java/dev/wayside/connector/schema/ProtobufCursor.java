// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads one message of the protobuf wire format, within its bytes. Every method throws {@link
 * IllegalArgumentException} on malformed input.
 */
final class ProtobufCursor {
    static final int VARINT = 0;
    static final int FIXED_64 = 1;
    static final int BYTES = 2;
    static final int FIXED_32 = 5;

    private final byte[] bytes;
    private final int end;
    private int at;
    private int wire;

    ProtobufCursor(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    boolean isEmpty() {
        return at == end;
    }

    /** The next field's number. Its value is to be read, or skipped, before the next. */
    int field() {
        long tag = varint();
        wire = (int) (tag & 7);
        long number = tag >>> 3;
        if (number < 1 || number > 0x1FFFFFFF) {
            throw new IllegalArgumentException("illegal field number " + number);
        }
        return (int) number;
    }

    /** The wire type of the field that was begun last. */
    int wire() {
        return wire;
    }

    long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw truncated();
            }
            byte next = bytes[at++];
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than 64 bits");
    }

    /** The message, text or bytes of the field that was begun last. */
    ProtobufCursor nested() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > end - at) {
            throw truncated();
        }
        ProtobufCursor nested = new ProtobufCursor(bytes, at, at + (int) length);
        at += (int) length;
        return nested;
    }

    /** A number of the field that was begun last. */
    long number() {
        expect(VARINT);
        return varint();
    }

    /** A number of 64 bits with a fraction, of the field that was begun last. */
    double decimal() {
        expect(FIXED_64);
        if (end - at < Double.BYTES) {
            throw truncated();
        }
        double value =
                ByteBuffer.wrap(bytes, at, Double.BYTES).order(ByteOrder.LITTLE_ENDIAN).getDouble();
        at += Double.BYTES;
        return value;
    }

    /** All that is left, as text. */
    String text() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, at, end - at))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a text that is not UTF-8", e);
        }
    }

    /** All that is left. */
    byte[] bytes() {
        byte[] rest = new byte[end - at];
        System.arraycopy(bytes, at, rest, 0, rest.length);
        return rest;
    }

    /** Passes over the value of the field that was begun last. */
    void skip() {
        switch (wire) {
            case VARINT -> varint();
            case BYTES -> nested();
            case FIXED_64 -> pass(8);
            case FIXED_32 -> pass(4);
            default -> throw new IllegalArgumentException("unsupported wire type " + wire);
        }
    }

    private void pass(int count) {
        if (end - at < count) {
            throw truncated();
        }
        at += count;
    }

    private void expect(int wanted) {
        if (wire != wanted) {
            throw new IllegalArgumentException("wire type " + wire + " instead of " + wanted);
        }
    }

    private static IllegalArgumentException truncated() {
        return new IllegalArgumentException("it ends too early");
    }
}
