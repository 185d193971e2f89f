// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A log file that never outgrows its bounds: when it is full it becomes {@code NAME.1}, the older
 * ones move up, and the oldest goes. A disk that is full or read-only costs lines, never the
 * caller: what could not be written is counted, and said when writing works again. Safe for any
 * thread.
 */
final class RotatedFiles implements LogSink {
    private final Path file;
    private final long maxBytes;
    private final int kept;

    // Guarded by this.
    private @Nullable OutputStream out;
    private long written;
    private long lost;

    /**
     * @param maxBytes of one file, at least 1,024
     * @param kept how many older files stay, at least 1
     */
    RotatedFiles(Path file, long maxBytes, int kept) {
        if (maxBytes < 1024 || kept < 1) {
            throw new IllegalArgumentException(
                    "a log file needs at least 1024 bytes and 1 older file, not "
                            + maxBytes
                            + " and "
                            + kept);
        }
        this.file = file;
        this.maxBytes = maxBytes;
        this.kept = kept;
    }

    @Override
    public synchronized void write(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            OutputStream stream = open(bytes.length);
            if (lost > 0) {
                byte[] notice =
                        (lost + " lines were lost: they could not be written\n")
                                .getBytes(StandardCharsets.UTF_8);
                stream.write(notice);
                written += notice.length;
                lost = 0;
            }
            stream.write(bytes);
            written += bytes.length;
        } catch (IOException e) {
            lost++;
            closeQuietly();
        }
    }

    private OutputStream open(int more) throws IOException {
        if (out != null && written > 0 && written + more > maxBytes) {
            closeQuietly();
            rotate();
        }
        if (out == null) {
            Path folder = file.toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            if (Files.exists(file) && Files.size(file) + more > maxBytes) {
                rotate();
            }
            written = Files.exists(file) ? Files.size(file) : 0;
            out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        return out;
    }

    private void rotate() throws IOException {
        for (int n = kept - 1; n >= 1; n--) {
            moveIfThere(numbered(n), numbered(n + 1));
        }
        moveIfThere(file, numbered(1));
    }

    private Path numbered(int n) {
        return file.resolveSibling(file.getFileName() + "." + n);
    }

    private static void moveIfThere(Path from, Path to) throws IOException {
        if (Files.exists(from)) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void closeQuietly() {
        OutputStream stream = out;
        out = null;
        if (stream != null) {
            try {
                stream.close();
            } catch (IOException e) {
                // The lines before were written without a buffer; there is nothing to save and
                // nowhere to say it.
                lost++;
            }
        }
    }
}
