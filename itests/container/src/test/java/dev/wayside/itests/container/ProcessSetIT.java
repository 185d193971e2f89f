// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;

/** The set for gateways without a container engine. */
@Sets(Sets.PROCESS)
class ProcessSetIT extends Boot {
    @Test
    void theAgentFindsItsDriver(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        Deadline.holds(
                "the agent says that the runtime is up",
                () -> gateway.with(AgentProgress.class, AgentProgress::runtime).up());
        assertThat(gateway.with(AgentProgress.class, AgentProgress::runtime).version())
                .startsWith("process://");
    }

    @Test
    void theIdentityIsWhatWasWrittenAtJoining(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        GatewayIdentity identity = gateway.with(GatewayIdentity.class, it -> it);
        assertThat(identity.nodeName()).isEqualTo(TestIdentity.NODE);
        assertThat(identity.gatewayUid()).isEqualTo(TestIdentity.UID);
    }
}
