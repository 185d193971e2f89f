// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * A pod of one host process, which notes each of its starts and whether it was asked to end: so a
 * test sees what was done to it, not only what is reported.
 */
final class NotedPod {
    private static final String STARTED = "started ";

    private final FakeConnector connector;
    private final String name;
    private final Path notes;

    private NotedPod(FakeConnector connector, String name, Path notes) {
        this.connector = connector;
        this.name = name;
        this.notes = notes;
    }

    /** Creates the pod at the connector. */
    static NotedPod create(FakeConnector connector, Path data) {
        String uid = UUID.randomUUID().toString();
        String name = "noted-" + uid.substring(0, 8);
        Path notes = data.resolve(name + ".notes");
        // Kubernetes makes one dollar sign of two.
        connector.createPod(
                name,
                uid,
                "echo started $$$$ >> %1$s; trap 'echo ended >> %1$s; exit 0' TERM; while :; do sleep 0.2; done"
                        .formatted(notes));
        return new NotedPod(connector, name, notes);
    }

    /** Creates the pod at the connector, and waits until it runs. */
    static NotedPod running(FakeConnector connector, Path data) throws Exception {
        NotedPod pod = create(connector, data);
        pod.awaitRunning();
        return pod;
    }

    void awaitRunning() throws Exception {
        Deadline.holds(
                name + " is reported to run",
                () -> connector.podStatus(name).text("phase").equals("Running"));
        Deadline.holds(name + " has noted its start", () -> !notes().isEmpty());
    }

    String name() {
        return name;
    }

    /** {@code started PID}, {@code ended}: one line for each that happened. */
    List<String> notes() throws IOException {
        return Files.exists(notes) ? Files.readAllLines(notes) : List.of();
    }

    /** The process that started last. */
    ProcessHandle process() throws IOException {
        String last =
                notes().stream()
                        .filter(line -> line.startsWith(STARTED))
                        .reduce((first, second) -> second)
                        .orElseThrow(() -> new AssertionError(name + " never started"));
        return ProcessHandle.of(Long.parseLong(last.substring(STARTED.length())))
                .orElseThrow(() -> new AssertionError(name + ": no process: " + last));
    }

    String containerId() {
        return connector
                .podStatus(name)
                .array("containerStatuses")
                .objects()
                .get(0)
                .text("containerID");
    }

    long restarts() {
        return connector
                .podStatus(name)
                .array("containerStatuses")
                .objects()
                .get(0)
                .number("restartCount")
                .orElse(-1);
    }

    /** Asks for its end, and waits until process and pod are gone. */
    void end() throws Exception {
        ProcessHandle process = process();
        connector.deletePod(name);
        Deadline.holds(name + " is gone", () -> !connector.hasPod(name) && !process.isAlive());
    }
}
