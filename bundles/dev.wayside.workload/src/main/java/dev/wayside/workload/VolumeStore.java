// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.StateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The pods' volumes on disk, under {@code PODS/UID/volumes/NAME}. The PODS folder is closed to
 * other users of the device, so that files inside may have the modes that containers need. What
 * outlives pods is in {@link ClaimedFolders}.
 */
final class VolumeStore {
    private static final Pattern UID = Pattern.compile("[A-Za-z0-9][-A-Za-z0-9_]{0,127}");

    private final Path pods;
    private final ClaimedFolders claimed;

    VolumeStore(Path pods, ClaimedFolders claimed) {
        this.pods = pods;
        this.claimed = claimed;
    }

    /**
     * @throws IllegalArgumentException if a name could lead elsewhere
     */
    static Path folder(Path pods, String uid, String volume) {
        if (!UID.matcher(uid).matches() || !dev.wayside.model.Names.isDnsLabel(volume)) {
            throw new IllegalArgumentException(
                    "no folder can be made for volume \"" + volume + "\" of pod " + uid);
        }
        return pods.resolve(uid).resolve("volumes").resolve(volume);
    }

    /** Whether the volumes hold what they should. */
    boolean current(String uid, Map<String, VolumeWant> wants) throws IOException {
        for (Map.Entry<String, VolumeWant> entry : wants.entrySet()) {
            if (!current(uid, entry.getValue(), folder(pods, uid, entry.getKey()))) {
                return false;
            }
        }
        return true;
    }

    private boolean current(String uid, VolumeWant want, Path folder) throws IOException {
        if (want instanceof VolumeWant.Claimed claim) {
            return claimed.isReady(pods.resolve(uid), claim);
        }
        if (want instanceof VolumeWant.HostPath host) {
            return HostPaths.fits(host);
        }
        if (want instanceof VolumeWant.Files files) {
            return AtomicFolder.holds(folder, files.files());
        }
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
    }

    /** Makes the volumes hold what they should. Doing it again does nothing. */
    void prepare(String uid, Map<String, VolumeWant> wants) throws IOException, StateException {
        ClaimedFolders.makeClosed(pods);
        for (Map.Entry<String, VolumeWant> entry : wants.entrySet()) {
            Path folder = folder(pods, uid, entry.getKey());
            VolumeWant want = entry.getValue();
            if (want instanceof VolumeWant.HostPath host) {
                HostPaths.make(host);
            } else if (want instanceof VolumeWant.Claimed claim) {
                claimed.prepare(pods.resolve(uid), claim);
            } else if (want instanceof VolumeWant.Files files) {
                AtomicFolder.write(folder, files.files());
            } else if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectories(folder);
                // As Kubernetes has it: a container's user, whoever that is, may write here.
                Files.setPosixFilePermissions(folder, ClaimedFolders.OPEN);
            }
        }
    }

    boolean exists(String uid) {
        return UID.matcher(uid).matches()
                && Files.exists(pods.resolve(uid), LinkOption.NOFOLLOW_LINKS);
    }

    /** The UIDs of the pods that have a folder. */
    List<String> uids() throws IOException {
        if (!Files.isDirectory(pods)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(pods)) {
            return folders.map(folder -> folder.getFileName().toString()).toList();
        } catch (UncheckedIOException e) {
            throw new IOException("cannot list " + pods, e);
        }
    }

    /** Removes the pod's folder. Links are removed, never followed. */
    void remove(String uid) throws IOException {
        if (exists(uid)) {
            delete(pods.resolve(uid));
        }
    }

    static void delete(Path root) throws IOException {
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path folder, @org.jspecify.annotations.Nullable IOException failure)
                            throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        Files.deleteIfExists(folder);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
