// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing.storage;

import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.h2.store.fs.FilePath;

/**
 * A disk in memory, under a scheme of H2's, that treats what was not synced as a real one does when
 * its power goes: any part of it may be there, whole sectors at a time, in any order.
 *
 * <pre>{@code
 * try (LossyDisk disk = LossyDisk.insert("lossy", new Random(seed))) {
 *     MVStore store = MVStore.open(disk.path("store"));
 *     … write, commit, sync …
 *     disk.cut();                  // whoever has a file open gets IOExceptions from now on
 *     store.closeImmediately();
 *     store = MVStore.open(disk.path("store"));
 * }
 * }</pre>
 *
 * <p>Names are durable at once: making, renaming and deleting files is not lost. Safe for any
 * thread. Schemes are global to H2, so tests that run at the same time need different ones.
 */
public final class LossyDisk implements AutoCloseable {
    private final String scheme;
    private final Random random;
    private final LossyPath provider;
    // All guarded by this.
    private final Map<String, LossyFile> files = new TreeMap<>();
    private boolean syncsIgnored;
    private boolean syncsFail;
    private long capacity = Long.MAX_VALUE;
    private long syncs;
    private int cuts;
    private long stepsToCut = Long.MAX_VALUE;

    private LossyDisk(String scheme, Random random) {
        this.scheme = scheme;
        this.random = random;
        this.provider = new LossyPath(this, scheme + ":");
    }

    /**
     * Makes an empty disk and tells H2 of it.
     *
     * @param scheme at least two letters
     * @param random decides what a cut loses
     */
    public static LossyDisk insert(String scheme, Random random) {
        LossyDisk disk = new LossyDisk(scheme, random);
        FilePath.register(disk.provider);
        return disk;
    }

    /** The name by which H2 knows a file on this disk. */
    public String path(String file) {
        return scheme + ":/" + file;
    }

    /**
     * Cuts the power and gives it back: files that are open fail from now on, locks are gone, and
     * of all that was not synced only some is there.
     */
    public synchronized void cut() {
        cuts++;
        files.values().forEach(file -> file.cut(random));
    }

    /**
     * Cuts the power at a later write, truncation or sync, which then fails.
     *
     * @param steps how many of these still succeed
     */
    public synchronized void cutAfter(int steps) {
        stepsToCut = steps;
    }

    /** Whether syncs do nothing, as on a disk that lies, or in code that forgot them. */
    public synchronized void ignoreSyncs(boolean ignored) {
        syncsIgnored = ignored;
    }

    /** Whether syncs fail with an I/O error. */
    public synchronized void failSyncs(boolean failing) {
        syncsFail = failing;
    }

    /** Lets writes fail that would make the files larger than this, together. */
    public synchronized void limitCapacity(long bytes) {
        capacity = bytes;
    }

    /** How many syncs there were, ignored ones included. */
    public synchronized long syncs() {
        return syncs;
    }

    /** The size of all files together, in bytes. */
    public synchronized long used() {
        return files.values().stream().mapToLong(LossyFile::size).sum();
    }

    /** Takes the disk away from H2. */
    @Override
    public void close() {
        FilePath.unregister(provider);
    }

    String scheme() {
        return scheme;
    }

    int cuts() {
        return cuts;
    }

    Map<String, LossyFile> files() {
        return files;
    }

    /**
     * Counts a write or truncation that was just made, and is not synced yet, or a sync that is
     * about to be made.
     */
    void step() throws IOException {
        if (stepsToCut-- == 0) {
            stepsToCut = Long.MAX_VALUE;
            cut();
            throw new IOException("the power was cut");
        }
    }

    void sync(LossyFile file) throws IOException {
        syncs++;
        step();
        if (syncsFail) {
            throw new IOException("Input/output error");
        }
        if (!syncsIgnored) {
            file.sync();
        }
    }

    void refuseIfFull(long growth) throws IOException {
        if (growth > 0 && used() + growth > capacity) {
            throw new IOException("No space left on device");
        }
    }
}
