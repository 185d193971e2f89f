// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.DriverException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps two drivers, as there are during a swap or when an old gateway is slow to end, from
 * starting something in one pod at once. The kernel releases it when its holder dies.
 */
final class PodLock implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long STEP_MILLIS = 10;

    private final FileChannel channel;

    private PodLock(FileChannel channel) {
        this.channel = channel;
    }

    static PodLock take(Path file) throws DriverException, IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean taken = false;
        try {
            long begin = System.nanoTime();
            while (tryLock(channel) == null) {
                if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                    throw Failures.unavailable(
                            "ProcessDriverBusy", "another driver works on this pod");
                }
                TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
            }
            taken = true;
            return new PodLock(channel);
        } catch (InterruptedException e) {
            throw Failures.interrupted("waiting for another driver");
        } finally {
            if (!taken) {
                channel.close();
            }
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException inThisJvm) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
