// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real script, over a java that only ends with the statuses that a test gives it. */
class SupervisorTest {
    private static final Path SCRIPT = Path.of("src/main/distro/bin/gateway").toAbsolutePath();

    @TempDir Path folder;

    private Path data;
    private String output = "";

    @BeforeEach
    void join() throws Exception {
        data = Files.createDirectories(folder.resolve("data"));
        Files.createDirectories(data.resolve("identity"));
        Files.writeString(data.resolve("identity/identity.json"), "{}");
        Path java = Files.createDirectories(folder.resolve("java/bin")).resolve("java");
        Files.writeString(
                java,
                """
                #!/bin/sh
                echo start >>%1$s/starts
                status=$(head -1 %1$s/statuses)
                sed -i 1d %1$s/statuses
                exit "$status"
                """
                        .formatted(folder));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void doesNotStartAgainWhatHasLeft() throws Exception {
        assertThat(run("0")).isZero();

        assertThat(starts()).isOne();
        assertThat(output).contains("not starting it again");
        assertThat(data.resolve("run/gateway.pid")).doesNotExist();
        assertThat(data.resolve("run/jvm.pid")).doesNotExist();
    }

    @Test
    void doesNotStartAgainWhatCannotRun() throws Exception {
        assertThat(run("78")).isEqualTo(78);
        assertThat(starts()).isOne();
    }

    @Test
    void startsAgainWhatFailed() throws Exception {
        assertThat(run("137", "0")).isZero();

        assertThat(starts()).isEqualTo(2);
        assertThat(output).contains("ended with status 137; starting it again in 1 s");
    }

    @Test
    void startsNothingWithoutAnIdentity() throws Exception {
        Files.delete(data.resolve("identity/identity.json"));

        assertThat(run("0")).isEqualTo(78);

        assertThat(starts()).isZero();
        assertThat(output).contains("has not joined");
    }

    private int run(String... statuses) throws Exception {
        Files.writeString(folder.resolve("statuses"), String.join("\n", statuses) + "\n");
        Path log = folder.resolve("log");
        ProcessBuilder builder =
                new ProcessBuilder("sh", SCRIPT.toString(), "run", "--data", data.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", folder.resolve("java").toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        output = Files.readString(log, StandardCharsets.UTF_8);
        return process.exitValue();
    }

    private long starts() throws Exception {
        Path starts = folder.resolve("starts");
        return Files.exists(starts) ? Files.readAllLines(starts).size() : 0;
    }
}
