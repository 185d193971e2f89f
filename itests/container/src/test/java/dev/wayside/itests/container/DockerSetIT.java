// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.node.AgentProgress;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.ConfigurationAdmin;

/** The set for gateways with Docker. */
@Sets(Sets.DOCKER)
class DockerSetIT extends Boot {
    private static final String PID = "dev.wayside.driver.docker.DockerDriver";

    @Test
    void withoutAnEngineTheDriverIsThereAndSaysSo(BundleContext context) throws Exception {
        RunningGateway gateway = new RunningGateway(context);
        gateway.awaitUp();
        // Whatever engine this machine has, there is none in our folder.
        String socket = gateway.data().resolve("no-engine.sock").toString();
        configure(context, socket);
        Deadline.holds(
                "the driver has the new configuration",
                () -> socket(context).equals(Optional.of(socket)));
        gateway.awaitUp();

        DriverException refusal = gateway.with(ContainerDriver.class, DockerSetIT::refusal);
        assertThat(refusal.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(refusal).hasMessageContaining("no-engine.sock");
        Deadline.holds(
                "the agent says that the runtime is down",
                () ->
                        gateway.with(AgentProgress.class, AgentProgress::runtime)
                                .message()
                                .contains("no-engine.sock"));
        assertThat(gateway.with(AgentProgress.class, AgentProgress::runtime).up()).isFalse();
    }

    private static DriverException refusal(ContainerDriver driver) {
        try {
            throw new AssertionError("an engine answers: " + driver.version());
        } catch (DriverException e) {
            return e;
        }
    }

    private static Optional<Object> socket(BundleContext context) {
        ServiceReference<ContainerDriver> driver =
                context.getServiceReference(ContainerDriver.class);
        return Optional.ofNullable(driver == null ? null : driver.getProperty("socket"));
    }

    private static void configure(BundleContext context, String socket) throws IOException {
        ServiceReference<ConfigurationAdmin> reference =
                context.getServiceReference(ConfigurationAdmin.class);
        try {
            context.getService(reference)
                    .getConfiguration(PID, "?")
                    .update(FrameworkUtil.asDictionary(Map.of("socket", socket)));
        } finally {
            context.ungetService(reference);
        }
    }
}
