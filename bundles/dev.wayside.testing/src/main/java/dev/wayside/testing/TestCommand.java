// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.ExecResult;
import java.util.List;
import java.util.Optional;

/**
 * What a test runs inside of a container that runs already. A real driver runs the command; a fake
 * looks it up with {@link #of} and plays it.
 */
public enum TestCommand {
    /** Says a word, and ends with 0. */
    SUCCEEDS("echo fine"),
    /** Complains, and ends with 4. */
    FAILS("echo broken >&2; exit 4"),
    /** Says more than anybody keeps, and ends with 0. */
    TALKS("i=0; while [ $i -lt 4000 ]; do echo 0123456789; i=$((i+1)); done"),
    /** Does not end, nor does its child, whatever the signal but one. */
    HANGS("trap '' TERM HUP; sleep 3613 & sleep 3613; sleep 3613"),
    /** Says what {@link #VARIABLE} is in the container's environment. */
    TELLS_ENVIRONMENT("printf '%s\\n' \"$" + TestCommand.VARIABLE + "\""),
    /** Cannot be run: there is no such file. */
    ABSENT("");

    /** A variable that a test gives to the container. */
    public static final String VARIABLE = "WORD";

    private final String script;

    TestCommand(String script) {
        this.script = script;
    }

    /** For {@code ContainerDriver.exec}. */
    public List<String> command() {
        return script.isEmpty() ? List.of("/no/such/program") : List.of("sh", "-c", script);
    }

    /** The one that has this command. */
    public static Optional<TestCommand> of(List<String> command) {
        for (TestCommand each : values()) {
            if (each.command().equals(command)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    ExecResult played(ContainerRequest container) {
        return switch (this) {
            case SUCCEEDS -> new ExecResult(false, 0, "fine\n");
            case FAILS -> new ExecResult(false, 4, "broken\n");
            case TALKS ->
                    new ExecResult(
                            false,
                            0,
                            "0123456789\n".repeat(4000).substring(0, ExecResult.MOST_OUTPUT));
            case HANGS -> new ExecResult(true, 137, "");
            case TELLS_ENVIRONMENT ->
                    new ExecResult(false, 0, container.env().getOrDefault(VARIABLE, "") + "\n");
            case ABSENT -> new ExecResult(false, 127, "no such program");
        };
    }
}
