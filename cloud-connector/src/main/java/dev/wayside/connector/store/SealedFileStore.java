// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.SFChunk;
import org.h2.mvstore.SingleFileStore;
import org.jspecify.annotations.Nullable;

/**
 * H2's file with a checksum over every chunk, so that a chunk that a power cut tore is known for
 * what it is.
 *
 * <p>H2 takes a chunk for whole when its first and last bytes are, and finds the newest one through
 * a header that may reach the disk before the chunk it names does. Where writes are reordered, both
 * can make it open an older state than the last one synced, or a mixture. So:
 *
 * <ul>
 *   <li>each chunk is sealed: the last bytes of its footer, which H2 pads with white space and
 *       skips when reading, carry the CRC-32C of all bytes before them, as characters below a
 *       space. Stock H2 reads such a file as ever;
 *   <li>on opening, the whole file is read, and H2 is shown only footers of chunks whose seal
 *       holds, and a header that names the newest of them.
 * </ul>
 *
 * <p>This is enough, because one chunk at most is not synced at any time: the owner syncs after
 * each commit and compacts only in between, so the newest whole chunk is the last commit that was
 * answered, or the one after it. Space is reused only after the commit that freed it was synced,
 * because it is given out again at the beginning of the next one; therefore a retention time of 0
 * is safe.
 */
final class SealedFileStore extends SingleFileStore {
    private static final int BLOCK = 4096;
    private static final int FOOTER = 128;
    private static final int HEADER = 512;
    private static final int SEAL = 8;
    private static final int BLOCKS_PER_READ = 256;

    private record Newest(int id, long block, long version) {}

    // Touched only by the thread that opens the store, while it opens it.
    private boolean opening;
    private final Set<Long> sealedEnds = new HashSet<>();
    private @Nullable Newest newest;

    SealedFileStore(Map<String, Object> config) {
        super(config);
    }

    @Override
    protected void writeFully(@Nullable SFChunk chunk, long pos, ByteBuffer src) {
        if (chunk != null) {
            seal(src);
        }
        super.writeFully(chunk, pos, src);
    }

    @Override
    public ByteBuffer readFully(@Nullable SFChunk chunk, long pos, int len) {
        if (opening && chunk == null) {
            if (pos == 0 && len == 2 * BLOCK && newest != null) {
                return header(newest);
            }
            if (len == FOOTER && !sealedEnds.contains((pos + FOOTER) / BLOCK)) {
                return ByteBuffer.allocate(len);
            }
        }
        return super.readFully(chunk, pos, len);
    }

    @Override
    protected void readStoreHeader(boolean recoveryMode) {
        findWholeChunks();
        opening = true;
        try {
            super.readStoreHeader(recoveryMode);
        } finally {
            opening = false;
            sealedEnds.clear();
        }
        if (newest != null && (lastChunk == null || lastChunk.version != newest.version())) {
            throw DataUtils.newMVStoreException(
                    DataUtils.ERROR_FILE_CORRUPT,
                    "the last commit, version {0}, refers to data that is damaged",
                    newest.version());
        }
    }

    /** Whether there is anything that was ever committed. Known after opening. */
    boolean hasCommits() {
        return newest != null;
    }

    private static void seal(ByteBuffer chunk) {
        int end = chunk.limit() - SEAL;
        int crc = crc(chunk.duplicate().limit(end));
        for (int i = 0; i < SEAL; i++) {
            chunk.put(end + i, (byte) (crc >>> (28 - 4 * i) & 0xf));
        }
    }

    private static boolean isSealed(ByteBuffer chunk) {
        int end = chunk.limit() - SEAL;
        int crc = crc(chunk.duplicate().limit(end));
        for (int i = 0; i < SEAL; i++) {
            if (chunk.get(end + i) != (crc >>> (28 - 4 * i) & 0xf)) {
                return false;
            }
        }
        return true;
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private void findWholeChunks() {
        newest = null;
        sealedEnds.clear();
        long blocks = size() / BLOCK;
        for (long first = 2; first < blocks; first += BLOCKS_PER_READ) {
            int count = (int) Math.min(BLOCKS_PER_READ, blocks - first);
            ByteBuffer part = super.readFully((SFChunk) null, first * BLOCK, count * BLOCK);
            for (int i = 1; i <= count; i++) {
                considerFooter(part.slice(i * BLOCK - FOOTER, FOOTER), first + i);
            }
        }
    }

    /**
     * @param end the block after the footer's
     */
    private void considerFooter(ByteBuffer footer, long end) {
        Map<String, String> fields = fields(footer, 0, FOOTER);
        if (fields == null) {
            return;
        }
        int id;
        int length;
        long version;
        try {
            id = Integer.parseInt(fields.getOrDefault("chunk", ""), 16);
            length = Integer.parseInt(fields.getOrDefault("len", ""), 16);
            version = Long.parseLong(fields.getOrDefault("version", ""), 16);
        } catch (NumberFormatException notAFooter) {
            return;
        }
        long start = end - length;
        if (length < 1
                || start < 2
                || length > Integer.MAX_VALUE / BLOCK
                || !isSealed(super.readFully((SFChunk) null, start * BLOCK, length * BLOCK))) {
            return;
        }
        sealedEnds.add(end);
        // Of two copies of one chunk the one nearer to the beginning is where it was moved to.
        if (newest == null || version > newest.version()) {
            newest = new Newest(id, start, version);
        }
    }

    /** The header that names the newest whole chunk, in both its places. */
    private ByteBuffer header(Newest chunk) {
        ByteBuffer real = super.readFully((SFChunk) null, 0, 2 * BLOCK);
        Map<String, String> fields = fields(real, 0, HEADER);
        if (fields == null) {
            fields = fields(real, BLOCK, HEADER);
        }
        if (fields == null) {
            fields = new HashMap<>(Map.of("H", "2", "blockSize", "1000", "format", "3"));
        }
        HashMap<String, String> named = new HashMap<>(fields);
        named.remove("clean"); // makes H2 look at the chunks
        named.put("chunk", Integer.toHexString(chunk.id()));
        named.put("block", Long.toHexString(chunk.block()));
        named.put("version", Long.toHexString(chunk.version()));
        StringBuilder text = new StringBuilder();
        DataUtils.appendMap(text, named);
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        DataUtils.appendMap(text, "fletcher", DataUtils.getFletcher32(bytes, 0, bytes.length));
        bytes = text.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(2 * BLOCK).put(0, bytes).put(BLOCK, bytes);
    }

    /** A line of {@code name:value} pairs with its checksum, without that; null if it is none. */
    private static @Nullable Map<String, String> fields(ByteBuffer buffer, int offset, int length) {
        byte[] line = new byte[length];
        buffer.get(offset, line);
        String text = new String(line, StandardCharsets.ISO_8859_1);
        int sum = text.indexOf(",fletcher:");
        if (sum < 0) {
            return null;
        }
        try {
            String value = text.substring(sum + ",fletcher:".length()).split("[^0-9a-f]", 2)[0];
            return (int) Long.parseLong(value, 16) == DataUtils.getFletcher32(line, 0, sum)
                    ? DataUtils.parseMap(text.substring(0, sum))
                    : null;
        } catch (NumberFormatException | MVStoreException notOurs) {
            return null;
        }
    }
}
