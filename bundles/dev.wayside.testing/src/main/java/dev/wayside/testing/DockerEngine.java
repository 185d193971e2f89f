// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A Docker engine of its own for tests: {@code dockerd} with its own folders and socket, in a
 * network namespace of its own, so that neither its bridges nor its firewall rules meet the host's
 * or another engine's. Needs root, Debian's {@code docker.io}, {@code busybox-static}, {@code
 * iproute2} and {@code util-linux}; without them it fails, loudly, rather than let tests be
 * skipped.
 */
public final class DockerEngine implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration CALL = Duration.ofSeconds(60);

    private final Path folder;
    private Process daemon;

    private DockerEngine(Path folder, Process daemon) {
        this.folder = folder;
        this.daemon = daemon;
    }

    /** Starts an engine and waits until it answers. */
    public static DockerEngine start() throws Exception {
        for (String program : List.of("dockerd", "docker", "busybox", "ip", "unshare", "nsenter")) {
            if (run(List.of("sh", "-c", "command -v \"$1\"", "sh", program)).code() != 0) {
                throw new AssertionError(
                        "tests with a real Docker engine need the program "
                                + program
                                + ": apt-get install docker.io busybox-static iproute2 util-linux");
            }
        }
        Path folder = Files.createTempDirectory("wd"); // a socket's path must be short
        DockerEngine engine = new DockerEngine(folder, daemon(folder));
        try {
            engine.awaitAnswer();
        } catch (AssertionError | Exception e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    /** The engine's socket. */
    public Path socket() {
        return folder.resolve("s");
    }

    /** What the engine logs. */
    public Path log() {
        return folder.resolve("log");
    }

    /** The daemon's process. */
    public long pid() {
        return daemon.pid();
    }

    /** Runs the docker client and gives what it prints, without the last line break. */
    public String docker(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("docker", "-H", "unix://" + socket()));
        command.addAll(List.of(arguments));
        return demand(command);
    }

    /** Runs a program in the engine's network namespace, from which pods can be reached. */
    public String inNetwork(String... command) throws Exception {
        List<String> whole =
                new ArrayList<>(List.of("nsenter", "--net=/proc/" + pid() + "/ns/net", "--"));
        whole.addAll(List.of(command));
        return demand(whole);
    }

    /** Makes an image from the static busybox, with links for its commands in {@code /bin}. */
    public void importBusybox(String name) throws Exception {
        Path root = Files.createDirectories(folder.resolve("rootfs"));
        for (String each : List.of("bin", "etc", "tmp", "proc", "sys", "dev")) {
            Files.createDirectories(root.resolve(each));
        }
        Path busybox = Path.of(demand(List.of("sh", "-c", "command -v busybox")));
        Files.copy(
                busybox,
                root.resolve("bin/busybox"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        for (String applet : demand(List.of("busybox", "--list")).split("\n")) {
            Path link = root.resolve("bin").resolve(applet);
            if (!applet.equals("busybox") && !Files.exists(link)) {
                Files.createSymbolicLink(link, Path.of("busybox"));
            }
        }
        Path tar = folder.resolve("rootfs.tar");
        demand(List.of("tar", "-C", root.toString(), "-cf", tar.toString(), "."));
        docker("import", tar.toString(), name);
        Files.delete(tar);
    }

    /** Makes the engine hang: it accepts connections and answers none. */
    public void freeze() throws Exception {
        demand(List.of("kill", "-STOP", Long.toString(pid())));
    }

    /** Ends the hang. */
    public void thaw() throws Exception {
        demand(List.of("kill", "-CONT", Long.toString(pid())));
    }

    /** Stops the daemon and starts it again, in a new network namespace. Containers end. */
    public void restart() throws Exception {
        stopDaemon();
        daemon = daemon(folder);
        awaitAnswer();
    }

    /** Removes all containers, ends the daemon and deletes all that it had. */
    @Override
    public void close() throws Exception {
        if (daemon.isAlive()) {
            run(
                    List.of(
                            "sh",
                            "-c",
                            "ids=$(docker -H \"unix://$1\" ps -aq) && [ -z \"$ids\" ] || docker"
                                    + " -H \"unix://$1\" rm -fv $ids",
                            "sh",
                            socket().toString()));
        }
        stopDaemon();
        // What it leaves mounted, deepest first.
        List<String> mounts =
                Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                        .map(line -> line.split(" ")[1])
                        .filter(mount -> mount.startsWith(folder + "/"))
                        .sorted(java.util.Comparator.reverseOrder())
                        .toList();
        for (String mount : mounts) {
            run(List.of("umount", "-l", mount));
        }
        demand(List.of("rm", "-rf", "--one-file-system", folder.toString()));
    }

    private static Process daemon(Path folder) throws IOException {
        // unshare and sh become dockerd, so that its pid is the one we know. nsenter and unshare
        // leave /sys as it is; "ip netns exec" would hide the control groups.
        return new ProcessBuilder(
                        "unshare",
                        "--net",
                        "--",
                        "sh",
                        "-c",
                        "ip link set lo up && exec dockerd --data-root \"$1/data\" --exec-root"
                                + " \"$1/exec\" --pidfile \"$1/pid\" --host \"unix://$1/s\"",
                        "sh",
                        folder.toString())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
    }

    private void awaitAnswer() throws Exception {
        Eventually.holds(
                "dockerd answers; its log: " + log(),
                START,
                () -> {
                    if (!daemon.isAlive()) {
                        throw new AssertionError("dockerd ended:\n" + Files.readString(log()));
                    }
                    return Files.exists(socket())
                            && run(List.of("docker", "-H", "unix://" + socket(), "version")).code()
                                    == 0;
                });
    }

    private void stopDaemon() throws Exception {
        if (daemon.isAlive()) {
            thaw();
            daemon.destroy();
            if (!daemon.waitFor(30, TimeUnit.SECONDS)) {
                daemon.destroyForcibly().waitFor();
            }
        }
        // If it had to be killed, its containerd is still there.
        Path pid = folder.resolve("exec/containerd/containerd.pid");
        if (Files.exists(pid)) {
            Optional<ProcessHandle> containerd =
                    ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
            if (containerd.isPresent()
                    && containerd.get().info().command().orElse("").endsWith("containerd")) {
                containerd.get().destroyForcibly();
                containerd.get().onExit().get(10, TimeUnit.SECONDS);
            }
        }
    }

    private record Output(int code, String text) {}

    private static String demand(List<String> command) throws Exception {
        Output output = run(command);
        if (output.code() != 0) {
            throw new AssertionError(
                    command + " ended with " + output.code() + ": " + output.text());
        }
        return output.text().stripTrailing();
    }

    private static Output run(List<String> command) throws Exception {
        Path out = Files.createTempFile("wd-out", "");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(out.toFile())
                            .start();
            if (!process.waitFor(CALL.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " takes longer than " + CALL);
            }
            return new Output(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
        }
    }
}
