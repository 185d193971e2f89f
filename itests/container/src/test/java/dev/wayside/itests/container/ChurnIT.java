// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/**
 * Bundles go, come and are updated while pods are created and deleted, and nobody waits for
 * anybody. In the end what was asked for runs, and each was started once.
 */
@Sets(Sets.PROCESS)
@ExtendWith(InsideFelix.class)
class ChurnIT {
    private static final long[] SEEDS = {1, 2, System.nanoTime()};
    private static final int STEPS = 40;

    @Test
    void whatIsAskedForRunsOnceHoweverBundlesGoAndComeMeanwhile(BundleContext context)
            throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        try (FakeConnector connector = new FakeConnector(gateway.data())) {
            gateway.joinTo(connector);
            for (long seed : SEEDS) {
                System.out.println("churn: seed " + seed);
                churn(gateway, connector, new Random(seed));
            }
        } finally {
            gateway.processes().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static void churn(RunningGateway gateway, FakeConnector connector, Random random)
            throws Exception {
        List<Bundle> bundles = gateway.own();
        List<NotedPod> wanted = new ArrayList<>();
        List<NotedPod> unwanted = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            Bundle bundle = bundles.get(random.nextInt(bundles.size()));
            switch (random.nextInt(10)) {
                case 0, 1 -> wanted.add(NotedPod.create(connector, gateway.data()));
                case 2 -> {
                    if (!wanted.isEmpty()) {
                        NotedPod pod = wanted.remove(random.nextInt(wanted.size()));
                        connector.deletePod(pod.name());
                        unwanted.add(pod);
                    }
                }
                case 3, 4 -> gateway.update(bundle);
                case 5 -> allRunsOnce(gateway, wanted);
                default -> {
                    if (bundle.getState() == Bundle.ACTIVE) {
                        bundle.stop();
                    } else {
                        bundle.start();
                    }
                }
            }
        }
        allRunsOnce(gateway, wanted);
        for (NotedPod pod : unwanted) {
            Deadline.holds(pod.name() + " is gone", () -> !connector.hasPod(pod.name()));
            assertThat(pod.notes()).as(pod.name()).hasSizeLessThanOrEqualTo(2);
        }
        for (NotedPod pod : wanted) {
            pod.end();
        }
        Deadline.holds("no process is left", () -> gateway.processes().isEmpty());
        assertThat(gateway.errors()).isEmpty();
    }

    private static void allRunsOnce(RunningGateway gateway, List<NotedPod> wanted)
            throws Exception {
        for (Bundle bundle : gateway.own()) {
            bundle.start();
        }
        gateway.awaitUp();
        for (NotedPod pod : wanted) {
            pod.awaitRunning();
            assertThat(pod.notes()).as(pod.name()).hasSize(1);
            assertThat(pod.process().isAlive()).as(pod.name()).isTrue();
            assertThat(pod.restarts()).as(pod.name()).isZero();
        }
    }
}
