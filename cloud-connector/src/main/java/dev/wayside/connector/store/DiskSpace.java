// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.File;
import java.util.function.LongSupplier;

/**
 * Whether the disk has room for another write. A little is kept back, so that the store stops in
 * good order, and not in the middle of a commit. One thread.
 */
final class DiskSpace {
    /** What is kept back. */
    static final long RESERVE = 32L << 20;

    /** Only with this much is a shortage over, so that it does not come and go. */
    static final long ENOUGH = RESERVE + RESERVE / 2;

    private final String path;
    private final LongSupplier usable;
    private boolean isShort;

    /**
     * @param usable how many bytes can be written
     */
    DiskSpace(String path, LongSupplier usable) {
        this.path = path;
        this.usable = usable;
    }

    /** Of the disk that a file is on; a file system of H2's own is never full. */
    static DiskSpace of(String path) {
        File folder = new File(path).getAbsoluteFile().getParentFile();
        return new DiskSpace(
                path,
                path.startsWith("/") && folder != null
                        ? folder::getUsableSpace
                        : () -> Long.MAX_VALUE);
    }

    /** Looks; {@code ""} if there is room. */
    String shortage() {
        long bytes = usable.getAsLong();
        isShort = bytes < (isShort ? ENOUGH : RESERVE);
        return isShort
                ? "the disk of "
                        + path
                        + " has "
                        + (bytes >> 20)
                        + " MiB left and "
                        + (ENOUGH >> 20)
                        + " MiB are needed to write: the store is read-only until there is room"
                : "";
    }
}
