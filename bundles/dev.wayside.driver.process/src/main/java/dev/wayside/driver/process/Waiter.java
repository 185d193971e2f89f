// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.DriverException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The script {@code waiter.sh} on disk, and what is asked of it. The file's name holds its digest:
 * a waiter that runs keeps its file when a newer gateway brings another.
 */
final class Waiter {
    private static final long CALL_SECONDS = 20;

    private final byte[] script;
    private final Path file;

    Waiter(Path folder) {
        this.script = resource();
        this.file = folder.resolve("waiter-" + digest(script).substring(0, 16) + ".sh");
    }

    /**
     * Starts a waiter, which starts the program and outlives us. Returns when the waiter is on its
     * way; nobody has recorded anything yet.
     */
    void run(Path container, Launch launch) throws DriverException, IOException {
        write();
        // The first becomes the leader of a session; so the second has to fork, and the waiter is
        // nobody's child but init's. No shell's '&', which would leave SIGINT ignored.
        ProcessBuilder builder =
                quiet(script(List.of("setsid", "setsid"), "run", container, launch));
        unpackable(builder, launch);
        int code;
        try {
            code = finish(builder, "starting a process");
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("error=7,")) { // E2BIG
                throw new DriverException(
                        DriverException.Kind.REFUSED,
                        "CreateContainerError",
                        "arguments and environment are too long for a process (128 KiB each)",
                        null);
            }
            throw e;
        }
        if (code != 0) {
            throw Failures.unavailable(
                    "RunContainerError", "setsid ended with " + code + "; is util-linux there?");
        }
    }

    /**
     * Prepares a command that runs beside the program: in its control groups, and at the head of a
     * session of its own. Its output and errors come as one.
     *
     * @param before words to put before the command
     */
    ProcessBuilder beside(Path container, Launch launch, List<String> before) throws IOException {
        write();
        List<String> words = new ArrayList<>(List.of("setsid"));
        words.addAll(before);
        ProcessBuilder builder =
                new ProcessBuilder(script(words, "join", container, launch))
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectErrorStream(true);
        unpackable(builder, launch);
        return builder;
    }

    private List<String> script(List<String> before, String mode, Path container, Launch launch) {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of("/bin/sh", file.toString(), mode, container.toString()));
        command.add(launch.user());
        command.add(launch.workingDir().toString());
        launch.command().forEach(argument -> command.add(PrintfText.encode(argument)));
        return command;
    }

    private static void unpackable(ProcessBuilder builder, Launch launch) {
        Map<String, String> environment = builder.environment();
        String path = environment.getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        environment.clear();
        environment.put("PATH", path);
        int count = 0;
        for (Map.Entry<String, String> entry : launch.environment().entrySet()) {
            environment.put(
                    "WAYSIDE_ENV_" + count++,
                    PrintfText.encode(entry.getKey() + "=" + entry.getValue()));
        }
        environment.put("WAYSIDE_ENV", Integer.toString(count));
    }

    /** Kills a process group. */
    static void killGroup(long leader) throws DriverException, IOException {
        finish(
                quiet(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "kill -s KILL -- \"-$1\"",
                                "sh",
                                Long.toString(leader))),
                "killing");
    }

    /** Signals the program's process group, if the program still runs. */
    void signal(Path container, String name) throws DriverException, IOException {
        write();
        finish(call("signal", container, name), "signalling");
    }

    /** Kills the program's process group and whatever else is in its control groups. */
    void kill(Path container) throws DriverException, IOException {
        write();
        finish(call("kill", container), "killing");
    }

    /** The waiters that work on the container, be it that they have recorded nothing yet. */
    List<ProcessHandle> of(Path container) throws IOException {
        return in(container, List.of("run", "exec"));
    }

    /** Those, and what still writes the container's log. */
    List<ProcessHandle> writers(Path container) throws IOException {
        return in(container, List.of("run", "exec", "log"));
    }

    private static List<ProcessHandle> in(Path container, List<String> modes) throws IOException {
        String folder =
                new String(
                        container.toString().getBytes(StandardCharsets.UTF_8),
                        StandardCharsets.ISO_8859_1);
        return ProcessTable.withArguments(
                arguments -> {
                    for (int i = 2; i < arguments.size(); i++) {
                        if (arguments.get(i).equals(folder)
                                && modes.contains(arguments.get(i - 1))
                                && arguments.get(i - 2).matches(".*/waiter-[0-9a-f]{16}\\.sh")) {
                            return true;
                        }
                    }
                    return false;
                });
    }

    private ProcessBuilder call(String mode, Path container, String... rest) {
        List<String> command =
                new ArrayList<>(List.of("/bin/sh", file.toString(), mode, container.toString()));
        command.addAll(List.of(rest));
        return quiet(command);
    }

    private static ProcessBuilder quiet(List<String> command) {
        return new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
    }

    private static int finish(ProcessBuilder builder, String what)
            throws DriverException, IOException {
        Process process = builder.start();
        try {
            if (!process.waitFor(CALL_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw Failures.unavailable("ProcessDriverSlow", what + " took too long");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw Failures.interrupted(what);
        }
    }

    /** Writes the script unless it is there as it should be. */
    private void write() throws IOException {
        if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), script)) {
            DurableFiles.write(file, script);
        }
    }

    private static byte[] resource() {
        try (InputStream in = Waiter.class.getResourceAsStream("waiter.sh")) {
            if (in == null) {
                throw new IllegalStateException("waiter.sh is not in the bundle");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("waiter.sh cannot be read from the bundle", e);
        }
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
