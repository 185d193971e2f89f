// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.h2.store.fs.FilePath;

/**
 * Writes the store's file anew from what is in memory: after a failure, when nobody knows what the
 * old file holds; for other keys, when nothing of the old may stay; and when the old one has grown
 * out of proportion. The new file takes the old one's name when it is whole and synced.
 */
final class FileRewriter {
    private final String path;
    private final Map<String, KindShelf> shelves;
    private final Map<String, Map<String, byte[]>> strangers;
    private final EncryptionKeys keys;

    /**
     * @param strangers what the file has of kinds that are not known
     */
    FileRewriter(
            String path,
            Map<String, KindShelf> shelves,
            Map<String, Map<String, byte[]>> strangers,
            EncryptionKeys keys) {
        this.path = path;
        this.shelves = shelves;
        this.strangers = strangers;
        this.keys = keys;
    }

    /**
     * To be called by the one who changes the shelves, while the old file is not open.
     *
     * @param settings what it is to have beside its objects
     * @return the new file
     * @throws IOException if it cannot be written; the old one is as it was
     */
    ObjectFile rewrite(Map<String, String> settings) throws IOException {
        if (!FilePath.get(path).exists()) {
            // A disk that was taken away must not be taken for one that is empty.
            throw new IOException(path + " is not there any more");
        }
        Map<String, String> kept = new HashMap<>(settings);
        kept.remove(ObjectFile.FORMAT);
        kept.remove(ObjectFile.ENCRYPTED_WITH);
        ObjectFile.replace(path, keys, kept, this::writeTo);
        ObjectFile file = ObjectFile.open(path);
        file.use(keys);
        return file;
    }

    private void writeTo(ObjectFile file) {
        shelves.values().forEach(shelf -> shelf.saveInto(file));
        strangers.forEach((name, objects) -> file.kind(name).objects().putAll(objects));
    }

    /** About how many bytes a file has that was just written. */
    long liveBytes() {
        long bytes = 0;
        for (KindShelf shelf : shelves.values()) {
            bytes += shelf.bytes();
        }
        return bytes;
    }
}
