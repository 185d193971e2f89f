// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What the machine is and has. Facts that can't be had are left empty. */
final class Machine {
    /**
     * @param freeMemoryBytes and {@code freeDiskBytes}, {@code tasks}: as of now; the rest hardly
     *     changes
     */
    record Resources(
            int processors,
            long memoryBytes,
            long freeMemoryBytes,
            long diskBytes,
            long freeDiskBytes,
            long tasks,
            long maxTasks) {}

    private static final Map<String, String> ARCHITECTURES =
            Map.of("amd64", "amd64", "x86_64", "amd64", "aarch64", "arm64", "arm", "arm");
    private static final int DEFAULT_PORT = 443;
    private static final int MOST_BYTES = 16 * 1024;

    private final Path root;
    private final Path data;

    /**
     * @param root of the file system, where proc and etc are
     * @param data any path on the disk that counts
     */
    Machine(Path root, Path data) {
        this.root = root;
        this.data = data;
    }

    Resources resources() {
        long disk = 0;
        long freeDisk = 0;
        try {
            FileStore store = Files.getFileStore(data);
            disk = store.getTotalSpace();
            freeDisk = store.getUsableSpace();
        } catch (IOException e) {
            // Zero free is a pressure on the disk, which it is if it does not answer.
        }
        String memory = read("proc/meminfo");
        return new Resources(
                Runtime.getRuntime().availableProcessors(),
                kibibytes(memory, "MemTotal:"),
                kibibytes(memory, "MemAvailable:"),
                disk,
                freeDisk,
                tasks(),
                number(read("proc/sys/kernel/pid_max")));
    }

    String machineId() {
        return read("etc/machine-id");
    }

    String bootId() {
        return read("proc/sys/kernel/random/boot_id");
    }

    String kernel() {
        return read("proc/sys/kernel/osrelease");
    }

    String hostName() {
        return read("proc/sys/kernel/hostname");
    }

    String osImage() {
        return read("etc/os-release")
                .lines()
                .filter(line -> line.startsWith("PRETTY_NAME="))
                .map(line -> line.substring("PRETTY_NAME=".length()).replace("\"", ""))
                .findFirst()
                .orElse("Linux");
    }

    /** As Kubernetes names it. */
    static String architecture() {
        String java = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return ARCHITECTURES.getOrDefault(java, java);
    }

    /**
     * Our address on the way to the connector; empty if there is no way now. Sends nothing; may
     * block for a name look-up.
     */
    static Optional<String> addressTowards(URI connector) {
        int port = connector.getPort() < 0 ? DEFAULT_PORT : connector.getPort();
        try (DatagramSocket socket = new DatagramSocket()) {
            InetSocketAddress target = new InetSocketAddress(connector.getHost(), port);
            if (target.isUnresolved()) {
                return Optional.empty();
            }
            socket.connect(target);
            InetAddress local = socket.getLocalAddress();
            return local.isAnyLocalAddress() ? Optional.empty() : Optional.of(text(local));
        } catch (SocketException | RuntimeException e) {
            return Optional.empty(); // no route now
        }
    }

    /** Without its zone, which has a meaning on this machine alone. */
    static String text(InetAddress address) {
        return address.getHostAddress().replaceFirst("%.*", "");
    }

    private long tasks() {
        // "0.10 0.20 0.30 2/345 6789": the fourth has running and all.
        String[] load = read("proc/loadavg").split(" ");
        return load.length < 4 ? 0 : number(load[3].substring(load[3].indexOf('/') + 1));
    }

    private static long kibibytes(String memory, String name) {
        return memory.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .mapToLong(Machine::number)
                .map(kib -> kib * 1024)
                .findFirst()
                .orElse(0);
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** In one read: to a second one, files such as pid_max say that they have ended. */
    private String read(String path) {
        byte[] bytes = new byte[MOST_BYTES];
        try (InputStream file = Files.newInputStream(root.resolve(path))) {
            int count = file.read(bytes);
            return count <= 0 ? "" : new String(bytes, 0, count, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
