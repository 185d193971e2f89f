// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.testing.ContainerDriverContract;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.io.TempDir;

/** The process driver does what every driver does. */
final class ProcessDriverTest extends ContainerDriverContract {
    @TempDir private static Path folder;

    @Override
    protected ContainerDriver open(String gatewayUid) throws Exception {
        ProcessDriver driver =
                new ProcessDriver(folder, gatewayUid, "wayside-test", Clock.systemUTC());
        driver.start();
        return driver;
    }

    @Override
    protected void close(ContainerDriver driver) {
        ((ProcessDriver) driver).stop();
    }

    @Override
    protected String image() {
        return "wayside.dev/host:1";
    }
}
