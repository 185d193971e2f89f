// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.connector.pki.JoinTokens;
import dev.wayside.connector.store.DataFolder;
import dev.wayside.connector.store.EncryptionKeys;
import dev.wayside.connector.store.StoreCopy;
import dev.wayside.model.ResourceType;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One backup file: the store as it was at one revision, and the keys by which gateways and programs
 * know this connector. These keys, and Secrets, are encrypted with the store's encryption key,
 * which is not in the file.
 */
public final class Backup {
    /** What cannot be made again; the server's own certificate can. */
    private static final List<String> KEYS = List.of("ca.key", "ca.crt", "service-account.key");

    /** Keys that sign no more, of tokens that may still be good. */
    private static final Pattern RETIRED = Pattern.compile("service-account-until-\\d{1,12}\\.key");

    private static final Instant FIRST = Instant.parse("2025-01-01T00:00:00Z");

    // No connector writes so often: 16 million times a second, from the first second to the last.
    private static final int REVISIONS_PER_SECOND_BITS = 24;

    private static final int BUFFER = 1 << 16;
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /**
     * What is in a backup.
     *
     * @param objects how many
     */
    public record Summary(String cluster, long revision, Instant time, long objects) {
        @Override
        public String toString() {
            return objects
                    + " objects at revision "
                    + revision
                    + " of "
                    + time
                    + ", cluster "
                    + cluster;
        }
    }

    private final Path file;

    public Backup(Path file) {
        this.file = file.toAbsolutePath();
    }

    /**
     * Writes the file. It is there when it is whole and synced, and not before; on failure nothing
     * is left.
     *
     * @param store what {@link StoreDownload} sends
     * @param pki the folder of the connector's keys
     * @param force whether one that is there may be replaced
     * @throws IOException if it is there, or cannot be written; the message says why
     */
    public Summary write(InputStream store, Path pki, EncryptionKeys keys, boolean force)
            throws IOException {
        if (!force && Files.exists(file)) {
            throw new IOException(file + " is there already; choose another name, or add --force");
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.deleteIfExists(part);
        try {
            Summary summary;
            try (FileChannel channel =
                    FileChannel.open(
                            part,
                            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")))) {
                OutputStream out =
                        new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
                summary = write(store, pki, keys, out);
                out.flush();
                channel.force(true);
            }
            Files.move(
                    part,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            Path folder = file.getParent();
            if (folder != null) {
                try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
                    names.force(true);
                }
            }
            return summary;
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw new IOException("no backup was made: " + e.getMessage(), e);
        }
    }

    private Summary write(InputStream store, Path pki, EncryptionKeys keys, OutputStream out)
            throws IOException {
        BackupReader reader = new BackupReader(new BufferedInputStream(store, BUFFER));
        BackupFormat.Header header = reader.header();
        // A file of keys that do not open it would make a backup that is good for nothing.
        keys.require(header.encryptedWith());
        BackupWriter writer = new BackupWriter(out, header);
        for (String name : keyFiles(pki)) {
            writer.file(name, keys.seal(name, Files.readAllBytes(pki.resolve(name))));
        }
        long objects =
                reader.read(
                        new BackupReader.Taker() {
                            @Override
                            public void object(StoreCopy.Entry entry) throws IOException {
                                writer.object(entry);
                            }
                        });
        writer.end();
        return summary(header, objects);
    }

    /**
     * Reads all of it and changes nothing.
     *
     * @throws IOException if it is not whole, or not for these keys
     */
    public Summary check(EncryptionKeys keys) throws IOException {
        return read(
                keys,
                new BackupReader.Taker() {
                    @Override
                    public void file(String name, byte[] content) throws IOException {
                        opened(keys, name, content);
                    }

                    @Override
                    public void object(StoreCopy.Entry entry) throws IOException {
                        entry.object(keys);
                    }
                });
    }

    /**
     * Puts it in the place of what a data folder has, which is put aside there. All of the file is
     * checked before anything is touched.
     *
     * @throws IOException if the folder is in use, or the file is not whole or not for these keys
     */
    public Summary restore(Path data, EncryptionKeys keys, Clock clock) throws IOException {
        return restore(data, keys, clock, step -> {});
    }

    Summary restore(Path data, EncryptionKeys keys, Clock clock, Restoration.Steps steps)
            throws IOException {
        Summary summary = check(keys);
        long begin = begin(summary, clock.instant());
        try (DataFolder held = DataFolder.lock(data)) {
            Restoration restoration = new Restoration(data, steps);
            restoration.settle();
            steps.done("begun");
            Path pki = restoration.begin("pki");
            Files.setPosixFilePermissions(pki, PosixFilePermissions.fromString("rwx------"));
            StoreCopy.restore(
                    restoration.begin("store"),
                    keys,
                    begin,
                    taker ->
                            read(
                                    keys,
                                    new BackupReader.Taker() {
                                        @Override
                                        public void file(String name, byte[] content)
                                                throws IOException {
                                            place(pki, name, opened(keys, name, content));
                                        }

                                        @Override
                                        public void object(StoreCopy.Entry entry)
                                                throws IOException {
                                            if (!isOpenInvitation(entry, keys)) {
                                                taker.accept(entry);
                                            }
                                        }
                                    }));
            restoration.commit("before-restore-" + STAMP.format(clock.instant()));
            held.sync();
            return summary;
        }
    }

    /** A join token that was used since the backup must not work a second time: none does. */
    private static boolean isOpenInvitation(StoreCopy.Entry entry, EncryptionKeys keys)
            throws IOException {
        return entry.resource().equals(ResourceType.SECRETS.qualified())
                && JoinTokens.isUnused(entry.object(keys));
    }

    /**
     * Higher than any revision that the lost store can have given out, and than that of any
     * restored one before this.
     */
    private static long begin(Summary summary, Instant now) throws IOException {
        if (now.isBefore(summary.time()) || now.isBefore(FIRST)) {
            throw new IOException(
                    "this machine's clock says "
                            + now
                            + ", and the backup was made at "
                            + summary.time()
                            + "; set the clock, by which gateways tell new from old");
        }
        long seconds = now.getEpochSecond() - FIRST.getEpochSecond();
        return Math.max(summary.revision() + 1, seconds << REVISIONS_PER_SECOND_BITS);
    }

    private Summary read(EncryptionKeys keys, BackupReader.Taker taker) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            BackupReader reader = new BackupReader(in);
            keys.require(reader.header().encryptedWith());
            return summary(reader.header(), reader.read(taker));
        } catch (UncheckedIOException e) {
            throw new IOException("cannot restore " + file + ": " + e.getMessage(), e);
        } catch (java.nio.file.NoSuchFileException e) {
            throw new IOException("there is no file " + file, e);
        } catch (IOException e) {
            throw new IOException(file + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static Summary summary(BackupFormat.Header header, long objects) {
        return new Summary(header.cluster(), header.revision(), header.time(), objects);
    }

    private static List<String> keyFiles(Path pki) throws IOException {
        List<String> names = new ArrayList<>(KEYS);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(pki)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (RETIRED.matcher(name).matches()) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    private static byte[] opened(EncryptionKeys keys, String name, byte[] content)
            throws BackupException {
        if (!KEYS.contains(name) && !RETIRED.matcher(name).matches()) {
            throw new BackupException("it has an unknown file in it", null);
        }
        try {
            return keys.open(name, content);
        } catch (IllegalStateException e) {
            throw new BackupException(String.valueOf(e.getMessage()), e);
        }
    }

    private static void place(Path pki, String name, byte[] content) throws IOException {
        Path placed = pki.resolve(name);
        Files.createFile(
                placed,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(placed, content);
    }
}
