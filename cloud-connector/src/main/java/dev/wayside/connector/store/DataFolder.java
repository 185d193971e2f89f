// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A folder that is held by one process at a time. */
public final class DataFolder implements AutoCloseable {
    private final Path dir;
    private final FileChannel channel;

    private DataFolder(Path dir, FileChannel channel) {
        this.dir = dir;
        this.channel = channel;
    }

    /**
     * Makes the folder if need be, and locks it.
     *
     * @throws IOException if it is locked, or cannot be made
     */
    public static DataFolder lock(Path dir) throws IOException {
        Files.createDirectories(dir);
        FileChannel channel =
                FileChannel.open(
                        dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException(dir + " is in use by this process already", e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        if (lock == null) {
            channel.close();
            throw new IOException(
                    dir + " is in use by another process; stop that, or choose another folder");
        }
        return new DataFolder(dir, channel);
    }

    /** Makes the names of new files durable. */
    public void sync() throws IOException {
        try (FileChannel names = FileChannel.open(dir, StandardOpenOption.READ)) {
            names.force(true);
        }
    }

    @Override
    public void close() {
        try {
            channel.close(); // and with it the lock
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
