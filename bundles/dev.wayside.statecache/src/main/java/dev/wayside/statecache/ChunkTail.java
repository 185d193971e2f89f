// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.h2.store.fs.FilePath;

/**
 * Cuts the last chunk off a store that is only ever appended to. A chunk begins at a block of 4,096
 * bytes with the text {@code chunk:ID,len:BLOCKS,pages:PAGES,…}, numbers in hexadecimal; the first
 * two blocks are the store's header.
 */
final class ChunkTail {
    private static final int BLOCK = 4096;
    private static final Pattern HEAD =
            Pattern.compile("chunk:[0-9a-f]+,len:[0-9a-f]+,pages:[0-9a-f]+,");

    private ChunkTail() {}

    /** Cuts; false if there is no chunk with another one before it. */
    static boolean cut(String path) throws IOException {
        FilePath file = FilePath.get(path);
        if (!file.exists()) {
            return false;
        }
        try (FileChannel channel = file.open("rw")) {
            long last = -1;
            for (long block = channel.size() / BLOCK; block >= 2; block--) {
                if (startsChunk(channel, block)) {
                    if (last >= 0) {
                        channel.truncate(last * BLOCK);
                        channel.force(true);
                        return true;
                    }
                    last = block;
                }
            }
        }
        return false;
    }

    private static boolean startsChunk(FileChannel channel, long block) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(64);
        while (head.hasRemaining() && channel.read(head, block * BLOCK + head.position()) > 0) {
            // reads on
        }
        String text = new String(head.array(), 0, head.position(), StandardCharsets.ISO_8859_1);
        return HEAD.matcher(text).lookingAt();
    }
}
