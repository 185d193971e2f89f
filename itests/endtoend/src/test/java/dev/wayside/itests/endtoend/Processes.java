// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds the processes of pods on this machine, as an operator would with {@code ps}. */
final class Processes {
    private Processes() {}

    /** The processes of a pod's containers that live, as the process driver has recorded them. */
    static List<ProcessHandle> ofPod(Path data, String podUid) throws IOException {
        List<ProcessHandle> processes = new ArrayList<>();
        try (Stream<Path> files = Files.walk(data.resolve("gateways"))) {
            for (Path file :
                    files.filter(file -> file.endsWith("started"))
                            .filter(file -> file.toString().contains(podUid))
                            .toList()) {
                String[] bootPidStart = Files.readString(file).strip().split(" ");
                ProcessHandle.of(Long.parseLong(bootPidStart[1])).ifPresent(processes::add);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause(); // a folder went while it was walked; to be asked again
        }
        return processes;
    }
}
