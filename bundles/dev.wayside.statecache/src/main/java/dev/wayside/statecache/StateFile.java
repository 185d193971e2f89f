// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.h2.mvstore.type.StringDataType;
import org.h2.store.fs.FileUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one file of the state cache: an H2 MVStore with a single map. Not safe for several threads.
 *
 * <p>How it stays whole. Each {@link #write} is one chunk, appended and synced; space is never
 * reused, so a chunk that was synced is never written over, whatever order the disk prefers. A cut
 * can therefore only harm the last chunk, which nobody was told of. MVStore finds a chunk that is
 * cut short by itself; one with a hole (its ends written, its middle not) is found here, by reading
 * everything at the start, and is cut off ({@link ChunkTail}). When the file has grown to several
 * times its content, it is written anew beside, synced and renamed over the old one. MVStore's own
 * background thread, automatic commits and compaction are off: nothing is written unless asked.
 *
 * <p>A file that can't be read is renamed and a new one begun.
 */
final class StateFile implements AutoCloseable {
    /** Makes what was committed durable. A seam: without it the power-cut test must fail. */
    interface Sync {
        void sync(MVStore store);
    }

    static final int FORMAT = 1;

    private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS").withZone(ZoneOffset.UTC);
    private static final String ASIDE = ".corrupt-";
    private static final int KEPT_ASIDE = 3;
    // One chunk may be unsynced at a cut; a second one after a sync that failed.
    private static final int TAILS_CUT = 2;
    private static final long GROWTH = 4;
    private static final long RESERVE = 1L << 20;

    private final String path;
    private final long smallest;
    private final Clock clock;
    private final Sync sync;
    private @Nullable MVStore store;
    private @Nullable MVMap<String, byte[]> map;
    private String damage = "";

    /**
     * @param path as H2 names files: plain, or with the scheme of a file system in front
     * @param smallest the size in bytes below which the file is never rewritten
     */
    StateFile(String path, long smallest, Clock clock, Sync sync) {
        this.path = path;
        this.smallest = smallest;
        this.clock = clock;
        this.sync = sync;
    }

    /** Why the last {@link #open} had to begin a new file; empty if it had not to. */
    Optional<String> damage() {
        return damage.isEmpty() ? Optional.empty() : Optional.of(damage);
    }

    boolean isOpen() {
        return store != null;
    }

    /**
     * Opens the file, makes one if there is none, sets it aside if it can't be read.
     *
     * @return everything in it
     * @throws StateException if the disk is full, fails, or another process has the file open
     */
    NavigableMap<String, byte[]> open() throws StateException {
        damage = "";
        try {
            FileUtils.delete(path + ".new"); // left by a rewrite that was cut short
            for (int cut = 0; ; cut++) {
                try {
                    return load();
                } catch (CorruptException e) {
                    if (cut >= TAILS_CUT || !ChunkTail.cut(path)) {
                        setAside(e);
                        return load();
                    }
                    LOG.info("The last write to {} was cut short and is left out", path);
                }
            }
        } catch (CorruptException e) {
            throw new StateException("a new state file can't be read: " + path, e);
        } catch (RuntimeException | IOException e) {
            closeNow();
            throw new StateException("the state file can't be opened: " + path, e);
        }
    }

    /**
     * Applies the changes and returns once they are synced. On failure the file is closed; whether
     * the changes are in it shows at the next {@link #open}.
     *
     * @param changes null for a removal
     */
    void write(Map<String, byte @Nullable []> changes) throws StateException {
        MVStore open = store;
        MVMap<String, byte[]> target = map;
        if (open == null || target == null) {
            throw new StateException("the state file is closed: " + path, null);
        }
        refuseIfNearlyFull();
        try {
            changes.forEach(
                    (key, value) -> {
                        if (value == null) {
                            target.remove(key);
                        } else {
                            target.put(key, value);
                        }
                    });
            open.commit();
            sync.sync(open);
            if (open.isClosed()) {
                throw new IllegalStateException(
                        "the store closed itself", open.getPanicException());
            }
        } catch (RuntimeException e) {
            closeNow();
            throw new StateException("the state file can't be written: " + path, e);
        }
    }

    /**
     * Writes the file anew if it has grown to several times its content.
     *
     * @param content all of it, as synced
     */
    void rewriteIfGrown(NavigableMap<String, byte[]> content) throws StateException {
        long live = content.values().stream().mapToLong(value -> value.length + 64L).sum();
        if (FileUtils.size(path) > Math.max(smallest, GROWTH * live)) {
            rewrite(content);
        }
    }

    /** MVStore closes itself on a full disk: better not to get there. */
    private void refuseIfNearlyFull() throws StateException {
        if (path.startsWith("/")) {
            long usable;
            try {
                usable = Files.getFileStore(Path.of(path)).getUsableSpace();
            } catch (IOException e) {
                throw new StateException("the state file is out of reach: " + path, e);
            }
            if (usable < RESERVE) {
                throw new StateException(
                        "less than " + (RESERVE >> 10) + " KiB free on the disk of " + path, null);
            }
        }
    }

    private void rewrite(NavigableMap<String, byte[]> content) throws StateException {
        String fresh = path + ".new";
        try {
            FileUtils.delete(fresh);
            MVStore next = build(fresh);
            try {
                MVMap<String, byte[]> target = openMap(next);
                content.forEach(target::put);
                next.commit();
                sync.sync(next);
            } finally {
                next.closeImmediately();
            }
            closeNow();
            FileUtils.moveAtomicReplace(fresh, path);
            syncFolder();
            load();
        } catch (CorruptException | RuntimeException | IOException e) {
            closeNow();
            throw new StateException("the state file can't be rewritten: " + path, e);
        }
    }

    @Override
    public void close() {
        // No clean shutdown mark: it would be one more write, and the start reads everything
        // anyway.
        closeNow();
    }

    private void closeNow() {
        MVStore open = store;
        store = null;
        map = null;
        if (open != null) {
            open.closeImmediately();
        }
    }

    private NavigableMap<String, byte[]> load() throws CorruptException, IOException {
        boolean isNew = !FileUtils.exists(path) || FileUtils.size(path) == 0;
        try {
            MVStore open = build(path);
            store = open;
            MVMap<String, byte[]> target = openMap(open);
            map = target;
            NavigableMap<String, byte[]> content = new TreeMap<>(target);
            if (!content.containsKey(Keys.ABOUT)) {
                // Nothing was ever told to anybody out of a file without its first record.
                content.clear();
                target.clear();
                byte[] about = Value.encode(JsonObject.EMPTY.with("format", FORMAT));
                target.put(Keys.ABOUT, about);
                content.put(Keys.ABOUT, about);
                open.commit();
                sync.sync(open);
                if (isNew) {
                    syncFolder();
                }
            }
            check(content);
            return content;
        } catch (CorruptException e) {
            closeNow();
            throw e;
        } catch (RuntimeException e) {
            closeNow();
            if (unreadable(e)) {
                throw new CorruptException(String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }

    private static void check(NavigableMap<String, byte[]> content) throws CorruptException {
        for (Map.Entry<String, byte[]> entry : content.entrySet()) {
            if (!Value.intact(entry.getValue())) {
                throw new CorruptException("checksum of " + entry.getKey(), null);
            }
        }
        byte[] about = content.get(Keys.ABOUT);
        long format = about == null ? 0 : Value.decode(about).number("format").orElse(0);
        if (format != FORMAT) {
            throw new CorruptException("format " + format + ", known is " + FORMAT, null);
        }
    }

    /** Tells a broken file from one that can't be reached now. */
    private static boolean unreadable(RuntimeException e) {
        if (!(e instanceof MVStoreException store)) {
            // A broken file makes MVStore fail in many ways: wrong lengths, wrong offsets.
            return true;
        }
        return switch (store.getErrorCode()) {
            case DataUtils.ERROR_READING_FAILED -> e.getCause() instanceof EOFException;
            case DataUtils.ERROR_WRITING_FAILED,
                    DataUtils.ERROR_FILE_LOCKED,
                    DataUtils.ERROR_CLOSED ->
                    false;
            default -> true;
        };
    }

    private void setAside(CorruptException why) throws IOException {
        String aside = path + ASIDE + STAMP.format(clock.instant());
        FileUtils.move(path, aside);
        syncFolder();
        damage = why.getMessage() + "; the file is kept as " + FileUtils.getName(aside);
        List<String> kept =
                FileUtils.newDirectoryStream(FileUtils.getParent(path)).stream()
                        .filter(name -> name.startsWith(path + ASIDE))
                        .sorted()
                        .toList();
        kept.subList(0, Math.max(0, kept.size() - KEPT_ASIDE)).forEach(FileUtils::delete);
    }

    private static MVStore build(String name) {
        MVStore store =
                new MVStore.Builder()
                        .fileName(name)
                        .autoCommitDisabled()
                        .autoCommitBufferSize(0)
                        .autoCompactFillRate(0)
                        .cacheSize(0)
                        .open();
        store.setReuseSpace(false);
        store.setVersionsToKeep(0);
        return store;
    }

    private static MVMap<String, byte[]> openMap(MVStore store) {
        return store.openMap(
                "state",
                new MVMap.Builder<String, byte[]>()
                        .keyType(StringDataType.INSTANCE)
                        .valueType(ByteArrayDataType.INSTANCE));
    }

    /** Makes a new or renamed file's name durable, where the file system is the machine's own. */
    private void syncFolder() throws IOException {
        if (path.startsWith("/")) {
            Path folder = Path.of(path).getParent();
            if (folder != null && Files.isDirectory(folder)) {
                try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                    channel.force(true);
                }
            }
        }
    }

    private static final class CorruptException extends Exception {
        private static final long serialVersionUID = 1L;

        CorruptException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
