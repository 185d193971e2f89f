// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of single entries of one kind in an {@link ObjectFile}. The texts of some kinds are
 * encrypted, each bound to its object and revision.
 */
final class Records {
    private static final Set<String> SECRET = Set.of(ResourceType.SECRETS.qualified());

    private final String resource;
    private final EncryptionKeys keys;

    Records(String resource, EncryptionKeys keys) {
        this.resource = resource;
        this.keys = SECRET.contains(resource) ? keys : EncryptionKeys.NONE;
    }

    /** A kind's objects are told apart by this; neither part can hold a slash. */
    static String path(ObjectKey key) {
        return key.namespace() + "/" + key.name();
    }

    static ObjectKey key(String resource, String path) {
        int slash = path.indexOf('/');
        return new ObjectKey(resource, path.substring(0, slash), path.substring(slash + 1));
    }

    /** A revision and a text. */
    byte[] object(Stored stored) {
        byte[] text = sealed(path(stored.key()), stored.revision(), stored.text());
        return ByteBuffer.allocate(Long.BYTES + text.length)
                .putLong(stored.revision())
                .put(text)
                .array();
    }

    static long revision(byte[] object) {
        return ByteBuffer.wrap(object).getLong();
    }

    /**
     * @throws IllegalStateException if it cannot be decrypted
     */
    byte[] text(String path, byte[] object) {
        return opened(
                path, revision(object), Arrays.copyOfRange(object, Long.BYTES, object.length));
    }

    /**
     * The same, encrypted with the current key.
     *
     * @throws IllegalStateException if it cannot be decrypted
     */
    byte[] renewed(String path, byte[] object) {
        long revision = revision(object);
        byte[] text = sealed(path, revision, text(path, object));
        return ByteBuffer.allocate(Long.BYTES + text.length).putLong(revision).put(text).array();
    }

    /** The path, and the text that was written; no text if the object was removed. */
    byte[] change(Change change) {
        String path = path(change.key());
        Stored after = change.after();
        byte[] text = after == null ? new byte[0] : sealed(path, change.revision(), after.text());
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Short.BYTES + name.length + text.length)
                .putShort((short) name.length)
                .put(name)
                .put(text)
                .array();
    }

    static String changedPath(byte[] change) {
        return new String(
                change, Short.BYTES, ByteBuffer.wrap(change).getShort(), StandardCharsets.UTF_8);
    }

    /**
     * @throws IllegalStateException if it cannot be decrypted
     */
    byte @Nullable [] changedText(long revision, byte[] change) {
        int start = Short.BYTES + ByteBuffer.wrap(change).getShort();
        return start == change.length
                ? null
                : opened(
                        changedPath(change),
                        revision,
                        Arrays.copyOfRange(change, start, change.length));
    }

    private byte[] sealed(String path, long revision, byte[] text) {
        return keys == EncryptionKeys.NONE ? text : keys.seal(place(path, revision), text);
    }

    private byte[] opened(String path, long revision, byte[] text) {
        return SECRET.contains(resource) ? keys.open(place(path, revision), text) : text;
    }

    private String place(String path, long revision) {
        return resource + " " + path + " " + revision;
    }
}
