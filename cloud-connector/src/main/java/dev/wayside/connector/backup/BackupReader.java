// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.connector.store.StoreCopy;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;

/**
 * Reads a backup. What it gives out is known to be whole and unharmed only when {@link #read} has
 * returned. One thread.
 */
final class BackupReader {
    /** Takes what is in a backup, in its order. */
    interface Taker {
        default void file(String name, byte[] content) throws IOException {}

        default void object(StoreCopy.Entry entry) throws IOException {}
    }

    private final MessageDigest digest = BackupFormat.digest();
    private final DigestInputStream digested;
    private final DataInputStream in;
    private final BackupFormat.Header header;
    private long frames;

    /**
     * Reads the header.
     *
     * @param bare buffered by the caller
     * @throws BackupException if it is no backup, or of a version that is not known
     */
    BackupReader(InputStream bare) throws IOException {
        this.digested = new DigestInputStream(bare, digest);
        this.in = new DataInputStream(digested);
        try {
            line();
            if (in.readByte() != BackupFormat.HEADER) {
                throw new BackupException("it has no header", null);
            }
            this.header =
                    BackupFormat.Header.of(
                            Json.parse(content()) instanceof JsonObject json
                                    ? json
                                    : JsonObject.EMPTY);
        } catch (EOFException | JsonException e) {
            throw new BackupException("its header is damaged", e);
        }
    }

    private void line() throws IOException {
        byte[] expected = BackupFormat.LINE.getBytes(StandardCharsets.US_ASCII);
        String line = new String(in.readNBytes(expected.length), StandardCharsets.US_ASCII);
        if (!line.startsWith(BackupFormat.ANY_VERSION)) {
            throw new BackupException("it is no backup of a connector", null);
        }
        if (!line.equals(BackupFormat.LINE)) {
            throw new BackupException(
                    "it is of another format (" + line.strip() + "); use the version that made it",
                    null);
        }
    }

    BackupFormat.Header header() {
        return header;
    }

    /**
     * Reads to the end.
     *
     * @return how many objects there are
     * @throws BackupException if something is missing, changed or added
     */
    long read(Taker taker) throws IOException {
        long objects = 0;
        try {
            while (true) {
                int kind = in.readByte();
                switch (kind) {
                    case BackupFormat.FILE -> taker.file(in.readUTF(), content());
                    case BackupFormat.OBJECT -> {
                        taker.object(new StoreCopy.Entry(in.readUTF(), in.readUTF(), content()));
                        objects++;
                    }
                    case BackupFormat.END -> {
                        end();
                        return objects;
                    }
                    default -> throw damaged(null);
                }
            }
        } catch (EOFException | java.io.UTFDataFormatException e) {
            throw damaged(e);
        }
    }

    private void end() throws IOException {
        long counted = in.readLong();
        byte[] actual = digest.digest();
        digested.on(false);
        byte[] stated = in.readNBytes(BackupFormat.DIGEST);
        if (counted != frames || !MessageDigest.isEqual(stated, actual) || in.read() >= 0) {
            throw damaged(null);
        }
    }

    private byte[] content() throws IOException {
        int length = in.readInt();
        if (length < 0 || length > BackupFormat.MOST) {
            throw damaged(null);
        }
        byte[] content = in.readNBytes(length);
        if (content.length < length) {
            throw new EOFException();
        }
        frames++;
        return content;
    }

    private static BackupException damaged(@org.jspecify.annotations.Nullable Exception cause) {
        return new BackupException("it is cut off or damaged: its checksum is not right", cause);
    }
}
