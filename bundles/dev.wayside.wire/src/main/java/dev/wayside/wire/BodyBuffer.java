// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Collects a body. Grows with what has arrived, never with what was announced. */
final class BodyBuffer {
    private static final byte[] NONE = {};
    private static final int FIRST_BYTES = 512;

    private byte[] bytes = NONE;
    private int length;

    void add(ByteBuf content) {
        int added = content.readableBytes();
        if (bytes.length < length + added) {
            int doubled = Math.max(FIRST_BYTES, bytes.length * 2);
            bytes = Arrays.copyOf(bytes, Math.max(length + added, doubled));
        }
        content.readBytes(bytes, length, added);
        length += added;
    }

    int length() {
        return length;
    }

    /** The body; the buffer is then empty. */
    byte[] take() {
        byte[] body = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
        bytes = NONE;
        length = 0;
        return body;
    }
}
