// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** {@code hostPath} volumes: what must be there, and what is made if it is not. */
final class HostPaths {
    /** The bits of {@code st_mode} that tell a file's kind, and two of its values. */
    private static final int KIND = 0170000;

    private static final int SOCKET = 0140000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int BLOCK_DEVICE = 0060000;

    private HostPaths() {}

    static boolean fits(VolumeWant.HostPath want) throws IOException {
        Path path = Path.of(want.path());
        return switch (want.type()) {
            case "Directory", "DirectoryOrCreate" -> Files.isDirectory(path);
            case "File", "FileOrCreate" -> Files.isRegularFile(path);
            case "Socket" -> isOfKind(path, SOCKET);
            case "CharDevice" -> isOfKind(path, CHARACTER_DEVICE);
            case "BlockDevice" -> isOfKind(path, BLOCK_DEVICE);
            default -> Files.exists(path);
        };
    }

    private static boolean isOfKind(Path path, int kind) throws IOException {
        return Files.exists(path) && ((int) Files.getAttribute(path, "unix:mode") & KIND) == kind;
    }

    /**
     * @throws IOException if it is not there and not ours to make; the message says so
     */
    static void make(VolumeWant.HostPath want) throws IOException {
        if (fits(want)) {
            return;
        }
        Path path = Path.of(want.path());
        switch (want.type()) {
            case "", "DirectoryOrCreate" ->
                    Files.createDirectories(
                            path,
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rwxr-xr-x")));
            case "FileOrCreate" ->
                    Files.createFile(
                            path,
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-r--r--")));
            default ->
                    throw new IOException(
                            "hostPath type check failed: "
                                    + want.path()
                                    + " is not a "
                                    + want.type());
        }
    }
}
