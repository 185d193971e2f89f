// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.KubeObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Everything in a store at one revision, to be carried elsewhere. Secrets are encrypted in it, as
 * on disk. History is not in it: who watches a store that was made of a copy lists anew.
 *
 * @param revision as of which it is
 * @param encryptedWith the id of the key, {@code ""} for none
 * @param entries made one by one as they are read
 */
public record StoreCopy(long revision, String encryptedWith, Iterator<Entry> entries) {

    /**
     * One object.
     *
     * @param resource its kind, for instance {@code deployments.apps}
     * @param path {@code NAMESPACE/NAME}
     * @param value its revision and its text, as on disk
     */
    public record Entry(String resource, String path, byte[] value) {
        static Entry of(Stored stored, EncryptionKeys keys) {
            String resource = stored.key().resource();
            return new Entry(
                    resource,
                    Records.path(stored.key()),
                    new Records(resource, keys).object(stored));
        }

        public long revision() {
            return value.length < Long.BYTES ? 0 : Records.revision(value);
        }

        /**
         * @throws IOException if it cannot be decrypted, or is no object
         */
        public KubeObject object(EncryptionKeys keys) throws IOException {
            try {
                if (value.length < Long.BYTES || path.indexOf('/') < 0) {
                    throw new IOException(resource + " " + path + " is damaged");
                }
                JsonObject tree =
                        JsonReader.readObject(
                                new Records(resource, keys).text(path, value),
                                new JsonLimits(64 << 20, 1_000, 10_000_000),
                                JsonReader.DuplicateNames.LAST_WINS);
                return new KubeObject(tree);
            } catch (JsonException | IllegalStateException e) {
                throw new IOException(resource + " " + path + ": " + e.getMessage(), e);
            }
        }
    }

    /** Takes entries from wherever they come from. */
    public interface Source {
        void forEach(Consumer<Entry> taker) throws IOException;
    }

    /**
     * Makes a store in a folder that has none. It goes on with a revision that its origin never
     * gave out, and tells nothing of the time before: who saw the origin's last moments, which are
     * not in the copy, must not take them for a part of this.
     *
     * @param revision to begin with, higher than all that were ever given out
     * @throws IOException if it cannot be written, or an entry cannot be decrypted
     */
    public static void restore(Path dir, EncryptionKeys keys, long revision, Source source)
            throws IOException {
        Files.createDirectories(dir);
        String begin = Long.toString(revision);
        ObjectFile.replace(
                EmbeddedObjectStore.file(dir),
                keys,
                Map.of(ObjectFile.RESERVED, begin, ObjectFile.TOLD_FROM, begin),
                file -> {
                    try {
                        source.forEach(entry -> put(file, entry));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    private static void put(ObjectFile file, Entry entry) {
        ObjectFile.Maps maps = file.kind(entry.resource());
        maps.objects().put(entry.path(), maps.records().renewed(entry.path(), entry.value()));
        file.commitIfMuch();
    }
}
