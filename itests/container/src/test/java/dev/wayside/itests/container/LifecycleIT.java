// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;

/** Each bundle comes up, goes down and comes back, and leaves nothing behind while it is down. */
@ExtendWith(InsideFelix.class)
class LifecycleIT {
    /** A leak of one descriptor a turn shows even if one comes and goes by itself meanwhile. */
    private static final int TURNS = 3;

    /** So that one that fails does not take the others along. */
    @AfterEach
    void allAreStarted(BundleContext context) throws BundleException {
        for (Bundle bundle : new RunningGateway(context).own()) {
            bundle.start();
        }
    }

    @Test
    void theNodeGoesAndComesBack(BundleContext context) throws Exception {
        goesAndComesBack(context, "dev.wayside.node");
    }

    @Test
    void theStateCacheGoesAndComesBack(BundleContext context) throws Exception {
        goesAndComesBack(context, "dev.wayside.statecache");
    }

    @Test
    void theWorkloadAgentGoesAndComesBack(BundleContext context) throws Exception {
        goesAndComesBack(context, "dev.wayside.workload");
    }

    @Test
    void theDockerDriverGoesAndComesBack(BundleContext context) throws Exception {
        goesAndComesBack(context, "dev.wayside.driver.docker");
    }

    @Test
    void theProcessDriverGoesAndComesBack(BundleContext context) throws Exception {
        goesAndComesBack(context, "dev.wayside.driver.process");
    }

    @Test
    void everyBundleOfOursIsTriedHere(BundleContext context) {
        assertThat(new RunningGateway(context).own().stream().map(Bundle::getSymbolicName))
                .containsExactlyInAnyOrder(
                        "dev.wayside.node",
                        "dev.wayside.statecache",
                        "dev.wayside.workload",
                        "dev.wayside.driver.docker",
                        "dev.wayside.driver.process");
    }

    @Test
    void theStateFileIsFreeWhileTheStateCacheIsDown(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        Path file = gateway.data().resolve("state/state.mv");
        Bundle cache = gateway.bundle("dev.wayside.statecache");
        assertThat(Traces.descriptors(gateway.data())).containsKey("state/state.mv");
        cache.stop();
        try (FileChannel channel =
                        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                // Throws if somebody in this process holds it.
                FileLock lock = channel.tryLock()) {
            assertThat(lock).isNotNull();
        }
        assertThat(Traces.descriptors(gateway.data())).doesNotContainKey("state/state.mv");
        cache.start();
        gateway.awaitUp();
    }

    private static void goesAndComesBack(BundleContext context, String name) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        Bundle bundle = gateway.bundle(name);
        Set<String> offered = gateway.services(bundle);
        assertThat(offered).isNotEmpty();
        assertThat(Traces.threads(bundle)).isNotEmpty();
        List<Bundle> others = new ArrayList<>(gateway.own());
        others.remove(bundle);
        Map<String, Integer> open = Map.of();
        for (int turn = 0; turn < TURNS; turn++) {
            bundle.stop();
            assertThat(bundle.getState()).isEqualTo(Bundle.RESOLVED);
            assertThat(gateway.services(bundle)).isEmpty();
            assertThat(others).allMatch(other -> other.getState() == Bundle.ACTIVE);
            Deadline.nothingIsWrong("its threads have ended", () -> Traces.threads(bundle));
            if (turn == 0) {
                open = Traces.descriptors(gateway.data());
            } else {
                Map<String, Integer> before = open;
                Deadline.nothingIsWrong(
                        "no more is open than when it was down before",
                        () -> grown(before, Traces.descriptors(gateway.data())));
            }
            bundle.start();
            gateway.awaitUp();
            Deadline.holds(
                    "all its services are back", () -> gateway.services(bundle).equals(offered));
            assertThat(Traces.threads(bundle)).isNotEmpty();
        }
        assertThat(gateway.errors()).isEmpty();
    }

    private static List<String> grown(Map<String, Integer> before, Map<String, Integer> now) {
        return now.entrySet().stream()
                .filter(it -> it.getValue() > before.getOrDefault(it.getKey(), 0))
                .map(it -> it + ", not " + before.getOrDefault(it.getKey(), 0))
                .toList();
    }
}
