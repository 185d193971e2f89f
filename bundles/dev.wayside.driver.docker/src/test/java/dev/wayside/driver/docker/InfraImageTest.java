// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.DriverException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InfraImageTest {
    @TempDir private Path folder;

    @Test
    void theProgramRunsAndWaits() throws Exception {
        String host = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        Path program = Files.write(folder.resolve("pause"), InfraImage.program(host));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("r-xr-xr-x"));
        Process process = new ProcessBuilder(program.toString()).start();
        try {
            assertThat(process.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void theProgramIsTheSmallestThatLoads() throws Exception {
        assertThat(InfraImage.program("amd64")).hasSize(129);
        assertThat(InfraImage.program("arm64")).hasSize(148);
    }

    /** These bytes have been run under an emulator of that architecture: they wait in ppoll. */
    @Test
    void theArm64CodeIsTheOneThatWasTried() throws Exception {
        byte[] program = InfraImage.program("arm64");
        assertThat(HexFormat.of().formatHex(program, 120, 148))
                .isEqualTo("000080d2010080d2020080d2030080d2280980d2010000d4faffff17");
    }

    @Test
    void anUnknownArchitectureIsRefusedByName() {
        assertThat(
                        org.assertj.core.api.Assertions.catchThrowableOfType(
                                DriverException.class, () -> InfraImage.program("riscv64")))
                .hasMessageContaining("riscv64");
    }
}
