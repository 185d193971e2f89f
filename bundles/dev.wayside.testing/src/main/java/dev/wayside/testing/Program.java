// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of the machine that a test needs, and whose failure fails the test. */
public final class Program {
    private Program() {}

    /**
     * @param folder where it runs
     * @return what it said, output and errors
     */
    public static String run(Path folder, Duration limit, List<String> command) throws IOException {
        Path output = Files.createTempFile(folder, "command", ".out");
        Process process;
        try {
            process =
                    new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
        } catch (IOException e) {
            throw new AssertionError("these tests need " + command.get(0), e);
        }
        boolean ended;
        try {
            ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + command.get(0) + " ran", e);
        } finally {
            process.destroyForcibly();
        }
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError(command + " failed: " + text);
        }
        return text;
    }
}
