// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.SandboxRequest;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** A gateway of its own process, which starts attempts until it is killed. */
final class Starter {
    private Starter() {}

    /** Arguments: the driver's folder, gateway UID, pod UID, the folder in which runs are noted. */
    public static void main(String[] arguments) throws Exception {
        ProcessDriver driver =
                new ProcessDriver(
                        Path.of(arguments[0]), arguments[1], "wayside-test", Clock.systemUTC());
        driver.start();
        driver.ensureSandbox(sandbox(arguments[2]));
        for (int attempt = 0; ; attempt++) {
            driver.startContainer(request(arguments[2], attempt, Path.of(arguments[3])));
        }
    }

    static SandboxRequest sandbox(String podUid) {
        return new SandboxRequest(podUid, "default", "web", "", false, "web", List.of());
    }

    /** An attempt that notes its run, in one write, and runs on. */
    static ContainerRequest request(String podUid, int attempt, Path notes) {
        return new ContainerRequest(
                podUid,
                "default",
                "web",
                "main",
                attempt,
                "wayside.dev/host:1",
                List.of(
                        "sh",
                        "-c",
                        "echo x >>$CONTAINER_SANDBOX_MOUNT_POINT/notes/$ATTEMPT; exec sleep 3600"),
                List.of(),
                Map.of("ATTEMPT", Integer.toString(attempt)),
                "",
                List.of(new ContainerRequest.Mount(notes, "/notes", false)),
                0,
                0,
                0,
                "",
                false,
                false,
                false,
                false,
                "hash-1");
    }
}
