// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code gateway leave}: asks the running gateway to leave, or starts one for it, and waits until
 * it has. Ends with 0 once it has left, 64 for wrong arguments, 69 if it takes too long (it goes
 * on), 78 if this device has not joined.
 */
public final class LeaveCommand {
    private static final String USAGE =
            "usage: gateway leave [--timeout SECONDS] [--data DIR]" + System.lineSeparator();
    private static final int WRONG = 64;
    private static final int UNAVAILABLE = 69;
    private static final int NOT_JOINED = 78;
    private static final Duration PAUSE = Duration.ofMillis(200);

    private LeaveCommand() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out, System.err));
    }

    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        Path data = DataFolder.resolve("");
        Duration timeout = Duration.ofMinutes(2);
        try {
            for (int i = 0; i < arguments.size(); i += 2) {
                String option = arguments.get(i);
                String value = i + 1 < arguments.size() ? arguments.get(i + 1) : "";
                if (value.isEmpty()) {
                    throw new IllegalArgumentException("the option needs a value: " + option);
                }
                switch (option) {
                    case "--data" -> data = Path.of(value).toAbsolutePath();
                    case "--timeout" -> timeout = seconds(value);
                    default -> throw new IllegalArgumentException("unknown option: " + option);
                }
            }
        } catch (IllegalArgumentException e) {
            err.println("gateway: " + e.getMessage());
            err.print(USAGE);
            return WRONG;
        }
        try {
            return leave(data, timeout, out, err);
        } catch (IOException e) {
            err.println("gateway: leaving can't be asked for: " + e.getMessage());
            return UNAVAILABLE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return UNAVAILABLE;
        }
    }

    private static Duration seconds(String value) {
        if (!value.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException("--timeout must be a number of seconds: " + value);
        }
        return Duration.ofSeconds(Long.parseLong(value));
    }

    private static int leave(Path data, Duration timeout, PrintStream out, PrintStream err)
            throws IOException, InterruptedException {
        AtomicFiles files = new AtomicFiles();
        IdentityFolder identity = new IdentityFolder(data.resolve("identity"), files);
        Leaving leaving = new Leaving(data, identity, List.of(), files);
        if (!identity.joined() && !leaving.requested()) {
            err.println("gateway: this device has not joined; nothing to leave");
            return NOT_JOINED;
        }
        leaving.request();
        Process started = running(data) || !identity.joined() ? null : start(data);
        if (!identity.joined()) {
            // Cut short after the key was erased: nothing runs that could end it but we.
            leaving.erase();
        }
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            // Asked before its files are: it may leave and end between the two.
            boolean ended = started != null && !started.isAlive();
            if (!identity.joined() && !leaving.requested()) {
                break;
            }
            if (ended || System.nanoTime() - end > 0) {
                err.println(
                        "gateway: not left yet; it goes on while the gateway runs, see its log in "
                                + data.resolve("log"));
                return UNAVAILABLE;
            }
            Thread.sleep(PAUSE.toMillis()); // another process does it; only its files tell
        }
        if (started != null) {
            // Left it has; only its last moments are waited for.
            boolean unused =
                    started.waitFor(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
        out.println(
                "gateway: left; workloads, key and state are gone. Its Node remains: 'kubectl"
                        + " delete node NAME'");
        return 0;
    }

    /** The pid may by now be another's, for instance after a reboot. */
    static boolean running(Path data) throws IOException {
        Path file = data.resolve("run").resolve("gateway.pid");
        if (!Files.exists(file)) {
            return false;
        }
        try {
            return ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                    .filter(ProcessHandle::isAlive)
                    .flatMap(it -> it.info().commandLine())
                    .filter(it -> it.contains("bin/gateway run"))
                    .isPresent();
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** The drivers are bundles: only a runtime can remove what they made. */
    private static @Nullable Process start(Path data) throws IOException {
        String home = System.getProperty("wayside.home", "");
        if (home.isEmpty()) {
            return null; // then it happens at the next start
        }
        return new ProcessBuilder(home + "/bin/gateway", "run", "--data", data.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
