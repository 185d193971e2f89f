// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.testing.ContainerDriverContract;
import dev.wayside.testing.FakeContainerDriver;
import java.nio.file.Path;
import java.time.Clock;

/** The fake that the other tests stand on keeps what real drivers keep. */
final class FakeContainerDriverTest extends ContainerDriverContract {
    private final FakeContainerDriver.Engine engine =
            new FakeContainerDriver.Engine(Clock.systemUTC());

    @Override
    protected ContainerDriver open(String gatewayUid) {
        engine.image(image());
        return new FakeContainerDriver(engine, "fake", gatewayUid);
    }

    @Override
    protected void close(ContainerDriver driver) {
        // Nothing is held: the containers live in the engine.
    }

    @Override
    protected void awaitReady(Path file) {
        // Nothing runs, so nothing makes it.
    }

    @Override
    protected String image() {
        return "example.test/program:1";
    }
}
