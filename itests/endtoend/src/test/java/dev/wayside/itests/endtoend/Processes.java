// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the processes of pods on this machine, as an operator would with {@code ps}. */
final class Processes {
    private Processes() {}

    /**
     * The main processes of a pod's containers: children of a waiter whose command line names the
     * pod's folder. The waiter itself and grandchildren are left out.
     */
    static List<ProcessHandle> ofPod(Path data, String podUid) throws IOException {
        return ProcessHandle.allProcesses()
                .filter(process -> isWaiter(process, data, podUid))
                .flatMap(ProcessHandle::children)
                .toList();
    }

    private static boolean isWaiter(ProcessHandle process, Path data, String podUid) {
        try {
            String line = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
            return line.contains(data.toString()) && line.contains(podUid);
        } catch (IOException e) {
            return false; // it has ended since
        }
    }
}
