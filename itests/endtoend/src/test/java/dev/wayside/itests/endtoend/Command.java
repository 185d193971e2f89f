// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.endtoend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;

/** Runs programs and gathers what they say. */
final class Command {
    /**
     * @param output standard output and error, as they came
     */
    record Result(int status, String output) {
        /** The output, if the program succeeded. */
        String ok() {
            return status == 0 ? output : Assertions.fail("status " + status + ":\n" + output);
        }
    }

    private Command() {}

    static Result run(Duration limit, Map<String, String> environment, List<String> words)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("wayside-command-", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectInput(
                                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                            .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                return Assertions.fail(
                        String.join(" ", words)
                                + " took longer than "
                                + limit
                                + ":\n"
                                + Files.readString(output));
            }
            return new Result(
                    process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            Files.delete(output);
        }
    }
}
