// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process under measurement: started, waited for, weighed, ended. */
final class Measured implements AutoCloseable {
    private final Process process;
    private final double readyMillis;

    private Measured(Process process, double readyMillis) {
        this.process = process;
        this.readyMillis = readyMillis;
    }

    /** Starts the program and waits until it has made the file. */
    static Measured start(
            List<String> words, Map<String, String> environment, Path ready, Duration within)
            throws IOException, InterruptedException {
        Files.deleteIfExists(ready);
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Path said = Files.createTempFile("wayside-bench-", ".out");
        builder.redirectOutput(said.toFile());
        long begun = System.nanoTime();
        Process process = builder.start();
        while (!Files.exists(ready)) {
            if (System.nanoTime() - begun > within.toNanos() || !process.isAlive()) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        words + " was not ready within " + within + ":\n" + Files.readString(said));
            }
            Thread.sleep(2); // the resolution of the figure
        }
        double millis = (System.nanoTime() - begun) / 1e6;
        Files.delete(said);
        return new Measured(process, millis);
    }

    double readyMillis() {
        return readyMillis;
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new IllegalStateException("process " + process.pid() + " did not end");
        }
    }

    /** Resident memory in MB: {@code VmRSS} of the process table. */
    static double rss(long pid) throws IOException {
        return kilobytes(Path.of("/proc/" + pid + "/status"), "VmRSS:") / 1024.0;
    }

    /**
     * The process's share of resident memory in MB: pages that several processes map count in part.
     */
    static double pss(long pid) throws IOException {
        return kilobytes(Path.of("/proc/" + pid + "/smaps_rollup"), "Pss:") / 1024.0;
    }

    private static long kilobytes(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.substring(name.length()).replace("kB", "").strip());
            }
        }
        throw new IOException(file + " has no " + name);
    }
}
