// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The bytes of single entries in an {@link ObjectFile}. */
final class Records {
    private Records() {}

    /** A kind's objects are told apart by this; neither part can hold a slash. */
    static String path(ObjectKey key) {
        return key.namespace() + "/" + key.name();
    }

    static ObjectKey key(String resource, String path) {
        int slash = path.indexOf('/');
        return new ObjectKey(resource, path.substring(0, slash), path.substring(slash + 1));
    }

    /** A revision and a text. */
    static byte[] object(Stored stored) {
        return ByteBuffer.allocate(Long.BYTES + stored.text().length)
                .putLong(stored.revision())
                .put(stored.text())
                .array();
    }

    static long revision(byte[] object) {
        return ByteBuffer.wrap(object).getLong();
    }

    static byte[] text(byte[] object) {
        return Arrays.copyOfRange(object, Long.BYTES, object.length);
    }

    /** The path, and the text that was written; no text if the object was removed. */
    static byte[] change(Change change) {
        byte[] path = path(change.key()).getBytes(StandardCharsets.UTF_8);
        Stored after = change.after();
        byte[] text = after == null ? new byte[0] : after.text();
        return ByteBuffer.allocate(Short.BYTES + path.length + text.length)
                .putShort((short) path.length)
                .put(path)
                .put(text)
                .array();
    }

    static String changedPath(byte[] change) {
        return new String(
                change, Short.BYTES, ByteBuffer.wrap(change).getShort(), StandardCharsets.UTF_8);
    }

    static byte @Nullable [] changedText(byte[] change) {
        int start = Short.BYTES + ByteBuffer.wrap(change).getShort();
        return start == change.length ? null : Arrays.copyOfRange(change, start, change.length);
    }
}
