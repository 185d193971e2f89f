// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.ByteArrayOutputStream;
import java.util.function.BiConsumer;

/** As much of protobuf as etcd's requests need: varints, and fields of bytes. */
final class Protobuf {
    private static final int BYTES = 2;
    private static final int VARINT = 0;
    private static final int GRPC_PREFIX = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Protobuf bytes(int field, byte[] value) {
        varint(((long) field << 3) | BYTES);
        varint(value.length);
        out.writeBytes(value);
        return this;
    }

    byte[] message() {
        return out.toByteArray();
    }

    /** The message as gRPC sends it: not compressed, its length before it. */
    byte[] framed() {
        byte[] message = message();
        byte[] framed = new byte[GRPC_PREFIX + message.length];
        for (int i = 0; i < Integer.BYTES; i++) {
            framed[1 + i] = (byte) (message.length >>> (24 - 8 * i));
        }
        System.arraycopy(message, 0, framed, GRPC_PREFIX, message.length);
        return framed;
    }

    private void varint(long value) {
        long left = value;
        while (left >= 0x80) {
            out.write((int) ((left & 0x7f) | 0x80));
            left >>>= 7;
        }
        out.write((int) left);
    }

    /** Counts the messages of a field in a message. */
    static int count(byte[] text, int from, int to, int field) {
        int[] found = new int[1];
        fields(
                text,
                from,
                to,
                (number, length) -> {
                    if (number == field) {
                        found[0]++;
                    }
                });
        return found[0];
    }

    private static void fields(
            byte[] text, int from, int to, BiConsumer<Integer, Integer> numberAndLength) {
        int at = from;
        while (at < to) {
            long[] tag = varint(text, at);
            at = (int) tag[1];
            int number = (int) (tag[0] >>> 3);
            long[] value = varint(text, at);
            at = (int) value[1];
            switch ((int) (tag[0] & 7)) {
                case VARINT -> numberAndLength.accept(number, 0);
                case BYTES -> {
                    numberAndLength.accept(number, (int) value[0]);
                    at += (int) value[0];
                }
                default -> throw new IllegalStateException("a field of another type: " + tag[0]);
            }
        }
    }

    /** The value, and where the text goes on. */
    private static long[] varint(byte[] text, int from) {
        long value = 0;
        int at = from;
        for (int shift = 0; ; shift += 7) {
            byte next = text[at++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return new long[] {value, at};
            }
        }
    }
}
