// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Commands run beside a container's program. Each is at the head of a session, so that all of it
 * can be ended; where there are control groups it also ends with its container. Should the gateway
 * die meanwhile, {@code timeout} ends it.
 */
final class HostCommands {
    /** How much later {@code timeout} strikes than we do. */
    private static final Duration SLACK = Duration.ofSeconds(5);

    private static final long LONGEST_LOOK_MILLIS = 50;

    private final Waiter waiter;
    private final Accounts accounts;

    HostCommands(Waiter waiter, Accounts accounts) {
        this.waiter = waiter;
        this.accounts = accounts;
    }

    ExecResult run(ContainerFolder container, List<String> command, Duration timeout)
            throws DriverException, IOException {
        Optional<ProcessTable.Identity> program = container.program();
        if (program.isEmpty()) {
            throw gone(container.path().toString());
        }
        Map<String, String> environment = ProcessTable.environment(program.get().pid());
        if (container.program().isEmpty()) {
            throw gone(container.path().toString()); // and that was another's environment
        }
        Launch launch = Launch.beside(container, command, environment, accounts);
        String latest = Long.toString(timeout.plus(SLACK).toSeconds() + 1);
        List<String> before =
                Accounts.onPath("timeout") ? List.of("timeout", "-s", "KILL", latest) : List.of();
        Process process = waiter.beside(container.path(), launch, before).start();
        try {
            return await(process, timeout);
        } finally {
            end(process);
        }
    }

    static DriverException gone(String container) {
        return new DriverException(
                DriverException.Kind.GONE,
                "ContainerNotRunning",
                "container " + container + " does not run",
                null);
    }

    /** Reads without ever blocking, so that this takes no second thread. */
    private static ExecResult await(Process process, Duration timeout)
            throws DriverException, IOException {
        long begin = System.nanoTime();
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        InputStream output = process.getInputStream();
        byte[] some = new byte[8192];
        long look = 1;
        try {
            while (true) {
                boolean ended = process.waitFor(look, TimeUnit.MILLISECONDS);
                look = Math.min(look * 2, LONGEST_LOOK_MILLIS);
                boolean late = System.nanoTime() - begin >= timeout.toNanos();
                while (output.available() > 0 && !(late && !ended)) {
                    int read = output.read(some, 0, Math.min(some.length, output.available()));
                    kept.write(
                            some,
                            0,
                            Math.max(0, Math.min(read, ExecResult.MOST_OUTPUT - kept.size())));
                    late = System.nanoTime() - begin >= timeout.toNanos();
                    look = 1;
                }
                if (ended || late) {
                    return new ExecResult(
                            !ended,
                            ended ? process.exitValue() : 137,
                            kept.toString(StandardCharsets.UTF_8));
                }
            }
        } catch (InterruptedException e) {
            throw Failures.interrupted("a command");
        }
    }

    /** Ends what is left of it: itself if it has not ended, and its children. */
    private static void end(Process process) throws DriverException, IOException {
        boolean interrupted = Thread.interrupted();
        try {
            List<ProcessHandle> children = process.descendants().toList();
            Waiter.killGroup(process.pid());
            children.forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.getInputStream().close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
