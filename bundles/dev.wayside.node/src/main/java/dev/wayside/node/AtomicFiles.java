// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Files that are there whole or not at all, also after a power cut, and only for their owner. */
final class AtomicFiles {
    /** Hears of each change to the disk before it is made; if it throws, it is not made. */
    @FunctionalInterface
    interface Watch {
        void before(String change, Path path) throws IOException;
    }

    private static final String TEMPORARY = ".tmp";

    private final Watch watch;

    AtomicFiles() {
        this((change, path) -> {});
    }

    AtomicFiles(Watch watch) {
        this.watch = watch;
    }

    /** Makes the folder, and those above it, with mode 700, if it is not there. */
    void makeFolder(Path folder) throws IOException {
        Path whole = folder.toAbsolutePath();
        if (Files.isDirectory(whole)) {
            return;
        }
        Path parent = whole.getParent();
        if (parent != null) {
            makeFolder(parent);
        }
        watch.before("make", whole);
        Files.createDirectories(
                whole,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        // What is synced in it is lost with it, if its own name is not.
        syncFolder(whole);
    }

    /** Writes a file of mode 600: temporary, sync, rename, sync of the folder. */
    void write(Path file, String content) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY);
        watch.before("write", temporary);
        Files.deleteIfExists(temporary);
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            watch.before("sync", temporary);
            channel.force(true);
        }
        rename(temporary, file);
    }

    /** Renames a file or a folder, durably. */
    void rename(Path from, Path to) throws IOException {
        watch.before("rename", to);
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        syncFolder(to);
    }

    /** Deletes a file or a folder with all that is in it, durably; links are not followed. */
    void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> walk = Files.walk(path)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : all) {
            watch.before("delete", each);
            Files.delete(each);
        }
        syncFolder(path);
    }

    private void syncFolder(Path of) throws IOException {
        Path folder = of.toAbsolutePath().getParent();
        if (folder != null) {
            watch.before("sync", folder);
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
