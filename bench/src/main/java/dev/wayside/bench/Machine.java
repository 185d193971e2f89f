// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Where the benchmarks find what they measure, and where they work. */
final class Machine implements AutoCloseable {
    private final Path root;
    private final Path work;

    Machine(Path root) throws IOException {
        this.root = root;
        this.work = Files.createTempDirectory("wayside-bench-");
    }

    Path gatewayHome() {
        return root.resolve("gateway-distro/target/gateway");
    }

    Path connectorHome() {
        return root.resolve("cloud-connector/target/connector");
    }

    Path script() {
        return root.resolve("wayside");
    }

    Path karafArchive() {
        return root.resolve("bench/target/bench/karaf/apache-karaf-minimal.tar.gz");
    }

    /** A new folder below the working folder. */
    Path folder(String name) throws IOException {
        return Files.createTempDirectory(work, name + "-");
    }

    /** What the figures depend on, in one line. */
    String description() throws IOException {
        return Runtime.getRuntime().availableProcessors()
                + " cores, "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.version")
                + " "
                + System.getProperty("os.arch")
                + ", Java "
                + System.getProperty("java.runtime.version")
                + ", JVM flags "
                + String.join(" ", gatewayFlags());
    }

    /** kubectl: what {@code ./wayside} chose. */
    static String kubectl() {
        String chosen = System.getenv("WAYSIDE_KUBECTL");
        return chosen == null ? "kubectl" : chosen;
    }

    /** etcd: what {@code ./wayside} chose. */
    static String etcd() {
        String chosen = System.getenv("WAYSIDE_ETCD");
        return chosen == null ? "etcd" : chosen;
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The java that runs this. */
    String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The gateway's own JVM flags, so that baselines run under the same. */
    List<String> gatewayFlags() throws IOException {
        List<String> flags = new ArrayList<>();
        for (String line : Files.readAllLines(gatewayHome().resolve("conf/jvm.options"))) {
            String flag = line.replaceAll("#.*", "").strip();
            if (!flag.isEmpty()) {
                flags.add(flag);
            }
        }
        return flags;
    }

    /** A file of the gateway's {@code lib} or {@code bundles} by the beginning of its name. */
    Path jar(String folder, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(gatewayHome().resolve(folder))) {
            return files.filter(
                            file -> file.getFileName().toString().matches(prefix + "-\\d.*\\.jar"))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new IllegalStateException(
                                            "the gateway has no "
                                                    + folder
                                                    + "/"
                                                    + prefix
                                                    + "-*.jar"));
        }
    }

    /** Runs a program to its end and gives its output; fails if the program does. */
    static String run(Duration within, Map<String, String> environment, List<String> words)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("wayside-bench-", ".out");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile());
            builder.redirectInput(Path.of("/dev/null").toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(within.toSeconds(), TimeUnit.SECONDS)
                    || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        String.join(" ", words) + " failed:\n" + Files.readString(output));
            }
            return Files.readString(output);
        } finally {
            Files.delete(output);
        }
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(work)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(
                            file -> {
                                try {
                                    Files.delete(file);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
        }
    }
}
