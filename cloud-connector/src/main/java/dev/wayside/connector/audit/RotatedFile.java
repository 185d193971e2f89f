// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.audit;

import dev.wayside.model.JsonObject;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON lines in a file that only its owner can read (mode 600). When it is full it becomes {@code
 * FILE.1}, what was that {@code FILE.2}, and so on; the oldest goes. One thread.
 */
final class RotatedFile {
    static final long MAX_BYTES = 10L << 20;
    static final int KEPT = 10;

    private final Path path;
    private final long maxBytes;
    private @Nullable OutputStream out;
    private @Nullable FileChannel channel;
    private long size;

    private RotatedFile(Path path, long maxBytes) {
        this.path = path;
        this.maxBytes = maxBytes;
    }

    static RotatedFile open(Path path, long maxBytes) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(path + " is no file");
        }
        Files.createDirectories(folder);
        RotatedFile file = new RotatedFile(path, maxBytes);
        file.open();
        return file;
    }

    void append(JsonObject line) throws IOException {
        byte[] bytes = text(line).getBytes(StandardCharsets.UTF_8);
        OutputStream to = open();
        if (size > 0 && size + bytes.length + 1 > maxBytes) {
            rotate();
            to = open();
        }
        to.write(bytes);
        to.write('\n');
        size += bytes.length + 1L;
    }

    /**
     * The line as JSON, in which nothing is left that a terminal or a reader of lines would take
     * for a command: beside the ASCII controls, which JSON escapes by itself, there are others that
     * end a line, turn text around, or begin a terminal's sequences.
     */
    private static String text(JsonObject line) {
        String json = line.toJson();
        if (json.chars().noneMatch(RotatedFile::isControl)) {
            return json;
        }
        StringBuilder plain = new StringBuilder(json.length() + 64);
        json.chars()
                .forEach(
                        c -> {
                            if (isControl(c)) {
                                plain.append(String.format("\\u%04x", c));
                            } else {
                                plain.append((char) c);
                            }
                        });
        return plain.toString();
    }

    private static boolean isControl(int c) {
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }

    void flush() throws IOException {
        if (out != null) {
            out.flush();
        }
    }

    /** Until it returns, the lines may be lost with the power. */
    void sync() throws IOException {
        FileChannel open = channel;
        if (out != null && open != null) {
            open.force(false);
        }
    }

    void close() {
        OutputStream open = out;
        out = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(RotatedFile.class)
                    .warn("The end of {} may be missing", path, e);
        }
    }

    private void rotate() throws IOException {
        close();
        for (int i = KEPT; i >= 1; i--) {
            Path from = i == 1 ? path : numbered(i - 1);
            if (Files.exists(from)) {
                Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private Path numbered(int number) {
        return path.resolveSibling(path.getFileName() + "." + number);
    }

    private OutputStream open() throws IOException {
        if (out == null) {
            FileChannel opened =
                    FileChannel.open(
                            path,
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")));
            channel = opened;
            size = opened.size();
            out = new BufferedOutputStream(Channels.newOutputStream(opened), 64 * 1024);
            if (isTorn()) {
                out.write('\n');
                size++;
            }
        }
        return out;
    }

    /** Whether the last line was cut off, by a full disk or the end of the power. */
    private boolean isTorn() throws IOException {
        if (size == 0) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer last = ByteBuffer.allocate(1);
            channel.read(last, size - 1);
            return last.get(0) != '\n';
        }
    }
}
