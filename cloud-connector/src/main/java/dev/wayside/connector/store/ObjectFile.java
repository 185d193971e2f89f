// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
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

    /** The id of the key that all that is encrypted is encrypted with. */
    static final String ENCRYPTED_WITH = "encrypted-with";

    /** The revision before which nothing can be told: the store was restored from a backup. */
    static final String TOLD_FROM = "told-from";

    /** Raise it when the maps change so that older code would misread them. */
    static final String FORMAT_VERSION = "2";

    /** Of format 1 is what was never encrypted and never restored. */
    private static final Set<String> KNOWN_FORMATS = Set.of("1", FORMAT_VERSION);

    private static final String OBJECTS = "objects/";
    private static final int BYTES_PER_REWRITTEN_COMMIT = 8 << 20;

    // A chunk of which less than this is still in use is worth the rewriting of the rest.
    private static final int FILL_PERCENT = 50;
    private static final int COMMITS_BETWEEN_COMPACTIONS = 32;
    private static final int BYTES_PER_COMPACTION = 1 << 20;

    private final String path;
    private final MVStore store;
    private final MVMap<String, String> settings;
    // What the settings are, or will be with the next commit: to be had when the file is not.
    private final Map<String, String> known = new HashMap<>();
    private final Map<String, Maps> kinds = new HashMap<>();
    private EncryptionKeys keys = EncryptionKeys.NONE;
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
            MVMap<String, Long> marks,
            Records records) {
        void put(Stored object) {
            objects.put(Records.path(object.key()), records.object(object));
        }

        void record(Change change) {
            history.put(change.revision(), records.change(change));
        }

        void putPrior(Stored object) {
            prior.put(Records.path(object.key()), records.object(object));
        }
    }

    /** What a file is to hold. */
    interface Content {
        /** Puts it into a file that is empty, which is committed by parts. */
        void writeTo(ObjectFile file);
    }

    private ObjectFile(String path, MVStore store) {
        this.path = path;
        this.store = store;
        this.settings =
                store.openMap("settings", map(StringDataType.INSTANCE, StringDataType.INSTANCE));
        this.known.putAll(settings);
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
            replace(path, EncryptionKeys.NONE, Map.of(), made -> {});
        }
        MVStore store = openStore(path, true);
        try {
            ObjectFile opened = new ObjectFile(path, store);
            String format = opened.settings.get(FORMAT);
            if (format == null || !KNOWN_FORMATS.contains(format)) {
                throw new IOException(
                        path
                                + " has store format "
                                + format
                                + ", and this version knows "
                                + FORMAT_VERSION
                                + " and 1 only; run the version that wrote it, or a newer one");
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
     * Makes a file, in the place of one that is there and not open. It is made under another name
     * first, so that a file of this name was always committed, and is the old one or the new one.
     *
     * @param settings of the new file, but for those that are made here
     */
    static void replace(
            String path, EncryptionKeys keys, Map<String, String> settings, Content content)
            throws IOException {
        String unfinished = path + ".new";
        FilePath.get(unfinished).delete();
        MVStore store = openStore(unfinished, false);
        try {
            ObjectFile made = new ObjectFile(unfinished, store);
            made.use(keys);
            settings.forEach(made::set);
            made.set(FORMAT, FORMAT_VERSION);
            if (!keys.current().isEmpty()) {
                made.set(ENCRYPTED_WITH, keys.current());
            }
            content.writeTo(made);
            made.commit();
            store.close();
            sync(unfinished);
            FilePath.get(unfinished).moveTo(FilePath.get(path), true);
            syncFolder(path);
        } catch (RuntimeException e) {
            store.closeImmediately();
            FilePath.get(unfinished).delete();
            throw new IOException("cannot make " + path + ": " + e.getMessage(), e);
        }
    }

    /** The mark of a clean end is written after the last commit. */
    private static void sync(String path) throws IOException {
        try (FileChannel file = FilePath.get(path).open("rw")) {
            file.force(true);
        }
    }

    private static void syncFolder(String path) throws IOException {
        Path folder = path.startsWith("/") ? Path.of(path).getParent() : null;
        if (folder != null) {
            try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
                names.force(true);
            }
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
                                        OBJECTS + name,
                                        map(StringDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "history/" + name,
                                        map(LongDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "prior/" + name,
                                        map(StringDataType.INSTANCE, ByteArrayDataType.INSTANCE)),
                                store.openMap(
                                        "marks/" + name,
                                        map(StringDataType.INSTANCE, LongDataType.INSTANCE)),
                                new Records(name, keys)));
    }

    /** To be called before the kinds are used. */
    void use(EncryptionKeys those) {
        keys = those;
        kinds.clear();
    }

    /** Commits when there is much to commit, while a file is made. */
    void commitIfMuch() {
        if (store.getUnsavedMemory() > BYTES_PER_REWRITTEN_COMMIT) {
            store.commit();
        }
    }

    /** Kinds that are there and not among those: a newer version's, to be kept as they are. */
    Map<String, Map<String, byte[]>> strangers(Set<String> those) {
        Map<String, Map<String, byte[]>> strangers = new HashMap<>();
        for (String map : store.getMapNames()) {
            String name = map.startsWith(OBJECTS) ? map.substring(OBJECTS.length()) : "";
            if (!name.isEmpty() && !those.contains(name) && !kind(name).objects().isEmpty()) {
                strangers.put(name, Map.copyOf(kind(name).objects()));
            }
        }
        return strangers;
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
        return known.get(name);
    }

    Map<String, String> settings() {
        return Map.copyOf(known);
    }

    void set(String name, String value) {
        known.put(name, value);
        settings.put(name, value);
    }

    /** How large the file is, in bytes. */
    long size() {
        return FilePath.get(path).size();
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
