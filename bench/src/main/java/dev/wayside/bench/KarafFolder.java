// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * An unpacked Apache Karaf minimal, as its authors deliver it, with its own JVM flags; only its SSH
 * port is changed. It is ready when that port answers: its SSH shell is the last that comes up.
 */
final class KarafFolder {
    private final Path home;
    private final int port;

    private KarafFolder(Path home, int port) {
        this.home = home;
        this.port = port;
    }

    /** Unpacks it and starts it once, so that later starts find their features resolved. */
    static KarafFolder warm(Machine machine, Duration within)
            throws IOException, InterruptedException {
        Path home = machine.folder("karaf");
        Machine.run(
                Duration.ofMinutes(1),
                Map.of(),
                List.of(
                        "tar",
                        "-xzf",
                        machine.karafArchive().toString(),
                        "--strip-components=1",
                        "-C",
                        home.toString()));
        KarafFolder karaf = new KarafFolder(home, Machine.freePort());
        Path shell = home.resolve("etc/org.apache.karaf.shell.cfg");
        String settings = Files.readString(shell);
        String changed = settings.replaceFirst("(?m)^sshPort *=.*$", "sshPort = " + karaf.port);
        if (changed.equals(settings)) {
            throw new IOException(shell + " names no sshPort");
        }
        Files.writeString(shell, changed.replaceFirst("(?m)^sshHost *=.*$", "sshHost = 127.0.0.1"));
        karaf.start(within).close();
        return karaf;
    }

    Measured start(Duration within) throws IOException, InterruptedException {
        return Measured.start(
                List.of(home.resolve("bin/karaf").toString(), "daemon"),
                Map.of("JAVA_HOME", System.getProperty("java.home")),
                this::answers,
                within);
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false; // nobody listens yet
        }
    }
}
