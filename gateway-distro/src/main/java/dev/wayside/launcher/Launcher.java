// SPDX-License-Identifier: Apache-2.0
package dev.wayside.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.osgi.framework.BundleException;

/**
 * The gateway's main class: reads the set, starts the framework, says when all is up, and stops it
 * on SIGTERM. {@code bin/gateway} starts and watches it. Settings are system properties: {@code
 * wayside.home} (the distribution) and {@code wayside.data}.
 *
 * <p>Ends with 0 after an orderly stop, 70 if the runtime could not be started, 78 if the set or
 * the folders are unusable.
 */
public final class Launcher {
    private static final int CANNOT_START = 70;
    private static final int UNUSABLE = 78;
    private static final Duration STOP = Duration.ofSeconds(10);

    private Launcher() {}

    public static void main(String[] args) throws InterruptedException {
        Path home = folder("wayside.home");
        Path data = folder("wayside.data");
        setIfAbsent("wayside.log.file", data.resolve("log/gateway.log").toString());
        GatewayRuntime runtime;
        try {
            Path own = data.resolve("set.json");
            GatewaySet set =
                    GatewaySet.read(Files.exists(own) ? own : home.resolve("sets/docker.json"));
            runtime = GatewayRuntime.start(home, data, set);
        } catch (IOException | IllegalArgumentException e) {
            fail(UNUSABLE, e);
            return;
        } catch (BundleException | RuntimeException e) {
            fail(CANNOT_START, e);
            return;
        }
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> stop(runtime), "wayside-launcher-stop"));
        reportHealth(runtime, data);
        runtime.awaitStop();
    }

    /**
     * Writes {@code run/healthy} once all is up: the supervisor waits for it, and then forgets
     * earlier failures.
     */
    private static void reportHealth(GatewayRuntime runtime, Path data)
            throws InterruptedException {
        List<String> troubles = runtime.troubles();
        for (int tries = 0; !troubles.isEmpty() && tries < 600; tries++) {
            Thread.sleep(
                    50); // components come up on their own threads; there is no event for "all"
            troubles = runtime.troubles();
        }
        if (!troubles.isEmpty()) {
            System.err.println("gateway: not healthy: " + String.join("; ", troubles));
            return;
        }
        // From the process table: the management beans would cost more memory than all of the
        // launcher.
        long sinceStart =
                ProcessHandle.current()
                        .info()
                        .startInstant()
                        .map(start -> Duration.between(start, Instant.now()).toMillis())
                        .orElse(-1L);
        try {
            Path run = Files.createDirectories(data.resolve("run"));
            Path temporary = run.resolve("healthy.tmp");
            Files.writeString(temporary, ProcessHandle.current().pid() + " " + sinceStart + "\n");
            Files.move(temporary, run.resolve("healthy"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            System.err.println("gateway: cannot say that it is healthy: " + e.getMessage());
        }
    }

    private static void stop(GatewayRuntime runtime) {
        try {
            if (!runtime.stop(STOP)) {
                System.err.println("gateway: not stopped within " + STOP.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path folder(String property) {
        String value = System.getProperty(property, "");
        if (value.isEmpty()) {
            System.err.println(
                    "gateway: -D" + property + "=FOLDER is missing; start it with bin/gateway");
            System.exit(UNUSABLE);
        }
        Path folder = Path.of(value).toAbsolutePath().normalize();
        System.setProperty(property, folder.toString());
        return folder;
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private static void fail(int status, Exception e) {
        System.err.println("gateway: " + e.getMessage());
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            System.err.println("  because: " + cause.getMessage());
        }
        System.exit(status);
    }
}
