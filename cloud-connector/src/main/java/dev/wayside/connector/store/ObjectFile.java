// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.LongDataType;
import org.h2.mvstore.type.StringDataType;
import org.h2.store.fs.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The store on disk: four maps for each kind, and a few settings. One thread uses it, the writer;
 * another only after that has ended. Nothing here is read after opening, except by H2 itself.
 */
final class ObjectFile implements AutoCloseable {
    static final String FORMAT = "format";
    static final String RESERVED = "reserved";
    static final String TOKEN_KEY = "token-key";

    /** Raise it when the maps change so that older code would misread them. */
    static final String FORMAT_VERSION = "1";

    // A chunk of which less than this is still in use is worth the rewriting of the rest.
    private static final int FILL_PERCENT = 50;
    private static final int COMMITS_BETWEEN_COMPACTIONS = 32;
    private static final int BYTES_PER_COMPACTION = 1 << 20;

    private final String path;
    private final MVStore store;
    private final MVMap<String, String> settings;
    private final Map<String, Maps> kinds = new HashMap<>();
    private int commits;

    /**
     * One kind on disk.
     *
     * @param objects by {@code namespace/name}: the revision and the text
     * @param history by revision: what {@link Records} writes
     * @param prior by {@code namespace/name}: the state before the oldest change in the history,
     *     for objects that have a change there and were there before it
     * @param marks trim marks by partition
     */
    record Maps(
            MVMap<String, byte[]> objects,
            MVMap<Long, byte[]> history,
            MVMap<String, byte[]> prior,
            MVMap<String, Long> marks) {}

    private ObjectFile(String path, MVStore store) {
        this.path = path;
        this.store = store;
        this.settings =
                store.openMap("settings", map(StringDataType.INSTANCE, StringDataType.INSTANCE));
    }

    /**
     * Opens the file, or makes it.
     *
     * @param path as H2 takes it
     * @throws IOException if it cannot be read, is in use, is damaged, or has a format that this
     *     version does not know
     */
    static ObjectFile open(String path) throws IOException {
        FilePath file = FilePath.get(path);
        if (!file.exists()) {
            create(path);
        }
        MVStore store = openStore(path, true);
        try {
            ObjectFile opened = new ObjectFile(path, store);
            String format = opened.settings.get(FORMAT);
            if (!FORMAT_VERSION.equals(format)) {
                throw new IOException(
                        path
                                + " has store format "
                                + format
                                + ", and this version knows "
                                + FORMAT_VERSION
                                + " only; run the version that wrote it, or a newer one");
            }
            // What was read may be in no more than the operating system's memory (the process was
            // killed between write and sync): it must not be shown before it is safe.
            store.sync();
            return opened;
        } catch (MVStoreException e) {
            store.closeImmediately();
            throw damaged(path, e);
        } catch (IOException e) {
            store.closeImmediately();
            throw e;
        }
    }

    /**
     * Makes the file under another name first, so that a file of this name was always committed.
     */
    private static void create(String path) throws IOException {
        String unfinished = path + ".new";
        FilePath.get(unfinished).delete();
        MVStore store = openStore(unfinished, false);
        try {
            ObjectFile made = new ObjectFile(unfinished, store);
            made.settings.put(FORMAT, FORMAT_VERSION);
            made.commit();
            store.close();
            FilePath.get(unfinished).moveTo(FilePath.get(path), true);
        } catch (MVStoreException e) {
            store.closeImmediately();
            throw new IOException("cannot make " + path + ": " + e.getMessage(), e);
        }
    }

    private static MVStore openStore(String path, boolean written) throws IOException {
        Map<String, Object> config = new HashMap<>();
        // Pages are cached for the writer alone; readers have the objects themselves.
        config.put("cacheSize", 8);
        SealedFileStore file = new SealedFileStore(config);
        try {
            file.open(path, false, null);
            // No thread and no buffer of H2's may commit on its own: a commit is a transaction.
            MVStore store =
                    new MVStore.Builder()
                            .adoptFileStore(file)
                            .autoCommitDisabled()
                            .autoCommitBufferSize(0)
                            .open();
            store.setRetentionTime(0);
            store.setVersionsToKeep(0);
            if (written && !file.hasCommits()) {
                store.closeImmediately();
                throw new IOException(path + " is damaged: it holds nothing; restore a backup");
            }
            return store;
        } catch (MVStoreException e) {
            if (e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
                throw new IOException(path + " is in use by another process", e);
            }
            throw damaged(path, e);
        }
    }

    private static IOException damaged(String path, MVStoreException e) {
        return new IOException(
                "cannot read " + path + ": " + e.getMessage() + "; restore a backup", e);
    }

    private static <K, V> MVMap.Builder<K, V> map(
            org.h2.mvstore.type.DataType<K> keys, org.h2.mvstore.type.DataType<V> values) {
        return new MVMap.Builder<K, V>().keyType(keys).valueType(values);
    }

    Maps kind(String resource) {
        return kinds.computeIfAbsent(
                resource,
                name ->
                        new Maps(
                                store.openMap(
                                        "objects/" + name,
                                        map(StringDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "history/" + name,
                                        map(LongDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "prior/" + name,
                                        map(StringDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "marks/" + name,
                                        map(StringDataType.INSTANCE, LongDataType.INSTANCE))));
    }

    /** Removes a kind, with the next commit. */
    void drop(String resource) {
        Maps maps = kind(resource);
        store.removeMap(maps.objects());
        store.removeMap(maps.history());
        store.removeMap(maps.prior());
        store.removeMap(maps.marks());
        kinds.remove(resource);
    }

    @Nullable String setting(String name) {
        return settings.get(name);
    }

    void set(String name, String value) {
        settings.put(name, value);
    }

    /**
     * Makes all changes since the last commit durable, together.
     *
     * @throws MVStoreException if that failed; whether they are there is then known only after
     *     opening the file anew
     */
    void commit() {
        store.commit();
        store.sync();
        commits++;
    }

    /**
     * To be called after a commit was answered. Moves what is still in use out of chunks that are
     * mostly empty, so that they can be overwritten.
     */
    void maintain() {
        if (commits >= COMMITS_BETWEEN_COMPACTIONS) {
            commits = 0;
            if (store.compact(FILL_PERCENT, BYTES_PER_COMPACTION)) {
                store.commit();
                store.sync();
            }
        }
    }

    /** How often the file was read so far. Any thread. */
    long reads() {
        return store.getFileStore().getReadCount();
    }

    String path() {
        return path;
    }

    /** Commits and closes. */
    @Override
    public void close() {
        store.close();
    }

    /** Closes without another write. */
    void abandon() {
        store.closeImmediately();
    }
}
