// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.state.LocalRecords;
import dev.wayside.api.state.StateException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The folders of PersistentVolumes, under {@code VOLUMES/NAME} or where a StorageClass says.
 *
 * <p>A pod that uses one has a mark {@code claims/NAME} in its own folder, set before the volume is
 * mounted and gone with the pod's folder, when nothing of the pod is left. A folder is removed only
 * if no pod has such a mark: first it is renamed, which takes it away at one stroke, then emptied.
 * That a folder was made is remembered, so that one that has vanished, with a disk that is not
 * mounted for instance, is never taken for a new one.
 */
final class ClaimedFolders {
    static final Set<PosixFilePermission> OPEN = PosixFilePermissions.fromString("rwxrwxrwx");
    static final String BUCKET = "dev.wayside.workload.volumes";

    private static final Set<PosixFilePermission> CLOSED =
            PosixFilePermissions.fromString("rwx------");

    private final Path pods;
    private final Path volumes;
    private final LocalRecords records;
    private final Object lock = new Object();

    /**
     * @param pods the folder that holds a folder per pod
     * @param volumes where volumes are whose path is relative
     */
    ClaimedFolders(Path pods, Path volumes, LocalRecords records) {
        this.pods = pods;
        this.volumes = volumes;
        this.records = records;
    }

    /** Makes a folder that is closed to other users of the device, if it is not there. */
    static void makeClosed(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(CLOSED));
        }
    }

    Path path(VolumeWant.Claimed want) {
        return volumes.resolve(want.path());
    }

    private static Path above(Path folder) {
        return Objects.requireNonNull(folder.getParent(), "a volume is no root");
    }

    private static Path mark(Path pod, String volume) {
        return pod.resolve("claims").resolve(volume);
    }

    boolean isReady(Path pod, VolumeWant.Claimed want) {
        return want.made()
                ? Files.isDirectory(path(want), LinkOption.NOFOLLOW_LINKS)
                        && Files.exists(mark(pod, want.volume()))
                : Files.exists(path(want));
    }

    /** Makes what is missing. Doing it again does nothing. */
    void prepare(Path pod, VolumeWant.Claimed want) throws IOException, StateException {
        Path folder = path(want);
        if (!want.made()) {
            if (!Files.exists(folder)) {
                throw new IOException("path \"" + want.path() + "\" does not exist");
            }
            return;
        }
        synchronized (lock) {
            Path mark = mark(pod, want.volume());
            if (!Files.exists(mark)) {
                Files.createDirectories(above(mark));
                Files.createFile(mark);
            }
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                make(folder, want);
            }
        }
        if (records.get(BUCKET, want.uid()).isEmpty()) {
            records.put(BUCKET, want.uid(), JsonObject.of("volume", want.volume()));
        }
    }

    private void make(Path folder, VolumeWant.Claimed want) throws IOException {
        if (records.get(BUCKET, want.uid()).isPresent()) {
            throw new IOException(
                    "the folder "
                            + folder
                            + " of persistentvolume \""
                            + want.volume()
                            + "\" is gone; is its disk mounted?");
        }
        if (folder.startsWith(volumes)) {
            makeClosed(volumes);
        } else if (!Files.isDirectory(above(folder))) {
            throw new IOException("folder \"" + above(folder) + "\" does not exist");
        }
        Files.createDirectory(folder);
        // As with emptyDir: a container's user, whoever that is, may write here.
        Files.setPosixFilePermissions(folder, OPEN);
        sync(above(folder));
    }

    /**
     * Removes a folder that the gateway made, for good. Doing it again does nothing.
     *
     * @return false if a pod still has it
     */
    boolean remove(VolumeWant.Claimed want) throws IOException, StateException {
        Path folder = path(want);
        Path going = folder.resolveSibling(".going-" + want.volume());
        // Left over from a removal that was cut off.
        deleteIfThere(going);
        synchronized (lock) {
            for (Path pod : podFolders()) {
                if (Files.exists(mark(pod, want.volume()), LinkOption.NOFOLLOW_LINKS)) {
                    return false;
                }
            }
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(folder, going, StandardCopyOption.ATOMIC_MOVE);
            } else if (records.get(BUCKET, want.uid()).isPresent()
                    && !Files.isDirectory(above(folder))) {
                throw new IOException(
                        "folder \"" + above(folder) + "\" is not there; is its disk mounted?");
            }
        }
        deleteIfThere(going);
        if (Files.isDirectory(above(folder))) {
            sync(above(folder));
        }
        records.remove(BUCKET, want.uid());
        return true;
    }

    private static void deleteIfThere(Path folder) throws IOException {
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            VolumeStore.delete(folder);
        }
    }

    private List<Path> podFolders() throws IOException {
        if (!Files.isDirectory(pods)) {
            return List.of();
        }
        try (var folders = Files.list(pods)) {
            return folders.toList();
        }
    }

    /** So that what was made or removed is so after a power cut too. */
    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
