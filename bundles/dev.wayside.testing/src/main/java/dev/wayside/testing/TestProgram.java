// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.util.List;
import java.util.Optional;

/**
 * What a test's container does. A real driver runs the command (a POSIX shell is all it needs); a
 * fake looks the command up with {@link #of} and behaves alike.
 */
public enum TestProgram {
    /** Runs until it is asked to end, and then ends with 0. */
    RUNS(0, "trap 'exit 0' TERM; sleep 3600 & wait $!"),
    /** Runs until it is killed; SIGTERM does not move it. */
    STUBBORN(137, "trap '' TERM; while :; do sleep 1; done"),
    /** Ends with 0 at once. */
    SUCCEEDS(0, "exit 0"),
    /** Ends with 3 at once. */
    FAILS(3, "exit 3"),
    /** Cannot be started: there is no such file. */
    ABSENT(-1, "");

    private final int exitCode;
    private final String script;

    TestProgram(int exitCode, String script) {
        this.exitCode = exitCode;
        this.script = script;
    }

    /** For {@code ContainerRequest.command}. */
    public List<String> command() {
        return script.isEmpty() ? List.of("/no/such/program") : List.of("sh", "-c", script);
    }

    /** What it ends with; -1 if it never runs. */
    public int exitCode() {
        return exitCode;
    }

    /** The program that has this command. */
    public static Optional<TestProgram> of(List<String> command) {
        for (TestProgram program : values()) {
            if (program.command().equals(command)) {
                return Optional.of(program);
            }
        }
        return Optional.empty();
    }
}
