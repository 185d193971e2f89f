// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.osgi.service.component.runtime.dto.ComponentConfigurationDTO.ACTIVE;
import static org.osgi.service.component.runtime.dto.ComponentConfigurationDTO.UNSATISFIED_REFERENCE;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.DesiredState;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** What a component does when a service that it uses goes, and when it comes back. */
@Sets(Sets.PROCESS)
@ExtendWith(InsideFelix.class)
class ServiceLossIT {
    private static final String AGENT = "dev.wayside.workload.WorkloadAgent";
    private static final String CACHE = "dev.wayside.statecache.StateCache";
    private static final String DRIVER = "dev.wayside.driver.process.ProcessDriver";
    private static final String MEMBERSHIP = "dev.wayside.node.GatewayMembership";
    private static final String REGISTRATION = "dev.wayside.node.NodeRegistration";

    private RunningGateway gateway;

    @BeforeEach
    void allIsUp(BundleContext context) throws Exception {
        gateway = new RunningGateway(context);
        gateway.awaitUp();
    }

    @AfterEach
    void allIsUpAgain(BundleContext context) throws Exception {
        gateway.awaitUp();
        assertThat(gateway.errors()).isEmpty();
    }

    @Test
    void withoutTheStateCacheTheAgentAndTheRegistrationWait(BundleContext context)
            throws Exception {
        Bundle cache = gateway.bundle("dev.wayside.statecache");
        Bundle agent = gateway.bundle("dev.wayside.workload");
        cache.stop();
        assertThat(gateway.stateOf(AGENT)).isEqualTo(UNSATISFIED_REFERENCE);
        assertThat(gateway.stateOf(REGISTRATION)).isEqualTo(UNSATISFIED_REFERENCE);
        assertThat(gateway.has(AgentProgress.class)).isFalse();
        assertThat(agent.getState()).isEqualTo(Bundle.ACTIVE);
        Deadline.nothingIsWrong("the agent's threads have ended", () -> Traces.threads(agent));
        // Neither needs the other.
        assertThat(gateway.stateOf(DRIVER)).isEqualTo(ACTIVE);
        assertThat(gateway.stateOf(MEMBERSHIP)).isEqualTo(ACTIVE);

        cache.start();
        gateway.awaitUp();
        assertThat(gateway.stateOf(AGENT)).isEqualTo(ACTIVE);
        assertThat(gateway.stateOf(REGISTRATION)).isEqualTo(ACTIVE);
        assertThat(Traces.threads(agent)).isNotEmpty();
    }

    @Test
    void withoutTheAgentNobodyElseGoes(BundleContext context) throws Exception {
        Bundle agent = gateway.bundle("dev.wayside.workload");
        agent.stop();
        assertThat(gateway.stateOf(REGISTRATION)).isEqualTo(ACTIVE);
        assertThat(gateway.stateOf(CACHE)).isEqualTo(ACTIVE);
        assertThat(gateway.stateOf(DRIVER)).isEqualTo(ACTIVE);
        agent.start();
    }

    @Test
    void withoutADriverTheAgentStaysAndSaysThatTheRuntimeIsDown(BundleContext context)
            throws Exception {
        Bundle driver = gateway.bundle("dev.wayside.driver.process");
        Deadline.holds("the runtime is up", () -> runtime().up());
        AgentProgress before = gateway.with(AgentProgress.class, agent -> agent);
        driver.stop();
        assertThat(gateway.has(ContainerDriver.class)).isFalse();
        assertThat(gateway.stateOf(AGENT)).isEqualTo(ACTIVE);
        Deadline.holds("the runtime is down", () -> !runtime().up());
        assertThat(runtime().message()).isEqualTo("no container driver is installed");
        driver.start();
        Deadline.holds("the runtime is up again", () -> runtime().up());
        AgentProgress after = gateway.with(AgentProgress.class, agent -> agent);
        assertThat(after).isSameAs(before);
    }

    @Test
    void withoutAnIdentityAllWaitUntilTheGatewayHasJoined(BundleContext context) throws Exception {
        Bundle node = gateway.bundle("dev.wayside.node");
        Path identity = gateway.data().resolve("identity");
        Path away = gateway.data().resolve("identity.away");
        node.stop();
        Files.move(identity, away);
        node.start();
        assertThat(gateway.stateOf(MEMBERSHIP)).isEqualTo(ACTIVE);
        assertThat(gateway.has(GatewayIdentity.class)).isFalse();
        assertThat(gateway.has(DesiredState.class)).isFalse();
        for (String component : new String[] {CACHE, AGENT, DRIVER, REGISTRATION}) {
            assertThat(gateway.stateOf(component)).as(component).isEqualTo(UNSATISFIED_REFERENCE);
        }
        Files.move(away, identity);
        gateway.awaitUp();
        assertThat(gateway.has(GatewayIdentity.class)).isTrue();
    }

    private AgentProgress.RuntimeState runtime() {
        return gateway.with(AgentProgress.class, AgentProgress::runtime);
    }
}
