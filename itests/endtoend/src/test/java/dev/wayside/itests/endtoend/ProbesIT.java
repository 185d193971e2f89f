// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import dev.wayside.testing.DockerEngine;
import org.junit.jupiter.api.Test;

/** Init containers and probes, as a user of kubectl sees them. */
class ProbesIT {
    private static void live(ProbedPod pod) throws Exception {
        pod.initializes();
        pod.losesReadinessWithItsFileAndGetsItBack();
        pod.isRestartedByLiveness();
        pod.staysAsItIsWhenTheGatewayIsKilled();
        pod.isNeverUnreadyForTheGatewaysSake();
        pod.goes();
    }

    @Test
    void aPodOfHostProcessesLivesByItsProbes() throws Exception {
        try (Installation wayside = Installation.withProcesses()) {
            wayside.up(1, 1);
            live(new ProbedPod(wayside, "wayside.dev/host", "$CONTAINER_SANDBOX_MOUNT_POINT/w"));
        }
    }

    @Test
    void aPodOfContainersLivesByItsProbes() throws Exception {
        try (DockerEngine engine = DockerEngine.start()) {
            engine.importBusybox("busybox:1.36");
            try (Installation wayside = Installation.withDocker(engine.socket())) {
                wayside.up(1, 1);
                live(new ProbedPod(wayside, "busybox:1.36", "/w"));
            }
        }
    }
}
