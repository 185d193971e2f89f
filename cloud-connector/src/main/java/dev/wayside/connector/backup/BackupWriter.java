// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.connector.store.StoreCopy;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;

/** Writes a backup, piece by piece. One thread. */
final class BackupWriter {
    private final MessageDigest digest = BackupFormat.digest();
    private final OutputStream bare;
    private final DataOutputStream out;
    private long frames;

    BackupWriter(OutputStream bare, BackupFormat.Header header) throws IOException {
        this.bare = bare;
        this.out = new DataOutputStream(new DigestOutputStream(bare, digest));
        out.write(BackupFormat.LINE.getBytes(StandardCharsets.US_ASCII));
        out.writeByte(BackupFormat.HEADER);
        content(header.json().toBytes());
    }

    /** A file, encrypted by the caller. */
    void file(String name, byte[] content) throws IOException {
        out.writeByte(BackupFormat.FILE);
        out.writeUTF(name);
        content(content);
    }

    void object(StoreCopy.Entry entry) throws IOException {
        out.writeByte(BackupFormat.OBJECT);
        out.writeUTF(entry.resource());
        out.writeUTF(entry.path());
        content(entry.value());
    }

    /** Without this a backup is not whole. */
    void end() throws IOException {
        out.writeByte(BackupFormat.END);
        out.writeLong(frames);
        out.flush();
        bare.write(digest.digest());
        bare.flush();
    }

    private void content(byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
        frames++;
    }
}
