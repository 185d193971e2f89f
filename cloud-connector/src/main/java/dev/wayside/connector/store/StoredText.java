// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Puts an object's revision into its text, without reading more of it than that needs. */
final class StoredText {
    private static final byte[] METADATA = "\"metadata\":{".getBytes(StandardCharsets.UTF_8);

    private StoredText() {}

    /**
     * @param text of an object without a revision, compact, as it was written here
     */
    static byte[] withRevision(byte[] text, long revision) {
        int at = insideMetadata(text);
        boolean empty = text[at] == '}';
        byte[] member =
                ("\"resourceVersion\":\"" + revision + (empty ? "\"" : "\","))
                        .getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(text.length + member.length)
                .put(text, 0, at)
                .put(member)
                .put(text, at, text.length - at)
                .array();
    }

    private static int insideMetadata(byte[] text) {
        int depth = 0;
        for (int i = 0; i < text.length; i++) {
            switch (text[i]) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                case '"' -> {
                    // In a value a quote would be escaped, so this can only be the member.
                    if (depth == 1 && isMetadata(text, i)) {
                        return i + METADATA.length;
                    }
                    i = endOfString(text, i);
                }
                default -> {}
            }
        }
        throw new IllegalStateException("what is stored has no metadata");
    }

    private static boolean isMetadata(byte[] text, int at) {
        int end = at + METADATA.length;
        return end < text.length && Arrays.equals(text, at, end, METADATA, 0, METADATA.length);
    }

    /** Where the string ends that begins here: at its closing quote. */
    private static int endOfString(byte[] text, int at) {
        int i = at + 1;
        while (text[i] != '"') {
            i += text[i] == '\\' ? 2 : 1;
        }
        return i;
    }
}
