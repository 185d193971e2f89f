// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.state.DesiredState;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/**
 * A workload neither notices nor suffers that the bundles which look after it go, come back and are
 * updated; and afterwards they look after it again.
 */
@Sets(Sets.PROCESS)
@ExtendWith(InsideFelix.class)
class WorkloadsStayIT {
    private RunningGateway gateway;
    private FakeConnector connector;
    private NotedPod pod;
    private List<String> notes;
    private String containerId;

    @BeforeEach
    void aPodRuns(BundleContext context) throws Exception {
        gateway = new RunningGateway(context);
        gateway.awaitUp();
        connector = new FakeConnector(gateway.data());
        gateway.joinTo(connector);
        pod = NotedPod.running(connector, gateway.data());
        notes = pod.notes();
        containerId = pod.containerId();
        assertThat(notes).containsExactly("started " + pod.process().pid());
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        try {
            if (pod != null && connector.hasPod(pod.name())) {
                pod.end();
                assertThat(pod.notes()).endsWith("ended");
            }
            Deadline.holds("no process is left", () -> gateway.processes().isEmpty());
            assertThat(gateway.errors()).isEmpty();
        } finally {
            connector.close();
            gateway.processes().forEach(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void whenTheDriverGoesAndComesBack(BundleContext context) throws Exception {
        restart("dev.wayside.driver.process");
        isUndisturbedAndLookedAfter();
    }

    @Test
    void whenTheAgentGoesAndComesBack(BundleContext context) throws Exception {
        restart("dev.wayside.workload");
        isUndisturbedAndLookedAfter();
    }

    @Test
    void whenTheStateCacheGoesAndComesBack(BundleContext context) throws Exception {
        gateway.bundle("dev.wayside.statecache").stop();
        Deadline.holds("its connection is closed", () -> connector.connections() == 0);
        gateway.bundle("dev.wayside.statecache").start();
        isUndisturbedAndLookedAfter();
    }

    @Test
    void whenTheNodeGoesAndComesBack(BundleContext context) throws Exception {
        restart("dev.wayside.node");
        isUndisturbedAndLookedAfter();
    }

    @Test
    void whenAllGoAndComeBackTheOtherWayRound(BundleContext context) throws Exception {
        List<Bundle> bundles = new ArrayList<>(gateway.own());
        for (Bundle bundle : bundles) {
            bundle.stop();
        }
        assertThat(pod.process().isAlive()).isTrue();
        Collections.reverse(bundles);
        for (Bundle bundle : bundles) {
            bundle.start();
        }
        isUndisturbedAndLookedAfter();
    }

    @Test
    void whenEachBundleIsUpdated(BundleContext context) throws Exception {
        for (Bundle bundle : gateway.own()) {
            long before = bundle.getLastModified();
            gateway.update(bundle);
            assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
            assertThat(bundle.getLastModified()).isGreaterThan(before);
            isUndisturbedAndLookedAfter();
        }
    }

    @Test
    void whenTheConnectorGoesAndBundlesAreRestartedMeanwhile(BundleContext context)
            throws Exception {
        connector.goAway();
        restart("dev.wayside.statecache");
        restart("dev.wayside.workload");
        restart("dev.wayside.driver.process");
        gateway.awaitUp();
        boolean known = gateway.with(DesiredState.class, state -> state.get(key()).isPresent());
        assertThat(known).isTrue();
        // What the cache knows is enough to bring back what dies.
        pod.process().destroyForcibly();
        Deadline.holds("it was started again", () -> pod.notes().size() == 2);
        connector.comeBack();
        Deadline.holds("one restart is reported", () -> pod.restarts() == 1);
    }

    @Test
    void aPodThatIsDeletedWhileTheAgentIsAwayEndsWhenItIsBack(BundleContext context)
            throws Exception {
        Bundle agent = gateway.bundle("dev.wayside.workload");
        ProcessHandle process = pod.process();
        agent.stop();
        connector.deletePod(pod.name());
        Deadline.holds(
                "the state cache knows",
                () ->
                        gateway.with(DesiredState.class, state -> state.get(key()))
                                .flatMap(it -> it.deleted())
                                .isPresent());
        assertThat(process.isAlive()).isTrue();
        agent.start();
        Deadline.holds(
                "process and pod are gone",
                () -> !process.isAlive() && !connector.hasPod(pod.name()));
        assertThat(pod.notes()).containsExactly(notes.get(0), "ended");
    }

    @Test
    void aProcessThatDiesWhileTheDriverIsAwayIsStartedAgain(BundleContext context)
            throws Exception {
        Bundle driver = gateway.bundle("dev.wayside.driver.process");
        driver.stop();
        ProcessHandle process = pod.process();
        process.destroyForcibly();
        Deadline.holds("it is dead", () -> !process.isAlive());
        driver.start();
        Deadline.holds("it was started again", () -> pod.notes().size() == 2);
        Deadline.holds("one restart is reported", () -> pod.restarts() == 1);
        assertThat(pod.process().isAlive()).isTrue();
    }

    private ObjectKey key() {
        return ResourceType.PODS.key("default", pod.name());
    }

    private void restart(String name) throws Exception {
        Bundle bundle = gateway.bundle(name);
        bundle.stop();
        assertThat(pod.process().isAlive()).isTrue();
        bundle.start();
    }

    /**
     * The same process and the same container; and another pod runs and ends, so the whole way is
     * open, from the connector to the driver and back.
     */
    private void isUndisturbedAndLookedAfter() throws Exception {
        gateway.awaitUp();
        NotedPod.running(connector, gateway.data()).end();
        assertThat(pod.notes()).isEqualTo(notes);
        assertThat(pod.process().isAlive()).isTrue();
        assertThat(pod.containerId()).isEqualTo(containerId);
        assertThat(pod.restarts()).isZero();
    }
}
