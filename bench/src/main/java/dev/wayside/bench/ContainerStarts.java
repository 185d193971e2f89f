// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * When containers started, by the engine's own event stream: the same for {@code docker run} and
 * for the gateway.
 */
final class ContainerStarts implements AutoCloseable {
    private final Process events;

    /** Nanoseconds since 1970, by pod and container name, or by the container's own name. */
    @GuardedBy("this")
    private final Map<String, Long> starts = new HashMap<>();

    ContainerStarts(Path socket) throws IOException {
        this.events =
                new ProcessBuilder(
                                "docker",
                                "-H",
                                "unix://" + socket,
                                "events",
                                "--filter",
                                "type=container",
                                "--filter",
                                "event=start",
                                "--format",
                                "{{.TimeNano}} {{.Actor.Attributes.name}} {{index .Actor.Attributes"
                                        + " \"io.kubernetes.pod.name\"}}/{{index .Actor.Attributes"
                                        + " \"io.kubernetes.container.name\"}}")
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        Thread reader = new Thread(this::read, "wayside-bench-starts");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(events.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                synchronized (this) {
                    for (int i = 1; i < words.length; i++) {
                        starts.put(words[i], Long.parseLong(words[0]));
                    }
                    notifyAll();
                }
            }
        } catch (IOException e) {
            // Closed; who waits sees that nothing comes.
        }
    }

    /** When it started, in nanoseconds since 1970; waits for it. */
    synchronized long await(String name, Duration within) throws InterruptedException {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            Long start = starts.get(name);
            if (start != null) {
                return start;
            }
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new IllegalStateException(name + " did not start within " + within);
            }
            wait(left);
        }
    }

    @Override
    public void close() {
        events.destroy();
    }
}
