// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * The one pool of network buffers of the process. Netty's default grows an arena per two cores and
 * takes memory in chunks of 4 MiB, which a gateway does not have.
 */
public final class Buffers {
    private static final int PAGE_BYTES = 8 * 1024;

    /** Chunks of 8 KiB · 2^5 = 256 KiB; what is larger is allocated and freed by itself. */
    private static final int CHUNK_ORDER = 5;

    /** A static, since a second pool is just what must not be; it holds no facts, only memory. */
    private static final ByteBufAllocator SHARED =
            new PooledByteBufAllocator(true, 1, 1, PAGE_BYTES, CHUNK_ORDER, 32, 8, false);

    private Buffers() {}

    /** For every channel of the process, listeners and clients alike. */
    public static ByteBufAllocator shared() {
        return SHARED;
    }
}
