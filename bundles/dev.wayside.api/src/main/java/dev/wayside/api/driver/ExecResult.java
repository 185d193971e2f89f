// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

/**
 * How a command ended that was run inside of a container.
 *
 * @param timedOut whether it was killed because its time was up
 * @param exitCode 128 + n after signal n; meaningless if {@code timedOut}
 * @param output the first {@link #MOST_OUTPUT} bytes of what it said, output and errors in the
 *     order in which they came; may be secret
 */
public record ExecResult(boolean timedOut, int exitCode, String output) {
    /** What exceeds it is thrown away. */
    public static final int MOST_OUTPUT = 10 * 1024;

    /** Whether it ended with 0 in time. */
    public boolean good() {
        return !timedOut && exitCode == 0;
    }

    @Override
    public String toString() {
        return timedOut ? "timed out" : "exit code " + exitCode;
    }
}
