// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.slf4j.LoggerFactory;

/** SLF4J finds our provider inside Felix, without a service loader mediator. */
@ExtendWith(InsideFelix.class)
class LoggingIT {
    @Test
    void aLineThatIsLoggedCanBeReadBack(BundleContext context) throws IOException {
        assertThat(FrameworkUtil.getBundle(LoggingIT.class)).isNotNull();
        LoggerFactory.getLogger("dev.wayside.itests").info("read me back {}", 42);
        assertThat(Files.readString(Path.of(System.getProperty("wayside.log.file"))))
                .contains("itests: read me back 42\n");
    }
}
