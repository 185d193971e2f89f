// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.workload.VolumeWant.FileContent;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A folder whose files change all at once, laid out as the kubelet does it: the files are in a
 * folder {@code ..N}; the link {@code ..data} points to it; each visible name is a link through
 * {@code ..data}. Renaming a new link over {@code ..data} is the one moment of change, so that a
 * reader sees either all old files or all new ones, also after a power cut.
 */
final class AtomicFolder {
    private static final String DATA = "..data";
    private static final String NEXT_DATA = "..data_tmp";

    private AtomicFolder() {}

    /** Whether the folder shows exactly these files. */
    static boolean holds(Path folder, Map<String, FileContent> files) throws IOException {
        Path data = folder.resolve(DATA);
        if (!Files.isDirectory(data) || !visible(folder).equals(tops(files))) {
            return false;
        }
        Set<String> found = new LinkedHashSet<>();
        try (Stream<Path> all = Files.walk(data.toRealPath())) {
            for (Path file : (Iterable<Path>) all::iterator) {
                if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                    found.add(data.toRealPath().relativize(file).toString());
                }
            }
        }
        if (!found.equals(files.keySet())) {
            return false;
        }
        for (Map.Entry<String, FileContent> entry : files.entrySet()) {
            Path file = data.resolve(entry.getKey());
            FileContent content = entry.getValue();
            if (Files.size(file) != content.bytes().length
                    || !permissions(content.mode()).equals(Files.getPosixFilePermissions(file))
                    || !Arrays.equals(content.bytes(), Files.readAllBytes(file))) {
                return false;
            }
        }
        return true;
    }

    /** Makes the folder show exactly these files. */
    static void write(Path folder, Map<String, FileContent> files) throws IOException {
        if (holds(folder, files)) {
            return;
        }
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path fresh = freshFolder(folder);
        for (Map.Entry<String, FileContent> entry : files.entrySet()) {
            Path file = fresh.resolve(entry.getKey());
            Files.createDirectories(file.getParent());
            // Closed while it is written, then opened as far as was asked.
            Files.createFile(
                    file,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.write(file, entry.getValue().bytes(), StandardOpenOption.WRITE);
            Files.setPosixFilePermissions(file, permissions(entry.getValue().mode()));
        }
        Path next = folder.resolve(NEXT_DATA);
        Files.deleteIfExists(next);
        Files.createSymbolicLink(next, fresh.getFileName());
        Files.move(next, folder.resolve(DATA), StandardCopyOption.ATOMIC_MOVE);
        show(folder, tops(files));
        removeOld(folder, fresh);
    }

    private static Path freshFolder(Path folder) throws IOException {
        for (int n = 1; ; n++) {
            try {
                Path fresh = Files.createDirectory(folder.resolve(".." + n));
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                return fresh;
            } catch (FileAlreadyExistsException taken) {
                // What a crash left behind goes once the new files are in place.
                if (n > 1_000) {
                    throw taken;
                }
            }
        }
    }

    private static void show(Path folder, Set<String> tops) throws IOException {
        for (String top : tops) {
            Path link = folder.resolve(top);
            if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(link, Path.of(DATA, top));
            }
        }
        for (String name : visible(folder)) {
            if (!tops.contains(name)) {
                VolumeStore.delete(folder.resolve(name));
            }
        }
    }

    private static void removeOld(Path folder, Path fresh) throws IOException {
        for (String name : names(folder)) {
            boolean old =
                    name.startsWith("..")
                            && !name.equals(DATA)
                            && !folder.resolve(name).equals(fresh);
            if (old) {
                VolumeStore.delete(folder.resolve(name));
            }
        }
    }

    private static Set<String> visible(Path folder) throws IOException {
        Set<String> visible = new LinkedHashSet<>();
        names(folder).stream().filter(name -> !name.startsWith("..")).forEach(visible::add);
        return visible;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }

    private static Set<String> tops(Map<String, FileContent> files) {
        Set<String> tops = new LinkedHashSet<>();
        files.keySet().forEach(path -> tops.add(Path.of(path).getName(0).toString()));
        return tops;
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        PosixFilePermission[] lowestFirst = {
            PosixFilePermission.OTHERS_EXECUTE,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.OWNER_EXECUTE,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_READ
        };
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        for (int bit = 0; bit < lowestFirst.length; bit++) {
            if ((mode >> bit & 1) != 0) {
                set.add(lowestFirst[bit]);
            }
        }
        return set;
    }
}
