// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.testing.FakeContainerDriver;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DriversTest {
    private final FakeContainerDriver.Engine engine =
            new FakeContainerDriver.Engine(Clock.systemUTC());
    private final Drivers drivers = new Drivers();
    private Duration uptime = Duration.ZERO;

    private BoundDriver add(String name) {
        BoundDriver driver =
                new BoundDriver(
                        name, new FakeContainerDriver(engine, name, "gateway-1"), () -> uptime);
        drivers.add(driver);
        return driver;
    }

    private String suiting(String image) {
        KubeObject pod =
                KubeObject.of(ResourceType.PODS, "default", "web")
                        .withSpec(
                                TestGateway.parse(
                                        """
                                        {"containers": [{"image": "%s"}]}\
                                        """
                                                .formatted(image)));
        return drivers.suiting(pod).map(BoundDriver::name).orElse("none");
    }

    @Test
    void theImageChooses() {
        add("process").probe();
        assertThat(suiting("web:1")).isEqualTo("process");
        BoundDriver docker = add("docker");
        // It is there, though not of use yet: its pods wait for it.
        assertThat(suiting("web:1")).isEqualTo("none");
        docker.probe();
        assertThat(suiting("web:1")).isEqualTo("docker");
        assertThat(suiting("wayside.dev/host")).isEqualTo("process");
        assertThat(suiting("wayside.dev/host:1")).isEqualTo("process");
        assertThat(suiting("wayside.dev/hosts")).isEqualTo("docker");
    }

    @Test
    void silenceCountsAsDownWithinHalfAMinute() {
        BoundDriver docker = add("docker");
        assertThat(docker.usable()).isFalse();
        assertThat(docker.probe()).isTrue();
        assertThat(docker.probe()).isFalse();
        uptime = uptime.plusSeconds(20);
        assertThat(drivers.state().up()).isTrue();
        uptime = uptime.plusSeconds(1);
        assertThat(docker.usable()).isFalse();
        assertThat(drivers.state().up()).isFalse();
        assertThat(drivers.state().version()).isEqualTo("docker://1.0");
        assertThat(drivers.state().message()).contains("has not answered");

        assertThat(docker.probe()).isTrue();
        engine.down(true);
        docker.probe();
        assertThat(drivers.state().message()).isEqualTo("docker: the engine does not answer");
    }

    @Test
    void aDriverThatIsReplacedBySideIsUpThroughout() {
        BoundDriver old = add("docker");
        old.probe();
        BoundDriver fresh = add("docker");
        assertThat(drivers.state().up()).isTrue();
        fresh.probe();
        drivers.remove(old);
        assertThat(drivers.named("docker")).contains(fresh);
        assertThat(drivers.state().up()).isTrue();
    }
}
