// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the processes of pods on this machine, as an operator would with {@code ps}. */
final class Processes {
    private Processes() {}

    /** The processes of a pod's containers that live, as the process driver has recorded them. */
    static List<ProcessHandle> ofPod(Path data, String podUid) throws IOException {
        List<Path> started = new ArrayList<>();
        Files.walkFileTree(data.resolve("gateways"), new Started(podUid, started));
        List<ProcessHandle> processes = new ArrayList<>();
        for (Path file : started) {
            String[] bootPidStart = Files.readString(file).strip().split(" ");
            ProcessHandle.of(Long.parseLong(bootPidStart[1])).ifPresent(processes::add);
        }
        return processes;
    }

    /** Finds the records of a pod. Folders of other pods may go meanwhile. */
    private static final class Started extends SimpleFileVisitor<Path> {
        private final String podUid;
        private final List<Path> found;

        Started(String podUid, List<Path> found) {
            this.podUid = podUid;
            this.found = found;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.endsWith("started") && file.toString().contains(podUid)) {
                found.add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            return unlessGone(e);
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
                throws IOException {
            return e == null ? FileVisitResult.CONTINUE : unlessGone(e);
        }

        private static FileVisitResult unlessGone(IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }
    }
}
