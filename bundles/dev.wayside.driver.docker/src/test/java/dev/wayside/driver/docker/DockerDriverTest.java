// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.testing.ContainerDriverContract;
import dev.wayside.testing.DockerEngine;
import java.time.Clock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The Docker driver does what every driver does, on a real engine. */
final class DockerDriverTest extends ContainerDriverContract {
    private static final String IMAGE = "wayside.test/busybox:1";

    private static DockerEngine engine;

    @BeforeAll
    static void startEngine() throws Exception {
        engine = DockerEngine.start();
        engine.importBusybox(IMAGE);
    }

    @AfterAll
    static void stopEngine() throws Exception {
        if (engine != null) {
            engine.close();
        }
    }

    @Override
    protected ContainerDriver open(String gatewayUid) {
        DockerDriver driver = new DockerDriver(engine.socket(), gatewayUid, Clock.systemUTC());
        driver.start();
        return driver;
    }

    @Override
    protected void close(ContainerDriver driver) {
        ((DockerDriver) driver).stop();
    }

    @Override
    protected String image() {
        return IMAGE;
    }
}
